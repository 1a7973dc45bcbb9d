import { planDistribution, type DistributionPlan } from '../billing/growth/distribution.js'
import { listCitusCalls } from '../billing/growth/citus.js'
import {
  adviseGrowth,
  expectGrowth,
  type Expected,
  type Growth,
  type GrowthAdvice,
  growthOf,
} from '../billing/growth/growth.js'
import { routeQuery } from '../billing/growth/routing.js'
import { rolesOf } from '../billing/roles/roles.js'
import type { AuditResult } from '../engine/result.js'

const GIBIBYTE = 2 ** 30
/** Within so many days a table that is going to be large is worth a cluster's thoughts. */
const SOON = 730

export const GROWTH_TITLES = [
  'Table',
  'Holds',
  'Size',
  'Rows',
  'Rows a day',
  'Growth in 30 days',
  'Over 100 GiB',
] as const

export const EXPECTED_TITLES = [
  'Table',
  'Holds',
  'Time',
  'Tenant',
  'Queries',
  'By time',
  'By tenant',
  'Sums over time',
] as const

/** What can be said before anybody has measured. */
export const EXPECTED_NOTE =
  'These tables get a row for whatever happens. How large they are was not measured: a scan of the server in use, or a snapshot of it, says how fast they grow and whether partitions, BRIN or rollups pay. A table is cheapest to partition while it is small.'

/** How the tables of events and entries grow and what to do about it; and how the whole would be spread over several servers. */
export interface GrowthReport {
  readonly tables: readonly { readonly address: string; readonly figures: readonly string[] }[]
  readonly advice: readonly (GrowthAdvice & { readonly address: string })[]
  /** Tables that will grow, where there are no statistics. */
  readonly expected: readonly { readonly address: string; readonly figures: readonly string[] }[]
  readonly distribution: DistributionReport | null
}

export interface DistributionReport {
  readonly column: string
  readonly tenants: string
  readonly placements: readonly {
    readonly placement: string
    readonly how: string
    readonly tables: readonly string[]
  }[]
  readonly obstacles: readonly { readonly address: string; readonly why: string; readonly cure: string }[]
  /** A query by its name, or else by its text. */
  readonly queries: readonly {
    readonly name: string | null
    readonly text: string
    readonly route: string
    readonly why: string
  }[]
  readonly calls: readonly string[]
}

/** The figures and the advice for a report; null where there is nothing to say. */
export function describeGrowth(result: Pick<AuditResult, 'catalog' | 'statistics' | 'workload'>): GrowthReport | null {
  const { catalog, statistics, workload } = result
  if (rolesOf(catalog).all.length === 0) return null
  const growing = growthOf(catalog, statistics, workload)
  const running = catalog.tables.some(({ distribution }) => distribution !== null)
  const outgrows = growing.some(({ daysUntilLarge }) => daysUntilLarge !== null && daysUntilLarge <= SOON)
  const plan = outgrows && !running ? planDistribution(catalog) : null
  const expected = statistics ? [] : expectGrowth(catalog, workload)
  if (growing.length + expected.length === 0 && !plan) return null
  return {
    tables: growing.map((growth) => ({ address: growth.table.address, figures: figuresOf(growth) })),
    advice: growing.flatMap((growth) =>
      adviseGrowth(growth).map((advice) => ({ ...advice, address: growth.table.address })),
    ),
    expected: expected.map((one) => ({ address: one.table.address, figures: expectedFigures(one, workload !== null) })),
    distribution: plan && describePlan(plan, result),
  }
}

function figuresOf({ role, bytes, rows, rowsPerDay, bytesPerDay, daysUntilLarge }: Growth): readonly string[] {
  return [
    role,
    gibibytes(bytes),
    rows.toLocaleString('en'),
    rowsPerDay === null ? 'not known' : Math.round(rowsPerDay).toLocaleString('en'),
    bytesPerDay === null ? 'not known' : gibibytes(bytesPerDay * 30),
    daysUntilLarge === null ? '–' : daysUntilLarge === 0 ? 'now' : `in ${daysUntilLarge.toLocaleString('en')} days`,
  ]
}

function expectedFigures({ role, time, tenant, queries }: Expected, seen: boolean): readonly string[] {
  const { all, byTime, byTenant, sums } = queries
  return [
    role,
    time?.name ?? '–',
    tenant?.name ?? '–',
    ...[all, byTime, byTenant, sums].map((one) => (seen ? String(one) : '–')),
  ]
}

function describePlan(
  plan: DistributionPlan,
  { catalog, workload }: Pick<AuditResult, 'catalog' | 'workload'>,
): DistributionReport {
  const how = {
    distributed: `by ${plan.column}, together`,
    reference: 'whole on every node',
    local: 'on the coordinator',
  }
  const distinct = new Map((workload?.queries ?? []).map((query) => [query.fingerprint, query]))
  return {
    column: plan.column,
    tenants: plan.tenants.address,
    placements: (['distributed', 'reference', 'local'] as const).flatMap((placement) => {
      const tables = plan.tables.filter((one) => one.placement === placement).map(({ table }) => table.address)
      return tables.length > 0 ? [{ placement, how: how[placement], tables }] : []
    }),
    obstacles: plan.obstacles.map(({ on, why, cure }) => ({ address: on.address, why, cure })),
    queries: [...distinct.values()].map((query) => ({
      name: query.name,
      text: query.normalized,
      ...routeQuery(query.tree, plan, catalog),
    })),
    calls: listCitusCalls(plan),
  }
}

function gibibytes(bytes: number): string {
  return `${(bytes / GIBIBYTE).toFixed(bytes < 10 * GIBIBYTE ? 1 : 0)} GiB`
}
