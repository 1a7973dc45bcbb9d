import { rule } from '../../src/kit.js'

/** Transactions after which autovacuum freezes a table whatever else it does, unless the table says otherwise. */
const FORCED = 200_000_000
/** Transaction ids that can be told apart. */
const LIMIT = 2 ** 31
const LATE = 500_000_000
const ACT = 1_200_000_000
/** Of multixacts autovacuum freezes after 400 million. */
const LATE_MULTIXACTS = 800_000_000

export default rule({
  severity: 'warning',
  tier: 'measured',
  impact: 'high',
  docs: {
    summary: 'Let vacuum freeze old rows before transaction ids run out.',
    why: 'At two thousand million transactions without a freeze the server refuses every write until the table is vacuumed, which takes hours on the tables where it happens.',
    bad: `create table event (id bigint primary key);
      -- statistics: public.event {"frozenXidAge": 1300000000}`,
    good: `create table event (id bigint primary key);
      -- statistics: public.event {"frozenXidAge": 150000000}`,
    references: ['https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND'],
  },
  needs: ['catalog', 'statistics'],

  *detect({ catalog, statistics }) {
    const setting = Number(statistics.server?.settings['autovacuum_freeze_max_age'] ?? FORCED)
    for (const table of catalog.tables) {
      const { frozenXidAge = 0, frozenMultixactAge = 0 } = statistics.table(table) ?? {}
      const forced = Number(table.options['autovacuum_freeze_max_age'] ?? setting)
      const late = frozenXidAge >= Math.min(Math.max(LATE, forced * 2), ACT)
      if (!late && frozenMultixactAge < LATE_MULTIXACTS) continue
      const ofMultixacts = frozenMultixactAge >= LATE_MULTIXACTS && frozenMultixactAge > frozenXidAge
      const age = ofMultixacts ? frozenMultixactAge : frozenXidAge
      yield {
        on: table,
        facts: { age, percent: Math.round((age * 100) / LIMIT), what: ofMultixacts ? 'multixacts' : 'transactions' },
        ...(age >= ACT ? { assessment: { severity: 'error' } } : {}),
      }
    }
  },

  message: ({ on, facts: { age, percent, what } }) =>
    `${on} was not frozen for ${Math.round(age / 1e6)} million ${what}, ${percent} % of what the server can bear.`,

  advice: () =>
    'Find what holds vacuum back (long transactions, replication slots, prepared transactions), then run VACUUM (FREEZE) on the table.',
})
