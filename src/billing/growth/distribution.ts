import type { Catalog, Column, ForeignKey, Index, Table } from '../../evidence/catalog/model.js'
import { groupBy } from '../../evidence/catalog/group.js'
import { tenanciesOf } from '../owners.js'
import type { Tenancy } from '../tenant.js'

/** Where Citus would keep a table: cut up by tenant, whole on every node, or on the coordinator alone. */
export type Placement = 'distributed' | 'reference' | 'local'

export interface PlacedTable {
  readonly table: Table
  readonly placement: Placement
  /** The column that rows are distributed by; null where none is, or where it has to be added first. */
  readonly column: Column | null
  /** The key to the parent that knows the tenant, where the table itself does not. */
  readonly through: ForeignKey | null
}

/** What Citus refuses as the schema stands. */
export interface Obstacle {
  readonly on: Table | Index | ForeignKey
  readonly why: string
  /** What to do about it, in words. */
  readonly cure: string
}

export interface DistributionPlan {
  readonly tenants: Table
  /** Name that the distribution column has in most tables. */
  readonly column: string
  readonly tables: readonly PlacedTable[]
  readonly obstacles: readonly Obstacle[]
  of(table: Table): PlacedTable | undefined
}

/**
 * How the tables of a database of tenants would be spread over the nodes of a Citus cluster; null where nobody owns most rows.
 * Tables that name the tenant, or belong to one that does, are distributed together; what those refer to and belongs to nobody
 * is copied to every node.
 */
export function planDistribution(catalog: Catalog): DistributionPlan | null {
  const [tenancy] = tenanciesOf(catalog).toSorted((a, b) => sizeOf(b, catalog) - sizeOf(a, catalog))
  if (!tenancy) return null
  const tables = catalog.tables.filter(({ partitionOf, variety }) => !partitionOf && variety !== 'foreign')
  const distributed = distribute(tenancy, tables)
  const referenced = copyToAll(tables, distributed)
  const placed = tables.map(
    (table): PlacedTable =>
      distributed.get(table) ?? {
        table,
        placement: referenced.has(table) ? 'reference' : 'local',
        column: null,
        through: null,
      },
  )
  const byTable = new Map(placed.map((one) => [one.table, one]))
  const names = groupBy(
    placed.flatMap(({ table, column }) => (column && table !== tenancy.tenants ? column : [])),
    ({ name }) => name,
  )
  const [column = tenancy.tenants.primaryKey?.columns[0]?.name ?? ''] = [...names]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([name]) => name)
  return {
    tenants: tenancy.tenants,
    column,
    tables: placed,
    obstacles: placed.flatMap((one) => obstaclesOf(one, byTable, column)),
    of: (table) => byTable.get(table.partitionOf ?? table),
  }
}

function sizeOf({ columnOf }: Tenancy, { tables }: Catalog): number {
  return tables.filter((table) => columnOf(table) !== undefined).length
}

function distribute({ tenants, columnOf }: Tenancy, tables: readonly Table[]): Map<Table, PlacedTable> {
  const placed = new Map<Table, PlacedTable>()
  for (const table of tables) {
    const column = table === tenants ? (tenants.primaryKey?.columns[0] ?? null) : (columnOf(table) ?? null)
    if (column) placed.set(table, { table, placement: 'distributed', column, through: null })
  }
  // A row that must belong to a row of a tenant is that tenant's too.
  for (let found = true; found;) {
    found = false
    for (const table of tables) {
      const through = placed.has(table)
        ? undefined
        : table.foreignKeys.find(
            ({ columns, referencedTable }) =>
              referencedTable !== table &&
              referencedTable !== tenants &&
              columns.every(({ notNull }) => notNull) &&
              placed.has(referencedTable),
          )
      if (!through) continue
      // The key takes the tenant along.
      const parent = placed.get(through.referencedTable)?.column
      const own = through.columns[through.referencedColumns.findIndex((column) => column === parent)]
      placed.set(table, {
        table,
        placement: 'distributed',
        column: (parent && own) ?? null,
        through: parent && own ? null : through,
      })
      found = true
    }
  }
  return placed
}

/** Tables that distributed ones refer to, and what those refer to in turn. */
function copyToAll(tables: readonly Table[], distributed: ReadonlyMap<Table, PlacedTable>): ReadonlySet<Table> {
  const copied = new Set<Table>()
  const follow = (table: Table): void => {
    for (const { referencedTable } of table.foreignKeys) {
      const target = referencedTable.partitionOf ?? referencedTable
      if (distributed.has(target) || copied.has(target)) continue
      copied.add(target)
      follow(target)
    }
  }
  for (const table of tables) if (distributed.has(table)) follow(table)
  return copied
}

function obstaclesOf(
  { table, placement, column, through }: PlacedTable,
  placed: ReadonlyMap<Table, PlacedTable>,
  name: string,
): readonly Obstacle[] {
  const keys = table.foreignKeys.filter(({ inherited }) => !inherited)
  if (placement !== 'distributed')
    return keys.flatMap((key): readonly Obstacle[] =>
      placed.get(key.referencedTable)?.placement === 'distributed'
        ? [
            {
              on: key,
              why: `a ${placement} table cannot reference a distributed one`,
              cure: `Drop the foreign key, or give ${table} the column ${name} so that it is distributed too.`,
            },
          ]
        : [],
    )
  const own = column?.name ?? name
  return [
    ...(column
      ? []
      : [
          {
            on: table,
            why: `it has no ${name}`,
            cure: `Add ${name}, fill it from ${through?.referencedTable} by (${through?.columns.map((each) => each.name).join(', ')}), make it NOT NULL, and carry it in that foreign key.`,
          },
        ]),
    ...table.indexes.flatMap((index) => keyObstacle(index, column, own)),
    ...keys.flatMap((key) => referenceObstacle(key, own, placed, name)),
  ]
}

function keyObstacle(index: Index, column: Column | null, name: string): readonly Obstacle[] {
  const { unique, keys, constraint } = index
  if ((!unique && constraint?.type !== 'exclusion') || (column && keys.some((key) => key.column === column))) return []
  const columns = keys.map((key) => key.column?.name ?? key.expression)
  return [
    {
      on: index,
      why: `it is ${unique ? 'unique' : 'exclusive'} across all shards, which no node sees`,
      cure: `Make it (${[name, ...columns].join(', ')}); ${columns.join(', ')} alone is then unique within one ${name} only.`,
    },
  ]
}

function referenceObstacle(
  key: ForeignKey,
  own: string,
  placed: ReadonlyMap<Table, PlacedTable>,
  name: string,
): readonly Obstacle[] {
  const target = placed.get(key.referencedTable)
  if (target?.placement !== 'distributed') return []
  const other = target.column?.name ?? name
  const carried = key.columns.some((column, at) => column.name === own && key.referencedColumns[at]?.name === other)
  if (carried) return []
  const [from, to] = [key.columns, key.referencedColumns].map((columns) => columns.map((each) => each.name).join(', '))
  return [
    {
      on: key,
      why: 'it leads from one distributed table to another without the distribution column',
      cure: `Make it FOREIGN KEY (${own}, ${from}) REFERENCES ${key.referencedTable} (${other}, ${to}).`,
    },
  ]
}
