import type { Catalog, Column, ForeignKey, Table } from '../evidence/catalog/model.js'
import { wordsOf } from './names.js'

/** A table whose rows own the rows of most others, and the column by which each of these says whose it is. */
export interface Tenancy {
  readonly tenants: Table
  /** The NOT NULL column that references the tenant; undefined for tables that belong to none, and for the tenants themselves. */
  columnOf(table: Table): Column | undefined
}

const TENANT =
  /^(?:tenant|organization|organisation|org|workspace|account|company|team|firm|business|merchant|mandant|firma|mieter|unternehmen|entreprise|societe|organizacion|empresa|cuenta|inquilino|organizacao|conta)$/

/** Fewer tables than these are no system of tenants. */
const FEWEST = 4

/** Who the tenants are, by name and because at least half of all tables with foreign keys reference them in a NOT NULL column; null when nobody is. */
export function tenancyOf(catalog: Catalog): Tenancy | null {
  const tables = catalog.tables.filter(({ partitionOf, variety }) => !partitionOf && variety !== 'foreign')
  const linked = tables.filter(({ foreignKeys }) => foreignKeys.length > 0)
  const candidates = tables.flatMap((tenants) => {
    const [key, ...more] = tenants.primaryKey?.columns ?? []
    if (!key || more.length > 0 || !TENANT.test(wordsOf(tenants.name).at(-1) ?? '')) return []
    const columns = new Map<Table, Column>()
    for (const foreignKey of tenants.referencedBy) {
      const { table, columns: own } = foreignKey
      const column = own.length === 1 ? own[0] : undefined
      if (!column?.notNull || table === tenants || table.partitionOf) continue
      const better = !columns.has(table) || wordsOf(tenants.name).every((word) => wordsOf(column.name).includes(word))
      if (better) columns.set(table, column)
    }
    return columns.size >= FEWEST && columns.size >= linked.length / 2 ? [{ tenants, columns }] : []
  })
  const [first] = candidates.toSorted((a, b) => b.columns.size - a.columns.size)
  return first ? { tenants: first.tenants, columnOf: (table) => first.columns.get(table) } : null
}

/** Whether a foreign key between tables of tenants takes the tenant along. */
export function carriesTenant(
  { columnOf }: Tenancy,
  { table, columns, referencedTable, referencedColumns }: ForeignKey,
): boolean {
  const [own, target] = [columnOf(table), columnOf(referencedTable)]
  return columns.some((column, at) => column === own && referencedColumns[at] === target)
}
