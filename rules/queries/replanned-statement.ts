import { bindWorkload, type QueryMeasures, rule } from '../../src/kit.js'

/** Calls from which planning is worth a thought. */
const MANY_CALLS = 1_000
/** Share of planning in the time of a statement from which it is worth it. */
const LARGE_SHARE = 0.3
/** Relations from which planning takes longer than finding a few rows. */
const MANY_RELATIONS = 4
/** Milliseconds for each call below which planning is likely to be a large part. */
const QUICK = 1

export default rule({
  severity: 'info',
  tier: 'measured',
  confidence: 0.9,
  docs: {
    summary: 'Prepare a statement that is sent often, so that it is planned once for each connection.',
    why: 'Planning a statement anew for each execution costs more than executing it, where it only finds a few rows by a key.',
    bad: `create table invoice (id bigint primary key, total numeric(12, 2) not null);
-- workload
-- name: invoice
-- measured: {"calls": 200000, "milliseconds": 4000, "preparations": 200000, "preparationMilliseconds": 9000}
select total from invoice where id = $1;`,
    good: `create table invoice (id bigint primary key, total numeric(12, 2) not null);
-- workload
-- name: invoice
-- measured: {"calls": 200000, "milliseconds": 4000, "preparations": 40, "preparationMilliseconds": 2}
select total from invoice where id = $1;`,
    unless:
      'Connections come through a pool that shares them by the transaction and keeps no prepared statements: PgBouncer does since 1.21 with max_prepared_statements.',
    references: [
      'https://www.postgresql.org/docs/current/sql-prepare.html',
      'https://node-postgres.com/features/queries#prepared-statements',
    ],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { query, bound, about } of bindWorkload(workload, catalog)) {
      const { measured } = query
      if (!measured || measured.calls < MANY_CALLS) continue
      const share = planningShare(measured)
      // Without track_planning nobody has counted.
      const isInferred = share === null
      const relations = bound.blocks.reduce((sum, block) => sum + block.relations.length, 0)
      const perCall = measured.milliseconds === null ? null : measured.milliseconds / measured.calls
      const isLikely =
        relations >= MANY_RELATIONS && perCall !== null && perCall < QUICK && measured.calls >= 10 * MANY_CALLS
      if (isInferred ? !isLikely : share < LARGE_SHARE || !isReplanned(measured)) continue
      yield {
        on: about(),
        facts: {
          calls: measured.calls,
          preparations: isInferred ? null : measured.preparations,
          share: share === null ? null : Number(share.toFixed(3)),
          relations,
        },
        assessment: isInferred ? { tier: 'inferred', confidence: 0.6 } : {},
      }
    }
  },

  message: ({ on, facts: { calls, preparations, share, relations } }) =>
    share === null || preparations === null
      ? `${on} is executed ${calls.toLocaleString('en')} times, each in less than a millisecond, and joins ${relations} relations: planning it is likely to take longer than running it. The server counted no planning (track_planning is off).`
      : `${on} was planned ${preparations.toLocaleString('en')} times for ${calls.toLocaleString('en')} executions, and planning took ${Math.round(share * 100)} % of its time.`,

  advice: ({ on }) =>
    `Give it a name, with which node-postgres prepares it once for each connection: \`client.query({ name: '${nameFor(on.name)}', text: '…', values: […] })\`. Look at EXPLAIN (GENERIC_PLAN) first: after five executions the plan may be one for any value.`,
})

/** Part of planning in all of a statement's time; null where it was not counted. */
function planningShare({
  preparations,
  preparationMilliseconds: planning,
  milliseconds,
}: QueryMeasures): number | null {
  if (!preparations || planning === null || milliseconds === null) return null
  return planning + milliseconds === 0 ? null : planning / (planning + milliseconds)
}

/** It was planned for nearly each execution. */
function isReplanned({ calls, preparations }: QueryMeasures): boolean {
  return preparations !== null && preparations >= 0.5 * calls
}

function nameFor(name: string): string {
  return name.replaceAll(/[^\w-]+/g, '-').slice(0, 40)
}
