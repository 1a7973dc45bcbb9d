import { planDistribution, type DistributionPlan } from '../../billing/growth/distribution.js'
import { listCitusCalls } from '../../billing/growth/citus.js'
import { adviseGrowth, type Growth, growthOf } from '../../billing/growth/growth.js'
import { routeQuery } from '../../billing/growth/routing.js'
import { rolesOf } from '../../billing/roles/roles.js'
import type { AuditResult } from '../../engine/result.js'
import { code, table, text } from './escape.js'

const GIBIBYTE = 2 ** 30
/** Within so many days a table that is going to be large is worth a cluster's thoughts. */
const SOON = 730

/** How the tables of events and entries grow and what to do about it; and how the whole would be spread over several servers. Empty without billing. */
export function renderGrowth({ catalog, statistics, workload }: AuditResult): string {
  if (rolesOf(catalog).all.length === 0) return ''
  const growing = growthOf(catalog, statistics, workload)
  const running = catalog.tables.some(({ distribution }) => distribution !== null)
  const outgrows = growing.some(({ daysUntilLarge }) => daysUntilLarge !== null && daysUntilLarge <= SOON)
  const plan = outgrows && !running ? planDistribution(catalog) : null
  const parts = [
    ...(growing.length > 0 ? renderTables(growing) : []),
    ...(plan ? renderPlan(plan, { catalog, workload }) : []),
  ]
  if (parts.length === 0) return ''
  return ['## Growth', ...parts].join('\n\n')
}

function renderTables(growing: readonly Growth[]): readonly string[] {
  const rows = growing.map(
    ({ table: { address }, role, bytes, rows: many, rowsPerDay, bytesPerDay, daysUntilLarge }) => [
      code(address),
      role,
      gibibytes(bytes),
      many.toLocaleString('en'),
      rowsPerDay === null ? 'not known' : Math.round(rowsPerDay).toLocaleString('en'),
      bytesPerDay === null ? 'not known' : gibibytes(bytesPerDay * 30),
      daysUntilLarge === null ? '–' : daysUntilLarge === 0 ? 'now' : `in ${daysUntilLarge.toLocaleString('en')} days`,
    ],
  )
  const advice = growing.flatMap((growth) =>
    adviseGrowth(growth).map(({ action, because, costs }) => [
      code(growth.table.address),
      action,
      text(because),
      text(costs),
    ]),
  )
  return [
    table(['Table', 'Holds', 'Size', 'Rows', 'Rows a day', 'Growth in 30 days', 'Over 100 GiB'], rows),
    ...(advice.length > 0
      ? [table(['Table', 'What to do', 'Because', 'What it costs'], advice)]
      : ['None of them asks for anything yet.']),
  ]
}

function renderPlan(
  plan: DistributionPlan,
  { catalog, workload }: Pick<AuditResult, 'catalog' | 'workload'>,
): readonly string[] {
  const kinds = (['distributed', 'reference', 'local'] as const).flatMap((placement) => {
    const tables = plan.tables.filter((one) => one.placement === placement)
    const how = {
      distributed: `by ${plan.column}, together`,
      reference: 'whole on every node',
      local: 'on the coordinator',
    }
    return tables.length > 0
      ? [[placement, how[placement], tables.map((one) => code(one.table.address)).join(', ')]]
      : []
  })
  const obstacles = plan.obstacles.map(({ on, why, cure }) => [code(on.address), text(why), text(cure)])
  const queries = [...new Map((workload?.queries ?? []).map((query) => [query.fingerprint, query])).values()].map(
    (query) => {
      const { route, why } = routeQuery(query.tree, plan, catalog)
      return [query.name === null ? code(query.normalized) : text(query.name), route, text(why)]
    },
  )
  return [
    '### When one server will not do',
    `Citus would distribute rows by ${code(plan.column)}, so that each tenant of ${code(plan.tenants.address)} is served by one node.`,
    table(['Placement', 'How', 'Tables'], kinds),
    ...(obstacles.length > 0
      ? [`${obstacles.length} things stand in the way:`, table(['Object', 'Why', 'Cure'], obstacles)]
      : ['Nothing stands in the way.']),
    ...(queries.length > 0 ? ['What each query would do then:', table(['Query', 'Route', 'Because'], queries)] : []),
    'The last step, after that. It was not run: the scratch servers have no Citus. Try it on a copy.',
    `\`\`\`sql\n${listCitusCalls(plan).join('\n')}\n\`\`\``,
  ]
}

function gibibytes(bytes: number): string {
  return `${(bytes / GIBIBYTE).toFixed(bytes < 10 * GIBIBYTE ? 1 : 0)} GiB`
}
