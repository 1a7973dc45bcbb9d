import type { Statement } from './statement.js'
import type { Catalog, Column, Table } from '../evidence/catalog/model.js'
import { nodesOf, tableReadBy } from '../evidence/plans/conditions.js'
import type { GenericPlan, PlanNode } from '../evidence/plans/model.js'
import { readJsonPlan } from '../evidence/plans/read-json.js'
import { at } from '../evidence/tree.js'
import type { BoundQuery } from '../evidence/workload/bound.js'
import { columnsOfParameters, parameterOf } from '../evidence/workload/parameters.js'
import { equalSides } from '../evidence/workload/keys.js'
import { quoteLiteral } from '../quote.js'
import type { Row, Session } from '../source/session.js'

/** Share of the rows from which a value is common, and how many times a rare one is rarer. */
const COMMON = 0.1
const UNEVEN = 20

const PREPARED = 'pg_billing_audit_generic'

/**
 * Plans a statement for any value of its parameters, for the commonest value of a column, and for a rare one. Values are those
 * of `pg_stats`; they are sent to no other server and appear in nothing that is returned. `generic` is the plan for any value.
 */
export async function weighGenericPlan(
  session: Session,
  { query, bound, sql }: Statement,
  generic: PlanNode,
  catalog: Catalog,
): Promise<readonly GenericPlan[]> {
  const columns = columnsOfParameters(bound)
  const wanted = new Set([...columns.values()].flat())
  const known = new Map<Column, Values>()
  for (const column of wanted) {
    const values = await readValues(session, column)
    if (values) known.set(column, values)
  }
  const uneven = equalParameters(bound).flatMap(({ number, column }) => {
    const values = known.get(column)
    const isUneven = values?.rare && values.common.share >= Math.max(COMMON, UNEVEN * values.rare.share)
    return isUneven ? [{ number, column, common: values.common, rare: values.rare! }] : []
  })
  if (uneven.length === 0) return []
  await session.query(`prepare ${PREPARED} as ${sql}`)
  const [prepared] = await session.query<{ types: readonly string[] }>(
    'select parameter_types::text[] as types from pg_catalog.pg_prepared_statements where name = $1',
    [PREPARED],
  )
  const types = prepared?.types ?? []
  const limits = limitParameters(query.tree)
  const plan = async (number: number, value: string): Promise<PlanNode | null> => {
    const given = types.map((type, at) => {
      const typical = limits.get(at + 1) ?? columns.get(at + 1)?.map((column) => known.get(column)?.typical)[0]
      const one = at + 1 === number ? value : typical
      return one === undefined ? null : `${quoteLiteral(type.endsWith('[]') ? `{${quoteElement(one)}}` : one)}`
    })
    // A null would make the condition false.
    if (given.includes(null)) return null
    const [printed] = await session.query(`explain (verbose, format json) execute ${PREPARED}(${given.join(', ')})`)
    return readJsonPlan(printed?.['QUERY PLAN'])
  }
  await session.query(`select pg_catalog.set_config('plan_cache_mode', 'force_custom_plan', true)`)
  const weighed: GenericPlan[] = []
  for (const { number, column, common, rare } of uneven) {
    const [often, seldom] = [await plan(number, common.value), await plan(number, rare.value)]
    if (!often || !seldom) continue
    const access = (root: PlanNode) => accessOf(root, column.table, catalog)
    weighed.push({
      query,
      column: column.address,
      commonShare: common.share,
      rareShare: rare.share,
      cost: { generic: generic.cost, common: often.cost, rare: seldom.cost },
      access: { generic: access(generic), common: access(often), rare: access(seldom) },
    })
  }
  await session.query(`deallocate ${PREPARED}`)
  return weighed
}

interface Values {
  readonly common: { readonly value: string; readonly share: number }
  /** Null where no value is known that is rarer than the common ones. */
  readonly rare: { readonly value: string; readonly share: number } | null
  readonly typical: string
}

interface StatisticsRow extends Row {
  readonly common: readonly string[] | null
  readonly shares: readonly number[] | null
  readonly bounds: readonly string[] | null
  readonly distinct: number
  readonly nulls: number
  readonly rows: number
}

const VALUES = `
  select s.most_common_vals::text::text[] as common, s.most_common_freqs::float8[] as shares, s.histogram_bounds::text::text[] as bounds,
    s.n_distinct::float8 as distinct, s.null_frac::float8 as nulls, c.reltuples::float8 as rows
  from pg_catalog.pg_stats s
  join pg_catalog.pg_namespace n on n.nspname = s.schemaname
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = s.tablename
  where s.schemaname = $1 and s.tablename = $2 and s.attname = $3
  order by s.inherited desc limit 1`

async function readValues(session: Session, { table, name }: Column): Promise<Values | null> {
  const [row] = await session.query<StatisticsRow>(VALUES, [table.schema.name, table.name, name])
  const [common = [], shares = [], bounds = []] = [row?.common ?? [], row?.shares ?? [], row?.bounds ?? []]
  const typical = bounds[Math.floor(bounds.length / 2)] ?? common[0]
  if (!row || typical === undefined) return null
  const distinct = row.distinct < 0 ? -row.distinct * Math.max(1, row.rows) : row.distinct
  const left = Math.max(0, 1 - row.nulls - shares.reduce((sum, share) => sum + share, 0))
  const others = Math.max(1, distinct - common.length)
  const last = common.length - 1
  return {
    common: { value: common[0] ?? typical, share: shares[0] ?? 0 },
    rare:
      bounds.length > 0
        ? { value: typical, share: left / others }
        : last > 0
          ? { value: common[last]!, share: shares[last]! }
          : null,
    typical,
  }
}

/** Parameters that a column is compared with for equality. */
function equalParameters({ blocks }: BoundQuery) {
  return blocks
    .flatMap(({ predicates }) => predicates.flatMap((predicate) => [...equalSides(predicate)]))
    .flatMap(([own, other]) => {
      const number = parameterOf(other.tree)
      const column = own.reference?.column
      return column && number !== null ? [{ number, column }] : []
    })
}

/** A page of rows, where the statement asks for one. */
function limitParameters(tree: unknown): ReadonlyMap<number, string> {
  const found = new Map<number, string>()
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const [count, offset] = ['limitCount', 'limitOffset'].map((part) => at(node, part, 'ParamRef', 'number'))
    if (typeof count === 'number') found.set(count, '50')
    if (typeof offset === 'number') found.set(offset, '0')
    Object.values(node).forEach(visit)
  }
  visit(tree)
  return found
}

function quoteElement(value: string): string {
  return `"${value.replaceAll('\\', String.raw`\\`).replaceAll('"', String.raw`\"`)}"`
}

/** How the plan reads the table: `Seq Scan`, `Index Scan using invoice_status_idx`. */
function accessOf(root: PlanNode, table: Table, catalog: Catalog): string {
  const scans = nodesOf(root).filter((node) => tableReadBy(node, catalog) === table)
  const names = scans.map(({ type, index, children }) => {
    const used = index ?? nodesOf({ ...root, children }).find((node) => node.index)?.index
    return used ? `${type} using ${used}` : type
  })
  return [...new Set(names)].join(', ') || 'not read'
}
