import { quoteRelation, rule, type Table } from '../../src/kit.js'

/** On fewer rows a wrong plan costs nothing. */
const ENOUGH = 10_000

export default rule({
  severity: 'warning',
  tier: 'measured',
  docs: {
    summary: 'Analyze a table of which the planner knows nothing.',
    why: 'Without statistics the planner guesses: joins and indexes are chosen for a table of another size and other values.',
    bad: `create table event (id bigint primary key);
      -- statistics: public.event {"liveRows": 100000, "lastAnalyze": null}`,
    good: `create table event (id bigint primary key);
      -- statistics: public.event {"liveRows": 100000, "lastAnalyze": "2026-01-30T00:00:00Z"}`,
    references: ['https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-STATISTICS'],
  },
  needs: ['catalog', 'statistics'],

  *detect({ catalog, statistics }) {
    const unknown = new Map<Table, number>()
    for (const table of catalog.tables) {
      const counted = table.variety === 'ordinary' ? statistics.table(table) : undefined
      if (!counted || counted.lastAnalyze !== null || counted.liveRows < ENOUGH) continue
      // A reset of the counters forgets when it was analyzed, not what was found.
      if (table.columns.some((column) => statistics.column(column))) continue
      const root = rootOf(table)
      unknown.set(root, (unknown.get(root) ?? 0) + counted.liveRows)
    }
    for (const [table, rows] of unknown) yield { on: table, facts: { rows } }
  },

  message: ({ on, facts: { rows } }) => `${on} has ${rows} rows that were never analyzed.`,

  advice: ({ on }) =>
    `Run: analyze ${quoteRelation(on)}. After an upgrade of the server, run vacuumdb --analyze-in-stages on the whole database.`,
})

function rootOf(table: Table): Table {
  return table.partitionOf ? rootOf(table.partitionOf) : table
}
