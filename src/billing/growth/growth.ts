import type { Catalog, Column, KeyConstraint, Table } from '../../evidence/catalog/model.js'
import { at, list } from '../../evidence/tree.js'
import type { Statistics } from '../../evidence/statistics/model.js'
import { daysCounted } from '../../evidence/statistics/age.js'
import type { Workload, WorkloadQuery } from '../../evidence/workload/model.js'
import { bindQuery, type BoundQuery } from '../../evidence/workload/bind.js'
import type { Role } from '../roles/role.js'
import { rolesOf } from '../roles/roles.js'
import { tenanciesOf } from '../owners.js'

const GIBIBYTE = 2 ** 30
/** From this size on, VACUUM, index builds and restores of one table take hours. */
const LARGE = 100 * GIBIBYTE
/** A table below this size is left alone however it grows. */
const NOTICEABLE = GIBIBYTE
const YEAR = 365
/** Fewer days of counting say little about a month. */
const FEWEST_DAYS = 7

/** Tables that get a row for whatever happens. */
const GROWING = ['usage event', 'ledger entry', 'audit log', 'outbox'] as const satisfies readonly Role[]

/** How a table of events or entries grows, and how it is read. */
export interface Growth {
  readonly table: Table
  readonly role: Role
  /** Partitions and indexes included. */
  readonly bytes: number
  readonly rows: number
  /** Null where the server has counted for less than a week. */
  readonly rowsPerDay: number | null
  readonly bytesPerDay: number | null
  /** Until it is large; 0 when it is, null when that is not to be expected within ten years or not known. */
  readonly daysUntilLarge: number | null
  /** When what a row tells of happened. */
  readonly time: Column | null
  readonly tenant: Column | null
  readonly queries: QueryUse
}

/** How many of a workload's queries on a table do what. */
export interface QueryUse {
  readonly all: number
  /** Ask for a span of time. */
  readonly byTime: number
  /** Name the tenant. */
  readonly byTenant: number
  /** Add up rows over a span of time. */
  readonly sums: number
  /** Delete rows by their age. */
  readonly deletes: number
}

/** What to do about a growing table, and what that costs. */
export interface GrowthAdvice {
  readonly action: 'partition by time' | 'partition by tenant' | 'BRIN index' | 'rollup table'
  readonly because: string
  readonly costs: string
}

/** Growing tables of billing that are large or noticeable, the largest first; empty without statistics. */
export function growthOf(
  catalog: Catalog,
  statistics: Statistics | null,
  workload: Workload | null,
): readonly Growth[] {
  if (!statistics) return []
  const days = daysCounted(statistics)
  return rolesOf(catalog)
    .all.flatMap(({ table, role }): readonly Growth[] => {
      if (!(GROWING as readonly Role[]).includes(role) || table.partitionOf) return []
      const leaves = [table, ...table.partitions].flatMap((one) => statistics.table(one) ?? [])
      const bytes = sum(leaves.map(({ totalSizeBytes, sizeBytes }) => Math.max(totalSizeBytes, sizeBytes)))
      const rows = sum(leaves.map(({ rows: estimate, liveRows }) => Math.max(estimate ?? 0, liveRows)))
      if (bytes < NOTICEABLE || rows <= 0) return []
      const net = sum(leaves.map(({ inserted, deleted }) => inserted - deleted))
      const rowsPerDay = days !== null && days >= FEWEST_DAYS ? Math.max(0, net / days) : null
      const bytesPerDay = rowsPerDay === null ? null : (rowsPerDay * bytes) / rows
      const time = timeOf(table, catalog)
      const tenant = tenantOf(table, catalog)
      return [
        {
          table,
          role,
          bytes,
          rows,
          rowsPerDay,
          bytesPerDay,
          daysUntilLarge: untilLarge(bytes, bytesPerDay),
          time,
          tenant,
          queries: useOf(table, time, tenant, catalog, workload),
        },
      ]
    })
    .toSorted((a, b) => b.bytes - a.bytes)
}

/** A table of events or entries, and how it is read, where nobody has measured how large it is. */
export type Expected = Pick<Growth, 'table' | 'role' | 'time' | 'tenant' | 'queries'>

/** Tables of billing that get a row for whatever happens, and are not partitioned yet. */
export function expectGrowth(catalog: Catalog, workload: Workload | null): readonly Expected[] {
  return rolesOf(catalog).all.flatMap(({ table, role }): readonly Expected[] => {
    if (!(GROWING as readonly Role[]).includes(role) || table.partitionOf || table.variety !== 'ordinary') return []
    const [time, tenant] = [timeOf(table, catalog), tenantOf(table, catalog)]
    return [{ table, role, time, tenant, queries: useOf(table, time, tenant, catalog, workload) }]
  })
}

