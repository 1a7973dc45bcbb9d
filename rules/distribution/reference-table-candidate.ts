import { bindQuery, rule, type Table } from '../../src/kit.js'

/** More rows are too many to keep on every node. */
const MOST_ROWS = 1_000_000
/** A table that changes so often is not kept on every node. */
const CHANGES = 0.2

export default rule({
  severity: 'info',
  tier: 'measured',
  complexity: 'medium',
  docs: {
    summary: 'Keep a small table that distributed ones are joined with on every node.',
    why: 'A local table is on the coordinator alone: a query that joins it with a distributed one first sends rows to and fro, and no foreign key can lead to it. As a reference table it is whole on every node.',
    bad: `create table plan (id bigint primary key, name text not null);
      create table subscription (tenant_id bigint not null, id bigint not null, plan_id bigint not null, primary key (tenant_id, id));
      -- distribution: public.subscription {"column": "tenant_id", "colocation": 1}
      -- statistics: public.plan {"rows": 12, "liveRows": 12, "inserted": 12}
-- workload
      select p.name, count(*) from subscription s join plan p on p.id = s.plan_id where s.tenant_id = $1 group by p.name;`,
    good: `create table plan (id bigint primary key, name text not null);
      create table subscription (tenant_id bigint not null, id bigint not null, plan_id bigint not null, primary key (tenant_id, id));
      -- distribution: public.subscription {"column": "tenant_id", "colocation": 1}
      -- distribution: public.plan {"colocation": 2}
      -- statistics: public.plan {"rows": 12, "liveRows": 12, "inserted": 12}
-- workload
      select p.name, count(*) from subscription s join plan p on p.id = s.plan_id where s.tenant_id = $1 group by p.name;`,
    unless: 'It is written all the time: each write then goes to all nodes.',
    references: ['https://docs.citusdata.com/en/stable/develop/reference_ddl.html#reference-tables'],
  },
  needs: ['catalog', 'statistics', 'workload'],

  *detect({ catalog, statistics, workload }) {
    if (!catalog.tables.some(({ distribution }) => distribution?.kind === 'distributed')) return
    const joined = new Map<Table, Set<string>>()
    for (const { tree, fingerprint } of workload.queries) {
      const { tables, conditions } = bindQuery(tree, catalog)
      if (conditions.length === 0 || ![...tables].some(({ distribution }) => distribution?.column)) continue
      for (const table of tables)
        if (table.distribution === null) joined.set(table, (joined.get(table) ?? new Set()).add(fingerprint))
    }
    for (const [table, queries] of joined) {
      const counted = statistics.table(table)
      const rows = Math.max(counted?.rows ?? 0, counted?.liveRows ?? 0)
      if (!counted || rows === 0 || rows > MOST_ROWS || table.variety !== 'ordinary') continue
      if (counted.updated + counted.deleted > rows * CHANGES * 100) continue
      yield { on: table, facts: { rows, queries: queries.size } }
    }
  },

  message: ({ on, facts: { rows, queries } }) =>
    `${on} has ${rows.toLocaleString('en')} rows on the coordinator alone, and ${queries === 1 ? 'a query joins' : `${queries} queries join`} it with distributed tables.`,

  advice: ({ on }) => `Copy it to every node: select create_reference_table('${on}').`,
})
