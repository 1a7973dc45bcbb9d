import type { Column, Index, Table } from '../evidence/catalog/model.js'
import { columnsIn, parseExpression } from '../evidence/catalog/expression.js'
import type { Catalog } from '../evidence/catalog/model.js'
import { at, list, type Node } from '../evidence/tree.js'
import { bindQuery } from '../evidence/workload/bind.js'
import type { Workload } from '../evidence/workload/model.js'
import type { Candidate } from './candidate.js'

/** What the workload changes in one table. */
export interface Writes {
  readonly table: Table
  /** Rows put in by all calls. */
  readonly inserted: number
  /** Rows changed by all calls, by the columns that are set. */
  readonly updated: readonly { readonly columns: ReadonlySet<Column>; readonly rows: number }[]
}

/** What INSERT, UPDATE and MERGE of the workload change, by table. */
export function writesOf(workload: Workload, catalog: Catalog): ReadonlyMap<Table, Writes> {
  const writes = new Map<Table, { inserted: number; updated: { columns: ReadonlySet<Column>; rows: number }[] }>()
  const once = new Map(workload.queries.map((query) => [query.fingerprint, query]))
  for (const { tree, measured } of once.values()) {
    for (const { command, target, node } of bindQuery(tree, catalog).blocks) {
      if (!target?.table || (command !== 'insert' && command !== 'update' && command !== 'merge')) continue
      const known = writes.get(target.table) ?? { inserted: 0, updated: [] }
      const calls = measured?.calls ?? 1
      const rows = measured?.rows ?? calls * rowsIn(node)
      if (command !== 'update') known.inserted += rows
      else known.updated.push({ columns: columnsSet(node, target.table), rows })
      const conflict = at(node, 'onConflictClause') as Node | undefined
      if (conflict?.['action'] === 'ONCONFLICT_UPDATE')
        known.updated.push({ columns: columnsSet(conflict, target.table), rows })
      writes.set(target.table, known)
    }
  }
  return new Map([...writes].map(([table, written]) => [table, { table, ...written }]))
}

function rowsIn(node: Node): number {
  return Math.max(1, list(at(node, 'selectStmt', 'SelectStmt', 'valuesLists')).length)
}

function columnsSet(node: Node, table: Table): ReadonlySet<Column> {
  return new Set(list(node['targetList']).flatMap((item) => table.column(String(at(item, 'ResTarget', 'name'))) ?? []))
}

/** Cost of one new entry in the planner's units: about one page that is read and written; a GIN index takes one for each part of the value. */
const PER_ENTRY: Readonly<Record<string, number>> = { btree: 1, hash: 1, gist: 2, gin: 6, brin: 0.02 }

/** What keeping an index costs the writes of its table, in the planner's units for all calls. `share` of the rows stand in it. */
export function writeCost(
  method: string,
  columns: ReadonlySet<Column>,
  share: number,
  writes: Writes | undefined,
): number {
  if (!writes) return 0
  const perEntry = PER_ENTRY[method] ?? 1
  const touched = writes.updated.filter((update) => [...update.columns].some((column) => columns.has(column)))
  // A row whose indexed column changes gets a new entry in every other index as well.
  const others = writes.table.indexes.length
  const updated = touched.reduce((sum, { rows }) => sum + rows, 0)
  return writes.inserted * share * perEntry + updated * (perEntry + others * 0.5)
}

/** Every column that a candidate's entries depend on. */
export function columnsOfCandidate({ table, specification }: Candidate): ReadonlySet<Column> {
  const { keys, include = [], where } = specification
  const texts = [...keys.flatMap(({ expression }) => expression ?? []), ...(where === undefined ? [] : [where])]
  const named = texts.flatMap((text) => columnsIn(parseExpression(`(${text}) is null`)))
  return new Set([
    ...keys.flatMap(({ column }) => column ?? []),
    ...include,
    ...named.flatMap((name) => table.column(name) ?? []),
  ])
}

/** The same of an index that is there. */
export function columnsOfIndex({ table, keys, included, predicate }: Index): ReadonlySet<Column> {
  const texts = [
    ...keys.flatMap(({ column, expression }) => (column ? [] : expression)),
    ...(predicate === null ? [] : [predicate]),
  ]
  const named = texts.flatMap((text) => columnsIn(parseExpression(`(${text}) is null`)))
  return new Set([
    ...keys.flatMap(({ column }) => column ?? []),
    ...included,
    ...named.flatMap((name) => (table.kind === 'table' ? (table.column(name) ?? []) : [])),
  ])
}
