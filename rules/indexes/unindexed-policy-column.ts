import {
  afterReview,
  type Column,
  createIndex,
  guardColumnsOf,
  type Policy,
  readGuardsOf,
  rule,
  statisticsOfScale,
} from '../../src/kit.js'

/** A table with fewer rows is read as a whole anyhow. */
const FEW_ROWS = 10_000

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.7,
  docs: {
    summary: 'Index the column by which a policy tells whose a row is.',
    why: 'The policy is a condition of every query of the table. Without an index that begins with its column, each query that names nothing else reads the rows of all tenants to show those of one.',
    bad: "create table note (id bigint primary key, tenant_id bigint not null, body text); alter table note enable row level security; create policy own on note using (tenant_id = (select current_setting('app.tenant')::bigint));",
    good: "create table note (id bigint primary key, tenant_id bigint not null, body text); create index on note (tenant_id); alter table note enable row level security; create policy own on note using (tenant_id = (select current_setting('app.tenant')::bigint));",
    unless: 'Queries name another column that has an index and leaves few rows.',
    references: ['https://supabase.com/docs/guides/database/postgres/row-level-security#add-indexes'],
  },
  needs: ['catalog'],
  uses: ['statistics'],

  *detect({ catalog, statistics: all }) {
    const statistics = statisticsOfScale(all, catalog)
    for (const table of catalog.tables) {
      if (!table.rowSecurity || table.variety !== 'ordinary' || table.partitionOf) continue
      const counted = statistics?.table(table)
      if (counted && Math.max(counted.liveRows, counted.rows ?? 0) < FEW_ROWS) continue
      const columns = readGuardsOf(table)
      if (columns.length === 0 || columns.some((column) => isServed(column))) continue
      const [column] = columns as [Column]
      yield {
        on: column,
        facts: { policies: table.policies.filter((policy) => guards(policy, column)).map(({ name }) => name) },
      }
    }
  },

  message: ({ on, facts: { policies } }) =>
    `${policies.join(', ')} on ${on.table} ${policies.length === 1 ? 'compares' : 'compare'} ${on.name} in every query, and no index begins with it.`,

  fix: ({ on }) =>
    afterReview(
      `Do queries of ${on.table} not always name another column that is indexed? An index of ${on.name} before that column would then serve both.`,
      createIndex(on.table, { keys: [{ column: on }] }),
    ),
})

function guards(policy: Policy, column: Column): boolean {
  return guardColumnsOf(policy).includes(column.name)
}

function isServed(column: Column): boolean {
  return column.table.indexes.some(
    ({ keys, valid, predicate, method }) =>
      valid && predicate === null && (method === 'btree' || method === 'hash') && keys[0]?.column === column,
  )
}