/** What evidence asks for; nothing where a table is large enough for none of it. */
export function adviseGrowth(growth: Growth): readonly GrowthAdvice[] {
  const { table, daysUntilLarge, queries, time, tenant } = growth
  const large = daysUntilLarge !== null && daysUntilLarge <= YEAR
  const advice: GrowthAdvice[] = []
  if (
    large &&
    table.variety !== 'partitioned' &&
    time &&
    (queries.byTime > 0 || queries.deletes > 0 || queries.all === 0)
  )
    advice.push({
      action: 'partition by time',
      because: [
        queries.deletes > 0
          ? `${count(queries.deletes, 'query')} delete${queries.deletes === 1 ? 's' : ''} by ${time.name}: dropping a partition takes no time and leaves nothing to vacuum`
          : '',
        queries.byTime > 0
          ? `${queries.byTime} of ${count(queries.all, 'query')} ask for a span of ${time.name} and would read its partitions alone`
          : '',
        queries.all === 0 ? `rows are kept by ${time.name}, and retention drops partitions` : '',
      ]
        .filter(Boolean)
        .join('; '),
      costs: costsOfTime(growth, time),
    })
  if (large && table.variety !== 'partitioned' && tenant && queries.byTenant > queries.byTime)
    advice.push({
      action: 'partition by tenant',
      because: `${queries.byTenant} of ${count(queries.all, 'query')} name ${tenant.name}, ${queries.byTime} a span of time: hash partitions keep a tenant's rows together, and a large tenant can get one of its own by list`,
      costs: `old rows cannot be dropped as a partition; every unique key needs ${tenant.name}; a query without ${tenant.name} reads all partitions`,
    })
  if (time && queries.byTime > 0 && table.variety === 'ordinary' && !isIndexedByTime(time))
    advice.push({
      action: 'BRIN index',
      because: `${count(queries.byTime, 'query')} ask for a span of ${time.name}, which no index leads with`,
      costs: 'next to nothing, if rows lie in order of time; useless if they do not',
    })
  if (large && queries.sums > 0)
    advice.push({
      action: 'rollup table',
      because: `${count(queries.sums, 'query')} add${queries.sums === 1 ? 's' : ''} up raw rows over a span of time again and again`,
      costs:
        'one row for each tenant, metric and hour, written in the transaction of the event or by a job that notes how far it came; late events must be able to change it',
    })
  return advice
}

function costsOfTime({ table, queries }: Growth, time: Column): string {
  const lost = [table.primaryKey, ...table.uniques].flatMap((key) => (key && !key.columns.includes(time) ? [key] : []))
  return [
    lost.length > 0
      ? `${lost.map(describeKey).join(' and ')} must take ${time.name} in, and ${lost.length > 1 ? 'are' : 'is'} then unique within one instant only`
      : '',
    table.referencedBy.length > 0
      ? `${count(table.referencedBy.length, 'foreign key')} to it must carry ${time.name}`
      : '',
    queries.all > queries.byTime
      ? `${count(queries.all - queries.byTime, 'query')} without ${time.name} look into every partition`
      : '',
    'partitions must be there before their rows, and be made by a job',
  ]
    .filter(Boolean)
    .join('; ')
}

function describeKey({ name, columns }: KeyConstraint): string {
  return `${name} (${columns.map((column) => column.name).join(', ')})`
}

function untilLarge(bytes: number, perDay: number | null): number | null {
  if (bytes >= LARGE) return 0
  if (!perDay) return null
  const days = Math.ceil((LARGE - bytes) / perDay)
  return days <= 10 * YEAR ? days : null
}

function timeOf(table: Table, catalog: Catalog): Column | null {
  const moments = table.columns.filter(({ type, notNull }) => notNull && /^(?:date|timestamp(?:tz)?)$/.test(type.name))
  const named = rolesOf(catalog).columnsOf(table, 'event time')
  return (
    moments.find((column) => named.includes(column)) ??
    moments.find(({ default: value }) => /now\(\)|CURRENT_TIMESTAMP/i.test(value ?? '')) ??
    moments[0] ??
    null
  )
}

function tenantOf(table: Table, catalog: Catalog): Column | null {
  for (const tenancy of tenanciesOf(catalog)) {
    const column = tenancy.columnOf(table)
    if (column) return column
  }
  return null
}

/** A B-tree starts with it or a BRIN index holds it. */
function isIndexedByTime(time: Column): boolean {
  return time.table.indexes.some(
    ({ method, keys }) =>
      (method === 'brin' && keys.some(({ column }) => column === time)) ||
      (method === 'btree' && keys[0]?.column === time),
  )
}

function useOf(
  table: Table,
  time: Column | null,
  tenant: Column | null,
  catalog: Catalog,
  workload: Workload | null,
): QueryUse {
  const distinct = new Map((workload?.queries ?? []).map((query) => [query.fingerprint, query]))
  const bound = [...distinct.values()].map((query) => ({ query, bound: bindQuery(query.tree, catalog) }))
  const own = bound.filter(({ query, bound: { tables } }) => tables.has(table) && !isInsert(query))
  const ranged = own.filter(({ bound: { ranges } }) => time !== null && ranges.has(time))
  return {
    all: own.length,
    byTime: ranged.length,
    byTenant: own.filter((one) => tenant !== null && namesInCondition(one.bound, tenant)).length,
    sums: ranged.filter(({ query }) => addsUp(query)).length,
    deletes: ranged.filter(({ query }) => at(query.tree, 'DeleteStmt') !== undefined).length,
  }
}

function isInsert({ tree }: WorkloadQuery): boolean {
  return at(tree, 'InsertStmt') !== undefined
}

function namesInCondition({ conditions, column }: BoundQuery, tenant: Column): boolean {
  return conditions.some(({ tree }) => {
    const comparison = at(tree, 'A_Expr')
    return (
      at(list(at(comparison, 'name'))[0], 'String', 'sval') === '=' &&
      ['lexpr', 'rexpr'].some((side) => {
        const reference = at(comparison, side, 'ColumnRef')
        return reference !== undefined && column(reference) === tenant
      })
    )
  })
}

/** It sums or counts rows, in groups or altogether. */
function addsUp({ tree }: WorkloadQuery): boolean {
  return /"sval":"(?:sum|count|avg)"/.test(JSON.stringify(at(tree, 'SelectStmt', 'targetList') ?? null))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function count(number: number, noun: string): string {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`
  return `${number} ${number === 1 ? noun : plural}`
}
