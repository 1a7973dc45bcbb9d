import { splitSql } from '../../src/source/files/split.js'

/** What a migration tool sends of a file: statements one by one over one connection, in a transaction or not. */
export interface Sent {
  readonly statements: readonly string[]
  readonly transactional: boolean
}

type State = 'start' | 'in' | 'open' | 'closed'

/**
 * As goose reads a file, line by line and by the states of its `internal/sqlparser/parser.go` (v3): every line with `+goose` behind `--`
 * must be an annotation, a statement ends with a line whose last word before ` --` ends with a semicolon, and nowhere between
 * `StatementBegin` and `StatementEnd`.
 */
export function readAsGoose(text: string, direction: 'Up' | 'Down'): Sent {
  let section: 'none' | 'Up' | 'Down' = 'none'
  let state: State = 'start'
  let transactional = true
  let kept = ''
  const statements: string[] = []
  const unfinished = () => {
    if (kept.trim() !== '') throw new Error(`goose: unexpected unfinished SQL query: ${kept}`)
  }
  for (const line of text.replace(/\n$/, '').split('\n')) {
    if (state === 'start' && line.trim() === '') continue
    if (line.trim().startsWith('--') && line.includes('+goose')) {
      const annotation = annotationOf(line)
      if (annotation === 'no transaction') transactional = false
      else if (annotation === 'up') {
        if (state !== 'start') throw new Error('goose: duplicate Up')
        ;[section, state] = ['Up', 'in']
      } else if (annotation === 'down') {
        if (section !== 'Up' || state === 'open') throw new Error('goose: must start with Up')
        unfinished()
        ;[section, state] = ['Down', 'in']
      } else if (annotation === 'statementbegin') {
        if (state !== 'in' && state !== 'closed') throw new Error('goose: StatementBegin must be behind Up or Down')
        state = 'open'
      } else {
        if (state !== 'open') throw new Error('goose: StatementEnd must be behind StatementBegin')
        state = 'closed'
      }
      if (annotation !== 'statementend') continue
    }
    if (kept === '' && (line.trim().startsWith('--') || line === '')) continue
    if (state === 'start') throw new Error(`goose: unexpected line ${line}`)
    if (state !== 'closed') kept += `${line}\n`
    if (section !== direction) kept = ''
    else if (state === 'closed' || (state === 'in' && endsWithSemicolon(line))) {
      statements.push(kept.trim())
      kept = ''
      state = 'in'
    }
  }
  if (section === 'none') throw new Error('goose: must start with Up')
  if (state === 'open') throw new Error('goose: missing StatementEnd')
  unfinished()
  return { statements, transactional }
}

const ANNOTATIONS = ['up', 'down', 'statementbegin', 'statementend', 'no transaction']

function annotationOf(line: string): string {
  const annotation = line.replaceAll('--', '').replace('+goose', '').trim().toLowerCase()
  if (/^[ \t]/.test(line) || !ANNOTATIONS.includes(annotation)) throw new Error(`goose: invalid annotation ${line}`)
  return annotation
}

function endsWithSemicolon(line: string): boolean {
  const words = line.split(/\s+/).filter(Boolean)
  const comment = words.findIndex((word) => word.startsWith('--'))
  return (words.slice(0, comment < 0 ? words.length : comment).at(-1) ?? '').endsWith(';')
}

/** As golang-migrate takes a file by its name (`source/parse.go`); it sends the text whole, as one query (`x-multi-statement` is off). */
export function nameAsGolangMigrate(name: string): { readonly version: bigint; readonly direction: string } {
  const [, version, , direction] = /^([0-9]+)_(.*)\.(down|up)\.(.*)$/.exec(name) ?? []
  if (version === undefined || direction === undefined) throw new Error(`golang-migrate passes over ${name}`)
  return { version: BigInt(version), direction }
}

/** What Flyway knows to run outside transactions alone on PostgreSQL (`PostgreSQLParser`). */
const ALONE =
  /^(?:create|drop) (?:unique )?index concurrently|^reindex\b|^vacuum\b|^(?:create|drop) (?:database|tablespace)|^alter system|^alter type .* add value/i

