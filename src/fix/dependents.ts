import { parsePlPgSQLSync, parseSync } from 'libpg-query'
import type { Location } from '../errors.js'
import type { Catalog, Column, Routine, Table } from '../evidence/catalog/model.js'
import type { Workload } from '../evidence/workload/model.js'
import { touchedColumns } from '../evidence/workload/touched-columns.js'
import { quoteRelation } from './quote.js'

/** Something that touches columns which a fix changes. */
export interface Dependent {
  readonly kind:
    'view' | 'materialized view' | 'function' | 'procedure' | 'trigger' | 'policy' | 'generated column' | 'query'
  /** Address, `schema.function(arguments)`, or a query's name or beginning. */
  readonly name: string
  /** Where a query stands. */
  readonly location: Location | null
  /** Addresses of the columns that it touches; empty when it only names them in SQL that it puts together itself. */
  readonly columns: readonly string[]
}

/** What finds dependents is found out once for a whole catalog. */
export interface DependentFinder {
  /** What touches any of the columns with these addresses. */
  find(addresses: readonly string[]): readonly Dependent[]
}

type Touching = Omit<Dependent, 'columns'> & {
  readonly touched: ReadonlySet<Column>
  /** Text in which a column may be named that no parser sees. */
  readonly hidden: string | null
}

/** Finds views by the server's own record, everything else by its parse tree: function bodies, triggers, policies, generated columns, queries. */
export function createDependentFinder(catalog: Catalog, workload: Workload | null): DependentFinder {
  let all: readonly Touching[] | null = null
  return {
    find(addresses) {
      if (addresses.length === 0) return []
      all ??= [...listTouching(catalog, workload)]
      const columns = catalog.columns().filter(({ address }) => addresses.includes(address))
      return all.flatMap(({ touched, hidden, ...dependent }) => {
        const found = columns.filter((column) => touched.has(column))
        const named =
          hidden !== null && columns.some(({ name, table }) => hasWord(hidden, name) && hasWord(hidden, table.name))
        if (found.length === 0 && !named) return []
        return [{ ...dependent, columns: found.map(({ address }) => address) }]
      })
    },
  }
}

function* listTouching(catalog: Catalog, workload: Workload | null): Generator<Touching> {
  const plain = { location: null, hidden: null }
  for (const view of catalog.views)
    yield { ...plain, kind: view.variety, name: view.address, touched: new Set(columnsBelow(view)) }
  for (const table of catalog.tables) {
    for (const { address, generated } of table.columns)
      if (generated)
        yield {
          ...plain,
          kind: 'generated column',
          name: address,
          touched: touchedBy(generated.expression, table, catalog),
        }
    for (const { address, using, withCheck } of table.policies) {
      const condition = [using, withCheck].filter((part) => part !== null).map((part) => `(${part})`)
      yield {
        ...plain,
        kind: 'policy',
        name: address,
        touched: touchedBy(condition.join(' and ') || 'true', table, catalog),
      }
    }
  }
  const usedBy = new Map<Routine, Table[]>()
  for (const { triggers, partitionOf } of catalog.tables)
    for (const { function: routine, table } of triggers)
      if (routine && !partitionOf) usedBy.set(routine, [...(usedBy.get(routine) ?? []), table])
  for (const routine of catalog.functions) {
    const kind = routine.variety === 'procedure' ? 'procedure' : 'function'
    const touched = touchedByRoutine(routine, usedBy.get(routine) ?? [], catalog)
    const name = `${routine.schema.name}.${routine.name}(${routine.arguments})`
    yield { location: null, kind, name, touched: touched ?? new Set(), hidden: hiddenIn(routine, touched === null) }
    for (const table of new Set(usedBy.get(routine)))
      for (const trigger of table.triggers.filter((one) => one.function === routine)) {
        const own = touchedByTrigger(trigger.definition, table, catalog)
        const ofTable = [...(touched ?? [])].filter((column) => column.table === table)
        yield { ...plain, kind: 'trigger', name: trigger.address, touched: new Set([...own, ...ofTable]) }
      }
  }
  for (const { sql, tree, location, name } of workload?.queries ?? [])
    yield {
      kind: 'query',
      name: name ?? beginningOf(sql),
      location,
      touched: touchedColumns(tree, catalog),
      hidden: null,
    }
}

