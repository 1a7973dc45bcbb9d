import { rule } from '../../src/kit.js'

/** A table with fewer rows is young. */
const ENOUGH = 100_000
/** A feature that is being built has empty columns for a while; several at once in one table are said together. */

export default rule({
  severity: 'info',
  tier: 'measured',
  confidence: 0.7,
  docs: {
    summary: 'Drop a column that no row fills.',
    why: 'It stands in every model, form and export, and whoever reads the schema takes it for something that is known.',
    bad: `create table invoice (id bigint primary key, fax_number text);
      -- statistics: public.invoice {"rows": 800000, "lastAnalyze": "2026-01-20T00:00:00Z"}
      -- statistics: public.invoice.fax_number {"nullFraction": 1}`,
    good: `create table invoice (id bigint primary key, fax_number text);
      -- statistics: public.invoice {"rows": 800000, "lastAnalyze": "2026-01-20T00:00:00Z"}
      -- statistics: public.invoice.fax_number {"nullFraction": 0.999}`,
    unless:
      'It is for something that has just been built, or that happens to hardly any row: ANALYZE looks at 30,000 of them.',
    references: ['https://www.postgresql.org/docs/current/view-pg-stats.html'],
  },
  needs: ['catalog', 'statistics'],

  *detect({ catalog, statistics }) {
    for (const table of catalog.tables) {
      const counted = statistics.table(table)
      if (table.partitionOf || !counted?.lastAnalyze || (counted.rows ?? 0) < ENOUGH) continue
      const empty = table.columns.filter((column) => {
        if (column.notNull || column.generated || column.inherited || column.default !== null) return false
        // What ends, fails or goes away is rarely filled, and should be there when it is.
        return (
          statistics.column(column)?.nullFraction === 1 &&
          !column.type.name.startsWith('timestamp') &&
          column.type.name !== 'date'
        )
      })
      const used = new Set([
        ...table.foreignKeys.flatMap(({ columns }) => columns),
        ...table.checks.flatMap(({ columns }) => columns),
        ...table.indexes.flatMap(({ keys }) => keys.flatMap(({ column }) => column ?? [])),
        ...catalog.views.flatMap(({ dependsOnColumns }) => dependsOnColumns),
      ])
      const unused = empty.filter((column) => !used.has(column))
      if (unused.length === 0) continue
      yield { on: table, related: unused, facts: { columns: unused.map(({ name }) => name), rows: counted.rows ?? 0 } }
    }
  },

  message: ({ on, facts: { columns, rows } }) =>
    `None of the rows of ${on} that ANALYZE looked at has a value in ${columns.join(', ')} (of about ${rows}).`,

  advice: ({ on, facts: { columns } }) =>
    `Count with a query whether any row of ${on} has ${columns.length > 1 ? 'them' : 'it'}, find what would write ${columns.length > 1 ? 'them' : 'it'}, and drop what nothing does.`,
})
