import { type Detection, quoteRelation, rule, type Table } from '../../src/kit.js'

/** On fewer rows a wrong plan costs nothing. */
const ENOUGH = 10_000
/** Autovacuum analyzes when a tenth has changed; this much says that it does not. */
const MOST_CHANGED = 0.5
/** It may be on its way. */
const HOURS = 24

interface Staleness {
  readonly [fact: string]: number | string | null
  readonly rows: number
  readonly changed: number | null
  readonly lastAnalyze: string | null
}

export default rule({
  severity: 'warning',
  tier: 'measured',
  docs: {
    summary: 'Analyze a table of which the planner knows nothing, or nothing any more.',
    why: 'Without statistics the planner guesses: joins and indexes are chosen for a table of another size and other values.',
    bad: `create table event (id bigint primary key);
      -- statistics: public.event {"liveRows": 100000, "lastAnalyze": null}`,
    good: `create table event (id bigint primary key);
      -- statistics: public.event {"liveRows": 100000, "lastAnalyze": "2026-01-30T00:00:00Z"}`,
    references: ['https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-STATISTICS'],
  },
  needs: ['catalog', 'statistics'],
  yieldsTo: ['redundancy/unread-table'],

  *detect({ catalog, statistics }): Generator<Detection<Table, Staleness>> {
    const unknown = new Map<Table, number>()
    for (const table of catalog.tables) {
      const counted = table.variety === 'ordinary' ? statistics.table(table) : undefined
      if (!counted || counted.liveRows < ENOUGH) continue
      if (counted.lastAnalyze !== null) {
        const changed = counted.changedSinceAnalyze ?? 0
        const hours = (Date.parse(statistics.collectedAt) - Date.parse(counted.lastAnalyze)) / 3_600_000
        // Where autovacuum is switched off for the table, that is the finding.
        const left = /^(?:f|of|n|0)/i.test(table.options['autovacuum_enabled'] ?? '')
        if (changed >= counted.liveRows * MOST_CHANGED && hours >= HOURS && !left)
          yield {
            on: table,
            facts: { rows: counted.liveRows, changed, lastAnalyze: counted.lastAnalyze.slice(0, 10) },
          }
        continue
      }
      // A reset of the counters forgets when it was analyzed, not what was found.
      if (table.columns.some((column) => statistics.column(column))) continue
      const root = rootOf(table)
      unknown.set(root, (unknown.get(root) ?? 0) + counted.liveRows)
    }
    for (const [table, rows] of unknown) yield { on: table, facts: { rows, changed: null, lastAnalyze: null } }
  },

  message: ({ on, facts: { rows, changed, lastAnalyze } }) =>
    lastAnalyze === null
      ? `${on} has ${rows} rows that were never analyzed.`
      : `${on} has ${rows} rows, of which ${changed} changed since it was last analyzed on ${lastAnalyze}.`,

  advice: ({ on, facts: { lastAnalyze } }) =>
    lastAnalyze === null
      ? `Run: analyze ${quoteRelation(on)}. After an upgrade of the server, run vacuumdb --analyze-in-stages on the whole database.`
      : `Run: analyze ${quoteRelation(on)}; and look why autovacuum did not: its settings for the table (autovacuum_analyze_threshold, autovacuum_analyze_scale_factor), too few workers, or loads that end after it came.`,
})

function rootOf(table: Table): Table {
  return table.partitionOf ? rootOf(table.partitionOf) : table
}