function columnsBelow(view: Catalog['views'][number], seen = new Set<unknown>()): readonly Column[] {
  if (seen.has(view)) return []
  seen.add(view)
  const below = view.dependsOn.flatMap((read) => (read.kind === 'view' ? columnsBelow(read, seen) : []))
  return [...view.dependsOnColumns, ...below]
}

/** The columns that an expression over one table's row touches. */
function touchedBy(expression: string, table: Table, catalog: Catalog): ReadonlySet<Column> {
  const tree = parse(`select from ${quoteRelation(table)} where (${expression}) is null`)
  return tree ? touchedColumns(tree, catalog) : new Set()
}

function touchedByTrigger(definition: string, table: Table, catalog: Catalog): ReadonlySet<Column> {
  const tree = parse(definition) as {
    CreateTrigStmt?: { columns?: { String?: { sval?: string } }[]; whenClause?: unknown }
  } | null
  const columns =
    tree?.CreateTrigStmt?.columns?.flatMap(({ String: text }) => table.column(text?.sval ?? '') ?? []) ?? []
  return new Set([...columns, ...touchedColumns(tree?.CreateTrigStmt?.whenClause ?? null, catalog, rowsOf(table))])
}

function rowsOf(table: Table): ReadonlyMap<string, Table> {
  return new Map([
    ['new', table],
    ['old', table],
  ])
}

/** Null for a language that is not read. */
function touchedByRoutine(
  { language, definition, source }: Routine,
  tables: readonly Table[],
  catalog: Catalog,
): ReadonlySet<Column> | null {
  const rows = tables.length === 0 ? [new Map<string, Table>()] : tables.map(rowsOf)
  const touchedIn = (trees: readonly unknown[]) =>
    new Set(trees.flatMap((tree) => rows.flatMap((row) => [...touchedColumns(tree, catalog, row)])))
  if (language === 'sql') {
    // A body of SQL's own kind stands in the definition as statements, another as a text.
    const body = source === null || source === '' ? [parse(definition ?? '')] : parseAll(source)
    return touchedIn(body)
  }
  if (language !== 'plpgsql' || definition === null) return null
  try {
    return touchedIn([...expressionsIn(parsePlPgSQLSync(definition))])
  } catch {
    return null
  }
}

/** Trees of every statement and expression of a PL/pgSQL function. */
function* expressionsIn(tree: unknown): Generator<unknown> {
  if (Array.isArray(tree)) for (const item of tree) yield* expressionsIn(item)
  else if (typeof tree === 'object' && tree !== null) {
    const expression = (tree as { PLpgSQL_expr?: { query?: string } }).PLpgSQL_expr
    if (typeof expression?.query === 'string') {
      const [, target = '', value = ''] = /^\s*([^:]+?)\s*:?=\s*([\s\S]+)$/.exec(expression.query) ?? []
      const whole = parse(expression.query) ?? parse(`select ${expression.query}`)
      yield whole ?? parse(`select ${target}, ${value}`)
    } else for (const value of Object.values(tree)) yield* expressionsIn(value)
  }
}

function parse(sql: string): unknown {
  return parseAll(sql)[0] ?? null
}

function parseAll(sql: string): readonly unknown[] {
  try {
    return parseSync(sql).stmts?.map(({ stmt }) => stmt as unknown) ?? []
  } catch (error) {
    if ((error as Error).name !== 'SqlError') throw error
    return []
  }
}

/** The text of a function that puts SQL together, or of a language that is not read. */
function hiddenIn({ source, language }: Routine, unread: boolean): string | null {
  if (source === null) return null
  return unread || (language === 'plpgsql' && /\bexecute\b/i.test(source)) ? source : null
}

function hasWord(text: string, word: string): boolean {
  return new RegExp(`(?<![\\w"])"?${word.replaceAll(/[^\w]/g, '\\$&')}"?(?![\\w"])`).test(text)
}

function beginningOf(sql: string): string {
  const line = sql.replaceAll(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}
