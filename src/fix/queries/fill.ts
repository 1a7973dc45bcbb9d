import type { Column, ForeignKey, Table } from '../../evidence/catalog/model.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import type { ScratchSession } from '../../source/session.js'
import { quoteRelation } from '../quote.js'
import { pick, type Random } from './random.js'
import { distinctValueOf, valuesOf } from './values.js'

/** A row: values as text in the order of the table's columns; null for NULL, undefined for what the server makes. */
export type GeneratedRow = ReadonlyMap<Column, string | null>

/** Values to prefer, by column: those that queries compare it with. */
export type Hints = ReadonlyMap<Column, readonly string[]>

export interface Filled {
  readonly rows: ReadonlyMap<Table, readonly GeneratedRow[]>
  /** Why a table has no rows. */
  readonly failures: readonly string[]
}

const ROWS = 9
const TRIES = 8
const MOST_TABLES = 40

/**
 * Fills tables, and those that they reference, with a few rows that share values, hold NULLs where they may, and keep types,
 * enums, CHECK constraints, keys and foreign keys. Must run inside a transaction; whatever the server refuses is tried anew.
 */
export async function fillTables(
  scratch: ScratchSession,
  tables: readonly Table[],
  hints: Hints,
  random: Random,
): Promise<Filled> {
  const rows = new Map<Table, readonly GeneratedRow[]>()
  const failures: string[] = []
  const ordered = inOrder(tables)
  if (ordered.length > MOST_TABLES) return { rows, failures: [`${ordered.length} tables hang together`] }
  for (const table of ordered) {
    const made: GeneratedRow[] = []
    let refusal: string | null = null
    for (let number = 0; number < ROWS * TRIES && made.length < ROWS; number++) {
      const row = makeRow(table, { rows: new Map([...rows, [table, made]]), number, hints, random })
      if (typeof row === 'string') {
        refusal = row
        break
      }
      if (made.some((other) => clash(table, row, other))) continue
      refusal = await insert(scratch, table, row)
      if (refusal === null) made.push(row)
    }
    if (made.length === 0) failures.push(`${table} cannot be filled: ${refusal ?? 'no row fits'}`)
    rows.set(table, made)
  }
  return { rows, failures }
}

/** The tables with all that they reference, referenced ones first. */
function inOrder(tables: readonly Table[]): readonly Table[] {
  const ordered: Table[] = []
  const seen = new Set<Table>()
  const visit = (table: Table) => {
    if (seen.has(table)) return
    seen.add(table)
    for (const { referencedTable } of table.foreignKeys) visit(referencedTable)
    ordered.push(table)
  }
  tables.forEach(visit)
  return ordered
}

interface Context {
  readonly rows: ReadonlyMap<Table, readonly GeneratedRow[]>
  readonly number: number
  readonly hints: Hints
  readonly random: Random
}

/** A row, or why there can be none. */
function makeRow(table: Table, { rows, number, hints, random }: Context): GeneratedRow | string {
  const row = new Map<Column, string | null>()
  for (const key of table.foreignKeys) {
    const problem = follow(key, rows.get(key.referencedTable) ?? [], row, random)
    if (problem) return problem
  }
  const alone = new Set(
    table.indexes.filter(({ unique, keys }) => unique && keys.length === 1).map(({ keys: [key] }) => key?.column),
  )
  for (const column of table.columns) {
    if (column.generated || row.has(column)) continue
    if (!column.notNull && random() < 0.25) row.set(column, null)
    else if (alone.has(column)) row.set(column, distinctValueOf(column.type, number))
    else {
      const preferred = hints.get(column) ?? []
      const pool = preferred.length > 0 && random() < 0.6 ? preferred : [...preferred, ...candidatesOf(column)]
      const value = pick(pool, random)
      if (value === undefined && column.notNull) return `nothing is known of values of ${column.type.sql}`
      row.set(column, value ?? null)
    }
  }
  return row
}

/** Takes the key of a row that is there; what another key has taken already must agree. */
function follow(
  { columns, referencedColumns, referencedTable }: ForeignKey,
  targets: readonly GeneratedRow[],
  row: Map<Column, string | null>,
  random: Random,
): string | null {
  const free = columns.filter((column) => !row.has(column))
  const nullable = free.find((column) => !column.notNull)
  if (nullable && random() < 0.25) {
    row.set(nullable, null)
    return null
  }
  const fitting = targets.filter((target) =>
    columns.every((column, at) => !row.has(column) || row.get(column) === target.get(referencedColumns[at]!)),
  )
  const target = pick(fitting, random)
  if (target) {
    columns.forEach((column, at) => row.set(column, target.get(referencedColumns[at]!) ?? null))
    return null
  }
  if (nullable) row.set(nullable, null)
  return nullable ? null : `${referencedTable} has no row to refer to`
}

/** Values that constraints and partitions speak of go before those of the type. */
function candidatesOf({ table, type, name }: Column): readonly string[] {
  const spoken = table.checks
    .filter(({ columns }) => columns.some((column) => column.name === name))
    .flatMap(({ expression }) => literalsIn(expression))
  const bounds = table.partitionKey?.columns.some((column) => column?.name === name)
    ? table.partitions.flatMap(({ partitionBound }) => literalsIn(partitionBound ?? '').slice(0, 1))
    : []
  const texts = /^(?:text|varchar|bpchar|citext)$/.test(type.name) || type.category === 'enum' ? spoken : []
  if (bounds.length > 0) return bounds
  const others =
    texts.length > 0 && type.category !== 'enum' ? [0, 1].flatMap((number) => distinctValueOf(type, number) ?? []) : []
  return [...new Set([...texts, ...others, ...(type.category === 'enum' && texts.length > 0 ? [] : valuesOf(type))])]
}

function literalsIn(expression: string): readonly string[] {
  return [...expression.matchAll(/'((?:[^']|'')*)'/g)].map(([, text = '']) => text.replaceAll("''", "'"))
}

/** Both would stand for the same key. */
function clash(table: Table, row: GeneratedRow, other: GeneratedRow): boolean {
  return table.indexes.some(
    ({ unique, predicate, keys }) =>
      unique &&
      predicate === null &&
      keys.every(({ column }) => column && row.get(column) !== null && row.get(column) === other.get(column)),
  )
}

async function insert(scratch: ScratchSession, table: Table, row: GeneratedRow): Promise<string | null> {
  const names = [...row.keys()].map(({ name }) => quoteIdentifier(name)).join(', ')
  const values = [...row.values()].map((value) => (value === null ? 'null' : quoteLiteral(value))).join(', ')
  await scratch.execute('savepoint generated')
  const error = await scratch.execute(
    `insert into ${quoteRelation(table)} (${names}) overriding system value values (${values})`,
  )
  await scratch.execute(error ? 'rollback to savepoint generated' : 'release savepoint generated')
  return error?.message ?? null
}
