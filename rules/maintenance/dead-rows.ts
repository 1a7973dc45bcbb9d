import { quoteRelation, rule } from '../../src/kit.js'

/** Autovacuum's default lets a sixth of a table be dead; this much says that it does not keep up. */
const MOST = 0.4
/** Fewer are not worth a word. */
const ENOUGH = 50_000
/** Younger transactions end before vacuum comes again. */
const HOLDS = 100_000

export default rule({
  severity: 'warning',
  tier: 'measured',
  docs: {
    summary: 'Let autovacuum keep up with the table.',
    why: 'Every scan reads the dead rows too, and the table grows by what is not reclaimed.',
    bad: `create table event (id bigint primary key);
      -- statistics: public.event {"liveRows": 100000, "deadRows": 150000}`,
    good: `create table event (id bigint primary key);
      -- statistics: public.event {"liveRows": 100000, "deadRows": 15000}`,
    references: ['https://www.postgresql.org/docs/current/routine-vacuuming.html'],
  },
  needs: ['catalog', 'statistics'],
  yieldsTo: ['redundancy/unread-table'],

  *detect({ catalog, statistics }) {
    const [oldest] = statistics.server?.holders ?? []
    const holder =
      oldest && (oldest.xidAge >= HOLDS || (oldest.hours ?? 0) >= 1)
        ? { kind: oldest.kind, name: oldest.name, xidAge: oldest.xidAge }
        : null
    for (const table of catalog.tables) {
      // Switched off for the table is another finding.
      if (/^(?:f|of|n|0)/i.test(table.options['autovacuum_enabled'] ?? '')) continue
      const counted = statistics.table(table)
      if (!counted || counted.deadRows < ENOUGH) continue
      const share = counted.deadRows / (counted.deadRows + counted.liveRows)
      if (share < MOST) continue
      const { deadRows: dead, lastVacuum } = counted
      yield { on: table, facts: { dead, percent: Math.round(share * 100), lastVacuum, holder } }
    }
  },

  message: ({ on, facts: { dead, percent, lastVacuum } }) =>
    `${percent} % of the rows of ${on} are dead (${dead}); ${lastVacuum === null ? 'no vacuum of it is known' : `it was last vacuumed on ${lastVacuum.slice(0, 10)}`}.`,

  advice: ({ on, facts: { holder } }) =>
    `${holder ? `End what holds vacuum back first: the ${holder.kind} ${holder.name}, which keeps the dead rows of ${holder.xidAge} transactions` : 'Look for transactions and replication slots that hold vacuum back'}; then let it start earlier: alter table ${quoteRelation(on)} set (autovacuum_vacuum_scale_factor = 0.02).`,
})
