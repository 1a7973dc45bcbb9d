import { quoteLiteral, rule } from '../../src/kit.js'

/** Transactions: a slot that keeps dead rows for so long is not only busy. */
const OLD = 50_000_000
const GIBIBYTE = 2 ** 30
const MOST_LOG = 20 * GIBIBYTE
/** Two-phase commits take seconds. */
const FORGOTTEN_HOURS = 24
/** No transaction of an application takes half a day, and every vacuum since has left its dead rows. */
const OPEN_HOURS = 12

export default rule({
  severity: 'warning',
  tier: 'measured',
  impact: 'high',
  docs: {
    summary: 'Remove what keeps vacuum and the log from being cleaned up.',
    why: 'A replication slot that nobody reads, or a transaction that nobody ends, keeps every dead row of the database and every file of the log until the disk is full.',
    bad: `create table event (id bigint primary key);
      -- statistics: server {"slots": [{"name": "old_replica", "active": false, "xidAge": 90000000, "retainedBytes": 90000000000}]}`,
    good: `create table event (id bigint primary key);
      -- statistics: server {"slots": [{"name": "replica", "active": true, "xidAge": 900, "retainedBytes": 90000}]}`,
    unless: 'The subscriber is down for maintenance and comes back soon.',
    references: ['https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION-SLOTS'],
  },
  needs: ['catalog', 'statistics'],

  *detect({ catalog, statistics: { server } }) {
    const holding = (server?.slots ?? []).filter(
      ({ xidAge, retainedBytes, active }) => (xidAge ?? 0) >= OLD || (!active && (retainedBytes ?? 0) >= MOST_LOG),
    )
    const forgotten = (server?.preparedTransactions ?? []).filter(({ hours }) => hours >= FORGOTTEN_HOURS)
    const sessions = (server?.holders ?? []).filter(
      ({ kind, hours, xidAge }) => kind === 'session' && ((hours ?? 0) >= OPEN_HOURS || xidAge >= OLD),
    )
    if (holding.length + forgotten.length + sessions.length === 0) return
    yield {
      on: catalog.database,
      facts: {
        slots: holding.map(({ name, active, xidAge, retainedBytes }) => ({ name, active, xidAge, retainedBytes })),
        prepared: forgotten.map(({ name, hours }) => ({ name, hours })),
        sessions: sessions.map(({ name, hours, xidAge }) => ({ name, hours, xidAge })),
      },
    }
  },

  message: ({ facts: { slots, prepared, sessions } }) =>
    [
      ...slots.map(({ name, active, xidAge, retainedBytes }) => {
        const kept = [
          ...((xidAge ?? 0) >= OLD ? [`dead rows of ${Math.round((xidAge ?? 0) / 1e6)} million transactions`] : []),
          ...((retainedBytes ?? 0) >= GIBIBYTE
            ? [`${Math.round((retainedBytes ?? 0) / GIBIBYTE)} GiB of the log`]
            : []),
        ]
        return `The replication slot ${name}${active ? '' : ', which nobody reads,'} keeps ${kept.join(' and ')}.`
      }),
      ...prepared.map(
        ({ name, hours }) => `The prepared transaction ${name} has waited for ${hours} hours, with all its locks.`,
      ),
      ...sessions.map(
        ({ name, hours, xidAge }) =>
          `A transaction of ${name} ${hours === null ? '' : `has been open for ${hours} hours and `}keeps the dead rows of ${xidAge} transactions.`,
      ),
    ].join(' '),

  advice: ({ facts: { slots, prepared, sessions } }) =>
    [
      slots.length > 0
        ? `Let the subscriber catch up, or drop the slot: pg_drop_replication_slot(${quoteLiteral(slots[0]?.name ?? '')}). max_slot_wal_keep_size limits what a slot may keep.`
        : '',
      prepared.length > 0 ? 'Commit or roll back what its coordinator has forgotten.' : '',
      sessions.length > 0
        ? 'End the transaction, and let idle_in_transaction_session_timeout and transaction_timeout end the next one.'
        : '',
    ]
      .filter(Boolean)
      .join(' '),
})
