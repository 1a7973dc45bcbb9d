import { aboutQuery, type GenericPlan, rule } from '../../src/kit.js'

/** Times that the plan for any value costs more than the plan for the value, or the value more than was planned for any. */
const FAR_OFF = 10

export default rule({
  severity: 'warning',
  tier: 'measured',
  confidence: 0.8,
  docs: {
    summary: 'Plan a prepared statement for its values, where one plan cannot be right for all of them.',
    why: 'After five executions the server may keep one plan of a prepared statement for whatever comes. Where one value has most of the rows and others have a few, that plan reads the whole table for a few rows, or looks up most of the table row by row.',
    bad: `create table payment (id bigint primary key, state text not null, amount numeric(12, 2) not null);
create index payment_state_idx on payment (state);
-- workload
-- name: by_state
select id, amount from payment where state = $1;
-- generic plan: by_state {"column": "public.payment.state", "commonShare": 0.97, "rareShare": 0.0001, "cost": {"generic": 21000, "common": 22000, "rare": 90}, "access": {"generic": "Seq Scan", "common": "Seq Scan", "rare": "Index Scan using payment_state_idx"}}`,
    good: `create table payment (id bigint primary key, state text not null, amount numeric(12, 2) not null);
create index payment_state_idx on payment (state);
-- workload
-- name: by_state
select id, amount from payment where state = $1;
-- generic plan: by_state {"column": "public.payment.state", "commonShare": 0.4, "rareShare": 0.01, "cost": {"generic": 9000, "common": 22000, "rare": 900}, "access": {"generic": "Index Scan using payment_state_idx", "common": "Index Scan using payment_state_idx", "rare": "Index Scan using payment_state_idx"}}`,
    unless:
      'The statement is sent without a name, so that it is planned each time, or only ever with values of one kind.',
    references: [
      'https://www.postgresql.org/docs/current/sql-prepare.html#SQL-PREPARE-NOTES',
      'https://www.postgresql.org/docs/current/runtime-config-query.html#GUC-PLAN-CACHE-MODE',
    ],
  },
  needs: ['catalog', 'workload', 'plans'],

  *detect({ catalog, workload, plans }) {
    for (const generic of plans.generic) {
      const hurts = whatItHurts(generic)
      const table = generic.column.slice(0, generic.column.lastIndexOf('.'))
      const on =
        hurts &&
        aboutQuery(
          generic.query,
          workload,
          catalog,
          catalog.tables.find(({ address }) => address === table),
        )
      if (!on) continue
      const { column, commonShare, rareShare, cost, access } = generic
      yield {
        on,
        facts: { hurts, column, commonShare, rareShare, cost: { ...cost }, access: { ...access } },
        // It is kept only where the first five executions cost as much, as those with the commonest value do.
        assessment: hurts === 'rare' ? { severity: 'info' as const, confidence: 0.6 } : {},
      }
    }
  },

  message: ({ on, facts: { hurts, column, commonShare, cost, access } }) =>
    hurts === 'rare'
      ? `${on} may be kept with ${access.generic} for every value of ${column}, once it was prepared and sent five times with the commonest (${percent(commonShare)} of the rows): a cost of ${number(cost.generic)}, where for a rare value ${access.rare} costs ${number(cost.rare)}.`
      : `${on} would take ${access.generic} for every value of ${column} once it is prepared, planned to cost ${number(cost.generic)}; the commonest has ${percent(commonShare)} of the rows, and the plan made for it (${access.common}) costs ${number(cost.common)} already.`,

  advice: ({ facts: { hurts, column } }) =>
    `Let it be planned for its values: send it without a name (node-postgres prepares only what has one), or \`set local plan_cache_mode = force_custom_plan\` before it. ${
      hurts === 'common'
        ? 'Or send a statement of its own for the commonest value.'
        : `A partial index that leaves out the commonest value of ${column} serves only a statement with that condition written in it.`
    }`,
})

/** Whom one plan for all values hurts, and by far; null for nobody. */
function whatItHurts({ cost, access }: GenericPlan): 'rare' | 'common' | null {
  if (access.generic !== access.rare && cost.generic >= FAR_OFF * cost.rare) return 'rare'
  if (access.generic !== access.common && cost.common >= FAR_OFF * cost.generic) return 'common'
  return null
}

function number(cost: number): string {
  return Math.round(cost).toLocaleString('en')
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
