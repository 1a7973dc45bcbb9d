import { quoteIdentifier } from '../../quote.js'
import type { Catalog, Column, Table } from '../catalog/model.js'
import type { NotSeen } from '../model.js'
import { type LookAt, saw } from './look.js'
import type { Obstacle } from './model.js'

/** Tables with fewer rows than this are read whole. */
const SMALL = 60_000
/** Rows of a sample. */
const SAMPLED = 20_000
/** No more of a table is read for a sample, in bytes. */
const MOST_BYTES = 128 * 2 ** 20
/** A table that was never analyzed is read whole up to so many bytes. */
const SMALL_BYTES = 8 * 2 ** 20

/** A table whose rows are looked at, and how. */
export interface SampleTable {
  readonly table: Table
  /** `schema.table`, quoted. */
  readonly relation: string
  readonly rowsEstimated: number | null
  readonly sizeBytes: number
  readonly statisticsAgeDays: number | null
  /** Policies hide rows from the role: nothing is verified. */
  readonly rowSecurity: boolean
  /** Every row is read. */
  readonly whole: boolean
  /** What stands behind FROM to read the rows that are looked at; the same rows each time while nobody writes. */
  from(columns: readonly Column[], alias?: string): string
}

interface Row {
  readonly [column: string]: unknown
  readonly schema: string
  readonly name: string
  readonly rows: number
  readonly bytes: string
  readonly readable: boolean
  readonly hidden: boolean
  readonly age: number | null
}

/** Which tables have rows to be looked at, smallest first, and why others have none. */
export async function chooseTables(
  catalog: Catalog,
  look: LookAt,
): Promise<{
  readonly tables: readonly SampleTable[]
  readonly refused: ReadonlyMap<string, Obstacle>
  readonly notSeen: readonly NotSeen[]
}> {
  const result = await look<Row>(stateQuery(catalog))
  if (!saw(result)) return { tables: [], refused: new Map(), notSeen: [{ what: 'rows', reason: result.reason }] }
  const states = new Map(result.rows.map((row) => [`${row.schema}.${row.name}`, row]))
  const tables: SampleTable[] = []
  const refused = new Map<string, Obstacle>()
  for (const table of catalog.tables.filter(({ partitionOf }) => !partitionOf)) {
    const state = states.get(table.address)
    const obstacle = obstacleOf(table, state)
    if (obstacle) refused.set(table.address, obstacle)
    else if (state) tables.push(plan(table, state))
  }
  const listed = (obstacle: Obstacle) => [...refused].filter(([, one]) => one === obstacle).map(([address]) => address)
  const say = (obstacle: Obstacle, reason: string, deliberate = false): readonly NotSeen[] => {
    const addresses = listed(obstacle)
    return addresses.length === 0
      ? []
      : [{ what: `rows of ${shorten(addresses)}`, reason, ...(deliberate ? { deliberate } : {}) }]
  }
  const hidden = tables.filter(({ rowSecurity }) => rowSecurity).map(({ table }) => table.address)
  return {
    tables: tables.toSorted((a, b) => a.sizeBytes - b.sizeBytes),
    refused,
    notSeen: [
      ...say('no rows', 'There are none.', true),
      ...say('foreign table', 'A foreign table keeps its rows on another server.', true),
      ...say('no privilege', 'The role has no SELECT on it.'),
      ...(hidden.length === 0
        ? []
        : [
            {
              what: `all rows of ${shorten(hidden)}`,
              reason: 'Row security hides rows from the role: nothing about them is verified.',
            },
          ]),
    ],
  }
}

function obstacleOf(table: Table, state: Row | undefined): Obstacle | null {
  if (table.variety === 'foreign') return 'foreign table'
  if (!state) return 'error'
  if (!state.readable) return 'no privilege'
  return Number(state.bytes) === 0 ? 'no rows' : null
}

function plan(table: Table, state: Row): SampleTable {
  const rows = state.rows < 0 || (state.rows === 0 && state.age === null) ? null : state.rows
  const sizeBytes = Number(state.bytes)
  const whole = rows === null ? sizeBytes <= SMALL_BYTES : rows < SMALL && sizeBytes <= MOST_BYTES
  const share = Math.min(
    rows === null ? 1 : (SAMPLED * 1.2) / rows,
    (rows === null ? SMALL_BYTES : MOST_BYTES) / sizeBytes,
  )
  const percent = Math.max(1e-6, Math.min(100, 100 * share))
  const relation = `${quoteIdentifier(table.schema.name)}.${quoteIdentifier(table.name)}`
  return {
    table,
    relation,
    rowsEstimated: rows,
    sizeBytes,
    statisticsAgeDays: state.age,
    rowSecurity: state.hidden,
    whole,
    from: (columns, alias = table.name) => {
      if (whole) return `${relation} as ${quoteIdentifier(alias)}`
      const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ')
      return `(select ${names} from ${relation} tablesample system (${Number(percent.toPrecision(6))}) repeatable (1) limit ${SAMPLED}) as ${quoteIdentifier(alias)}`
    },
  }
}

function shorten(addresses: readonly string[]): string {
  const rest = addresses.length - 3
  return rest > 0 ? `${addresses.slice(0, 3).join(', ')} and ${rest} more` : addresses.join(', ')
}

/** Asking for the size of a table waits for whoever has locked it: there the size at its last analysis must do. */
function size(relation: string): string {
  return `case when ${relation}.oid in (select relation from pg_catalog.pg_locks where mode = 'AccessExclusiveLock' and granted and relation is not null)
    then greatest(${relation}.relpages, 1)::bigint * pg_catalog.current_setting('block_size')::int
    else pg_catalog.pg_relation_size(${relation}.oid) end`
}

/** Partitioned tables have the sizes and rows of their leaves, those with heirs also the rows of these; Citus tells the size of what it has spread. */
function stateQuery({ tables }: Catalog): string {
  const spread = tables.some(({ distribution }) => distribution !== null)
  const distributed = spread
    ? `case when exists (select from pg_catalog.pg_dist_partition d where d.logicalrelid = c.oid)
        then pg_catalog.citus_table_size(c.oid) end`
    : 'null::bigint'
  return `
    select n.nspname::text as schema, c.relname::text as name,
      coalesce(leaves.rows, c.reltuples)::float8 as rows,
      coalesce(${distributed}, leaves.bytes, ${size('c')}, 0)::text as bytes,
      pg_catalog.has_table_privilege(c.oid, 'select') as readable,
      pg_catalog.row_security_active(c.oid) as hidden,
      (extract(epoch from pg_catalog.now() - greatest(s.last_analyze, s.last_autoanalyze)) / 86400)::float8 as age
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
    left join lateral (
      with recursive tree as (
        select c.oid as relid union select i.inhrelid from tree join pg_catalog.pg_inherits i on i.inhparent = tree.relid
      )
      select sum(l.reltuples) filter (where l.reltuples >= 0) as rows, sum(${size('l')}) as bytes
      from tree t join pg_catalog.pg_class l on l.oid = t.relid where l.relkind = 'r'
    ) leaves on c.relkind = 'p' or c.relhassubclass
    where c.relkind in ('r', 'p') and c.relpersistence <> 't' and not c.relispartition
      and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by 1, 2`
}
