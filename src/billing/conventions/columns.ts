import type { Catalog, Column, Table } from '../../evidence/catalog/model.js'
import { quoteIdentifier } from '../../quote.js'
import { isNeverNegative } from '../conditions.js'
import { holdsMoney } from '../money.js'
import { mentions, wordsOf } from '../names.js'
import { tenancyOf } from '../tenant.js'
import { columnName, namedColumn, type NamedColumn, referenceName } from './names.js'

/** A column of a table that is not there yet. */
export interface PlannedColumn {
  readonly name: string
  /** As SQL. */
  readonly type: string
  readonly notNull?: boolean
  /** Default expression in SQL. */
  readonly default?: string
  readonly identity?: 'always' | 'by default'
  /** Condition in SQL. */
  readonly check?: string
}

/** Columns by which a new table's rows belong to rows of another. */
export interface PlannedReference {
  readonly columns: readonly PlannedColumn[]
  /** The key that they hold, in the same order. */
  readonly references: readonly Column[]
}

const EXACT = new Set(['int4', 'int8', 'numeric'])
const ANY_MONEY = 'numeric(19, 4)'
const INTEGERS = new Set(['int2', 'int4', 'int8'])

/** A column that its database makes the value of by itself; null where whoever inserts the row has to know it. */
export function ownKeyLike(table: Table): PlannedColumn | null {
  const [key, ...more] = table.primaryKey?.columns ?? []
  if (!key || more.length > 0) return null
  const { name, type, identity } = key
  const column = { name: isOwnName(key) ? columnName(['id'], table) : name, type: type.sql, notNull: true }
  if (identity) return { ...column, identity }
  if (key.default?.startsWith('nextval(')) return { ...column, identity: 'by default' }
  return key.default === null ? null : { ...column, default: key.default }
}

/** The key is called after its table, as in `invoice_id` of invoices. */
function isOwnName({ name, table }: Column): boolean {
  return wordsOf(name).some((word) => wordsOf(table.name).includes(word))
}

/**
 * How rows of a new table belong to rows of this one: by its primary key, and by the tenant too where both tables have one, so
 * that no row can point to another tenant's.
 */
export function referenceTo(
  table: Table,
  catalog: Catalog,
  { tenant, notNull = true }: { readonly tenant?: Column | undefined; readonly notNull?: boolean } = {},
): PlannedReference {
  const keys = table.primaryKey?.columns ?? []
  const own = tenancyOf(catalog)?.columnOf(table)
  const carried = tenant && own && !keys.includes(own) ? [own] : []
  return {
    columns: [
      ...keys.map((key) => ({ name: referenceName(table, key), type: key.type.sql, notNull })),
      ...carried.map(() => tenantColumn(tenant!)),
    ],
    references: [...keys, ...carried],
  }
}

/** The tenant's column in a new table, as in one that is there. */
export function tenantColumn({ name, type }: Column): PlannedColumn {
  return { name, type: type.sql, notNull: true }
}

/** An amount as tables about the same money have it: exact, of their type, with their word for units of money. */
export function amountColumn(
  column: NamedColumn & ('amount' | 'unit price'),
  like: readonly Table[],
  catalog: Catalog,
): PlannedColumn {
  const [neighbour] = like
  if (!neighbour) throw new Error('No table to be like.')
  const amounts = amountsIn(like).length > 0 ? amountsIn(like) : amountsIn(catalog.tables)
  const finer = column === 'unit price' ? amounts.filter(({ name }) => mentions(wordsOf(name), 'unit', 'price')) : []
  const [type] = most((finer.length > 0 ? finer : amounts).map((amount) => amount.type.sql))
  const [unit] = most(amounts.map(({ name }) => unitOf(name)))
  const name = namedColumn(column, neighbour, catalog)
  const isMinor = amounts.length > 0 && unit !== ''
  return {
    name: isMinor ? columnName([...wordsIn(name), unit!], neighbour) : name,
    type: type ?? ANY_MONEY,
    notNull: true,
  }
}

/** The currency beside an amount, with the check that the database has of it; null where none of these tables has one. */
export function currencyColumn(like: readonly Table[]): PlannedColumn | null {
  const found = like
    .flatMap(({ columns }) => columns)
    .find(
      ({ name, type, generated }) =>
        mentions(wordsOf(name), 'currency') &&
        !mentions(wordsOf(name), 'rate', 'amount') &&
        /^(?:text|varchar|bpchar|citext|name)$/.test(type.name) !== (type.category === 'enum') &&
        generated === null,
    )
  if (!found) return null
  const { name, type } = found
  const isBare = type.category !== 'enum' && type.domain === null && type.length === null
  return {
    name,
    type: type.sql,
    notNull: true,
    ...(isBare ? { check: `${quoteIdentifier(name)} ~ '^[A-Z]{3}$'` } : {}),
  }
}

/** When the row was written, as this table has it; null where it has no such column. */
export function creationTimeLike(table: Table): PlannedColumn | null {
  const found = table.columns.find(
    ({ type, notNull, default: value }) =>
      type.name === 'timestamptz' && notNull && /^(?:now\(\)|CURRENT_TIMESTAMP|clock_timestamp\(\))$/.test(value ?? ''),
  )
  return found ? { name: found.name, type: found.type.sql, notNull: true, default: 'now()' } : null
}

/** How much of something: of the type that columns like it have, never negative. */
export function quantityColumn(like: readonly Table[], catalog: Catalog, fallback = 'numeric(18, 4)'): PlannedColumn {
  const [neighbour] = like
  if (!neighbour) throw new Error('No table to be like.')
  const name = namedColumn('quantity', neighbour, catalog)
  const [type] = most(
    like
      .flatMap(({ columns }) => columns)
      .filter((column) => mentions(wordsOf(column.name), 'quantity') && EXACT.has(column.type.name))
      .map((column) => column.type.sql),
  )
  return { name, type: type ?? fallback, notNull: true, check: `${quoteIdentifier(name)} > 0` }
}

/** Columns that hold exact amounts. */
function amountsIn(tables: readonly Table[]): readonly Column[] {
  return tables
    .flatMap(({ columns }) => columns)
    .filter(
      (column) => EXACT.has(column.type.name) && holdsMoney(column) === 'yes' && isNeverNegative(column) !== 'unknown',
    )
    .filter(({ type, name }) => !INTEGERS.has(type.name) || unitOf(name) !== '' || type.name === 'int8')
}

/** The word of a name that says that it counts the smallest unit of money: `cents`. */
function unitOf(name: string): string {
  return (
    wordsIn(name).find((word) => /^(?:cents?|centimes?|centavos?|centimos?|pfennig|pence|minor|micros?)$/.test(word)) ??
    ''
  )
}

function wordsIn(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split('_')
    .filter(Boolean)
}

/** Values by how often they occur, the most frequent first. */
function most(values: readonly string[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].toSorted((a, b) => b[1] - a[1]).map(([value]) => value)
}