/**
 * As Flyway reads a versioned migration and the `.conf` beside it: statements end with semicolons outside of quotes, dollar quotes and
 * comments; `${…}` is a placeholder unless `placeholderReplacement=false`, and one that is not set fails; statements of both kinds are
 * refused where `executeInTransaction` does not say what is meant (`mixed` is off).
 */
export function readAsFlyway(name: string, text: string, settings: string | null): Sent {
  if (!/^[VU][0-9]+(?:[._][0-9]+)*__[^/]+\.sql$/.test(name)) throw new Error(`Flyway passes over ${name}`)
  const set = new Map(
    (settings ?? '')
      .split('\n')
      .flatMap(
        (line) =>
          [/^(\w+)=(\w+)$/.exec(line)?.slice(1) ?? []].filter(({ length }) => length === 2) as [string, string][],
      ),
  )
  const placeholder = /\$\{[^}]*\}/.exec(text)
  if (placeholder && set.get('placeholderReplacement') !== 'false')
    throw new Error(`Flyway: No value provided for placeholder: ${placeholder[0]}`)
  const statements = splitSql(text).flatMap(({ kind, from, to }) =>
    kind === 'statement' ? [text.slice(from, to)] : [],
  )
  const alone = statements.filter((one) => ALONE.test(one.replaceAll(/^(?:\s*--.*\n)+/g, '').trim()))
  const told = set.get('executeInTransaction')
  if (told === undefined && alone.length > 0 && alone.length < statements.length)
    throw new Error('Flyway: Detected both transactional and non-transactional statements within the same migration')
  return { statements, transactional: told === undefined ? alone.length === 0 : told === 'true' }
}

/**
 * As Liquibase reads formatted SQL (https://docs.liquibase.com, «formatted SQL changelogs»): change sets begin with `--changeset
 * author:id` and attributes, `--rollback` lines take them back, each side is split at its end delimiter, and `${:x}` is `${x}`.
 */
export function readAsLiquibase(text: string): readonly { readonly up: Sent; readonly down: Sent }[] {
  const [first = '', ...lines] = text.split('\n')
  if (!/^--\s*liquibase formatted sql/i.test(first)) throw new Error('Liquibase: it is no formatted SQL')
  const sets: { readonly attributes: string; readonly up: string[]; readonly down: string[] }[] = []
  for (const line of lines) {
    const [, head] = /^--\s*changeset\s+(.*)$/i.exec(line) ?? []
    const [, undone] = /^\s*--\s*rollback(?:\s(.*))?$/i.exec(line) ?? []
    const current = sets.at(-1)
    if (head !== undefined) {
      const [, attributes] = /^(?:"[^"]+"|[^:]+):(?:"[^"]+"|\S+)(.*)$/.exec(head) ?? []
      if (attributes === undefined) throw new Error(`Liquibase: unexpected formatting in ${line}`)
      sets.push({ attributes, up: [], down: [] })
    } else if (/^\s*--\s*rollback\b/i.test(line)) current?.down.push(undone ?? '')
    else if (current) current.up.push(line)
    else if (line.trim() !== '') throw new Error(`Liquibase: ${line} stands before any change set`)
  }
  return sets.map(({ attributes, up, down }) => {
    const attribute = (name: string, usual: string) =>
      [...attributes.matchAll(/\s(\w+):(\S*)/g)].find(([, key]) => key === name)?.[2] ?? usual
    const transactional = attribute('runInTransaction', 'true') === 'true'
    // Without it comments are taken out of the text, and with them what looks like one in a name.
    if (attribute('stripComments', 'true') !== 'false' && /--|\/\*/.test(up.join('\n')))
      throw new Error('Liquibase: comments would be stripped')
    const side = (of: readonly string[], end: string): Sent => ({
      statements: of
        .join('\n')
        .split(end)
        .map((statement) => statement.replaceAll('${:', '${'))
        .filter((statement) => statement.replaceAll(/^\s*--.*$/gm, '').trim() !== ''),
      transactional,
    })
    return { up: side(up, attribute('endDelimiter', ';')), down: side(down, attribute('rollbackEndDelimiter', ';')) }
  })
}
