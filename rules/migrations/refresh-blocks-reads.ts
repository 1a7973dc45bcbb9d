import { addressOf, describeSize, rule, sizeOf } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Refresh a materialized view CONCURRENTLY when it is in use.',
    why: 'A plain REFRESH keeps readers out while its query runs.',
    bad: 'create materialized view total as select 1 as id;\n-- migration\nrefresh materialized view total;',
    good: 'create materialized view total as select 1 as id; create unique index on total (id);\n-- migration\nrefresh materialized view concurrently total;',
    unless: 'Nobody reads it while the migration runs.',
    references: ['https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements())
      for (const view of statement.rewritten) {
        const size = sizeOf(migrations, [view])
        if (view.kind !== 'materialized view' || size.weight === 'small') continue
        yield {
          on: statement.about(view),
          facts: {
            view: addressOf(view),
            hasKey: view.indexes.some(({ unique, definition }) => unique && !/ WHERE /.test(definition)),
            rows: size.rows,
            bytes: size.bytes,
          },
          assessment: { tier: statement.basis },
        }
      }
  },

  message: ({ facts: { view, ...size } }) => `Nobody reads ${view} (${describeSize(size)}) while it is refreshed.`,

  advice: ({ facts: { hasKey } }) =>
    hasKey ? 'Refresh it CONCURRENTLY.' : 'Give it a unique index on columns, and refresh it CONCURRENTLY.',
})
