import {
  afterReview,
  type Catalog,
  growthOf,
  type Index,
  planDistribution,
  type DistributionPlan,
  rule,
  type Spread,
  spreadByTenant,
  type Statistics,
  type Workload,
} from '../../src/kit.js'

/** Within so many days a table that is going to be large is worth a cluster's thoughts. */
const SOON = 730

export default rule({
  severity: 'info',
  tier: 'measured',
  confidence: 0.6,
  impact: 'medium',
  complexity: 'high',
  docs: {
    summary: 'Carry the tenant in the keys of tables that will outgrow one server.',
    why: 'Citus keeps a tenant’s rows on one node, and refuses each unique key and foreign key that lacks the tenant, because no node could check it. As long as the tables are small the keys are widened in minutes; later it takes weeks.',
    bad: `create table tenant (id bigint primary key, name text not null);
      create table subscription (id bigint primary key, tenant_id bigint not null references tenant, plan text not null, price numeric(12, 2) not null, currency char(3) not null, status text not null check (status in ('trialing', 'active', 'canceled')), current_period_start timestamptz not null, current_period_end timestamptz not null);
      create table usage_event (id bigint primary key, tenant_id bigint not null references tenant, subscription_id bigint not null references subscription, metric text not null, quantity numeric(18, 4) not null, occurred_at timestamptz not null);
      create table invoice (id bigint primary key, tenant_id bigint not null references tenant, number text not null, due_date date not null, currency char(3) not null, total numeric(12, 2) not null);
      create table payment (id bigint primary key, tenant_id bigint not null references tenant, invoice_id bigint not null references invoice, amount numeric(12, 2) not null, currency char(3) not null, paid_at timestamptz);
      -- statistics: public.usage_event {"rows": 1500000000, "liveRows": 1500000000, "inserted": 730000000, "sizeBytes": 118111600640, "totalSizeBytes": 193273528320}`,
    good: `create table tenant (id bigint primary key, name text not null);
      create table subscription (id bigint not null, tenant_id bigint not null references tenant, plan text not null, price numeric(12, 2) not null, currency char(3) not null, status text not null check (status in ('trialing', 'active', 'canceled')), current_period_start timestamptz not null, current_period_end timestamptz not null, primary key (tenant_id, id));
      create table usage_event (id bigint not null, tenant_id bigint not null references tenant, subscription_id bigint not null, metric text not null, quantity numeric(18, 4) not null, occurred_at timestamptz not null, primary key (tenant_id, id), foreign key (tenant_id, subscription_id) references subscription (tenant_id, id));
      create table invoice (id bigint not null, tenant_id bigint not null references tenant, number text not null, due_date date not null, currency char(3) not null, total numeric(12, 2) not null, primary key (tenant_id, id));
      create table payment (id bigint not null, tenant_id bigint not null references tenant, invoice_id bigint not null, amount numeric(12, 2) not null, currency char(3) not null, paid_at timestamptz, primary key (tenant_id, id), foreign key (tenant_id, invoice_id) references invoice (tenant_id, id));
      -- statistics: public.usage_event {"rows": 1500000000, "liveRows": 1500000000, "inserted": 730000000, "sizeBytes": 118111600640, "totalSizeBytes": 193273528320}`,
    unless: 'A larger server, partitions or an archive will do.',
    references: [
      'https://docs.citusdata.com/en/stable/develop/migration_mt_schema.html',
      'https://docs.citusdata.com/en/stable/sharding/data_modeling.html',
    ],
  },
  needs: ['catalog', 'statistics'],
  uses: ['workload'],
  // Keys over two columns are looked at as such.
  reveals: [
    'indexes/missing-foreign-key-index',
    'indexes/redundant-index',
    'keys/tenant-crossing-foreign-key',
    'keys/unintended-referenced-key',
  ],

  *detect({ catalog, statistics, workload }) {
    const plan = planFor(catalog, statistics, workload)
    if (!plan || plan.obstacles.length === 0) return
    yield {
      on: plan.tenants,
      related: plan.obstacles.map(({ on }) => on),
      facts: { column: plan.column, obstacles: plan.obstacles.map(({ on, why }) => `${on}: ${why}`) },
    }
  },

  message: ({ on, facts: { column, obstacles } }) =>
    `${on} and what belongs to it could not be distributed by ${column}: ${obstacles.length === 1 ? 'one key stands' : `${obstacles.length} keys and tables stand`} in the way.`,

  advice: ({ facts: { column } }) =>
    `Carry ${column} in each unique key and foreign key between these tables, while they are small enough for it; distributing them is then one step. The chapter on growth says what each query would do.`,

  fix: ({ on, catalog }) => {
    const plan = planDistribution(catalog)
    const tenantKey = on.primaryKey?.columns[0]
    if (!plan || plan.tenants !== on || !tenantKey) return []
    const released = plan.tables.flatMap(({ table }) =>
      table.foreignKeys.filter((key) => key.onDelete.startsWith('set') && obstructs(plan, key)),
    )
    const emptied =
      released.length > 0
        ? ` Deletes that now empty ${released.flatMap(({ columns }) => columns.map(String)).join(', ')} will be refused: Citus knows no SET NULL there.`
        : ''
    return afterReview(
      `Will rows of all tenants of ${on} outgrow one server, is every value that is unique now unique within one ${plan.column} only, and does every query name it?${emptied}`,
      spreadByTenant({
        tenants: on,
        tenantKey,
        tables: spreadsOf(plan),
        copied: plan.tables.filter(({ placement }) => placement === 'reference').map(({ table }) => table),
        kept: between(plan).filter((key) => !obstructs(plan, key)),
      }),
    )
  },
})

function planFor(catalog: Catalog, statistics: Statistics, workload: Workload | null): DistributionPlan | null {
  if (catalog.tables.some(({ distribution }) => distribution !== null)) return null
  const growing = growthOf(catalog, statistics, workload)
  const outgrows = growing.some(({ daysUntilLarge }) => daysUntilLarge !== null && daysUntilLarge <= SOON)
  return outgrows ? planDistribution(catalog) : null
}

/** Foreign keys between tables that are both distributed. */
function between(plan: DistributionPlan) {
  return plan.tables.flatMap(({ table, placement }) =>
    placement === 'distributed'
      ? table.foreignKeys.filter(
          ({ inherited, referencedTable }) => !inherited && plan.of(referencedTable)?.placement === 'distributed',
        )
      : [],
  )
}

function obstructs({ obstacles }: DistributionPlan, on: unknown): boolean {
  return obstacles.some((obstacle) => obstacle.on === on)
}

/** Tables with what has to change in them, parents first. */
function spreadsOf(plan: DistributionPlan): readonly Spread[] {
  const columnOf = (one: DistributionPlan['tables'][number] | undefined) => one?.column?.name ?? plan.column
  const spreads = plan.tables
    .filter(({ placement }) => placement === 'distributed')
    .map((one): Spread => ({
      table: one.table,
      column: columnOf(one),
      through: one.through,
      keys: one.table.indexes.filter((index: Index) => obstructs(plan, index)),
      references: between(plan)
        .filter((key) => key.table === one.table && obstructs(plan, key))
        .map((key) => ({ key, column: columnOf(plan.of(key.referencedTable)) })),
    }))
  const ordered: Spread[] = []
  for (let left = spreads; left.length > 0;) {
    const ready = left.filter(
      ({ through }) => !through || ordered.some(({ table }) => table === through.referencedTable),
    )
    if (ready.length === 0) return spreads
    ordered.push(...ready)
    left = left.filter((one) => !ready.includes(one))
  }
  return ordered
}
