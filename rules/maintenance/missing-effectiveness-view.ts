import { createEffectivenessView, EFFECTIVENESS_VIEW, rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Keep a view of how each index is used.',
    why: 'Which index earns its writes is asked again with every release. The view says scans, entries and rows for one scan, cache hits, writes for one scan, the size and the last use, in terms that divide by nothing and call no ratio a percentage.',
    bad: 'create table invoice (id bigint primary key);',
    good: 'create table invoice (id bigint primary key); create view index_effectiveness as select indexrelname, idx_scan from pg_stat_user_indexes;',
    unless: 'A monitoring system keeps the same figures.',
    references: ['https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-INDEXES-VIEW'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const [first] = catalog.schemas.filter(({ name }) => catalog.tables.some((table) => table.schema.name === name))
    const on = catalog.schemas.find(({ name }) => name === 'public') ?? first
    if (!on || [...catalog.indexes()].length === 0) return
    if (catalog.views.some(({ name }) => name === EFFECTIVENESS_VIEW)) return
    yield { on, facts: {} }
  },

  message: ({ on }) => `${on} has no view ${EFFECTIVENESS_VIEW} that says how its database's indexes are used.`,

  fix: ({ on }) => createEffectivenessView(on),
})
