import { existsSync, readFileSync } from 'node:fs'

/** What an architect says of a schema, as `defects.md` beside it has it. */
export interface AnswerKey {
  /** Table → role, `none` for a table that plays no part in billing; null where the key does not say. */
  readonly roles: ReadonlyMap<string, string> | null
  /** `rule address` of what today's rules must find. */
  readonly defects: readonly string[]
  /** Defects that no rule is about yet, in words. */
  readonly later: readonly string[]
  /** `rule address` of what no rule may say. */
  readonly lookAlikes: readonly string[]
}

/** A whole schema of the fixtures: SQL, the application's queries where there are some, and the answer key. */
export interface LabelledSchema {
  readonly name: string
  readonly schema: string
  /** Empty where nobody sends queries. */
  readonly queries: string
  readonly key: AnswerKey
}

export function readLabelledSchema(folder: string): LabelledSchema {
  const queries = `${folder}/queries.sql`
  return {
    name: folder.split('/').at(-1) ?? '',
    schema: readFileSync(`${folder}/schema.sql`, 'utf8'),
    queries: existsSync(queries) ? readFileSync(queries, 'utf8') : '',
    key: readAnswerKey(`${folder}/defects.md`),
  }
}

function readAnswerKey(file: string): AnswerKey {
  const sections = new Map(
    readFileSync(file, 'utf8')
      .split(/^## /m)
      .map((section) => [section.slice(0, section.indexOf('\n')), rowsOf(section)]),
  )
  const roles = sections.get('Roles')
  const defects = sections.get('Defects') ?? []
  const ruled = (rows: readonly (readonly string[])[], object: number, rule: number) =>
    rows.flatMap((row) => (row[rule]?.startsWith('`') ? `${bare(row[rule])} ${bare(row[object])}` : []))
  return {
    roles: roles ? new Map(roles.map(([table, role = 'none']) => [bare(table), role])) : null,
    defects: ruled(defects, 1, 2),
    later: defects.filter((row) => !row[2]?.startsWith('`')).map(([defect, object]) => `${bare(object)}: ${defect}`),
    lookAlikes: ruled(sections.get('Look-alikes') ?? [], 0, 1),
  }
}

/** The rows of a section's table without its head. */
function rowsOf(section: string): readonly (readonly string[])[] {
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

function bare(cell = ''): string {
  return cell.replaceAll('`', '')
}
