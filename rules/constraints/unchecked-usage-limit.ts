import {
  addCheck,
  type Column,
  isMirror,
  isNeverNegative,
  quoteIdentifier,
  quoteRelation,
  rule,
  usageLimitsOf,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  aboutMoney: true,
  docs: {
    summary:
      'Let a CHECK keep a usage counter from going below zero, and the update that counts keep it under its limit.',
    why: 'A correction that is applied twice makes the counter negative and gives the customer free usage that no report shows.',
    bad: 'create table allowance (id bigint primary key, current_usage bigint not null default 0, usage_limit bigint not null);',
    good: 'create table allowance (id bigint primary key, current_usage bigint not null default 0 check (current_usage >= 0), usage_limit bigint not null check (usage_limit >= 0));',
    unless: 'Negative usage is a credit that the business means.',
    references: [
      'https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS',
      'https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED',
    ],
  },
  needs: ['catalog'],
  tier: 'inferred',
  confidence: 0.9,

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || isMirror(table)) continue
      for (const { counter, limit, metered } of usageLimitsOf(table)) {
        if (counter.inherited || isNeverNegative(counter) !== 'no') continue
        const unchecked = [counter, ...(meansUnlimited(limit) || isNeverNegative(limit) !== 'no' ? [] : [limit])]
        yield {
          on: counter,
          related: [limit],
          facts: { counter: counter.name, limit: limit.name, unchecked: unchecked.map(({ name }) => name) },
          ...(metered ? {} : { assessment: { severity: 'info' } }),
        }
      }
    }
  },

  message: ({ on, facts: { limit } }) => `${on} counts against ${limit}, and nothing keeps it from going below zero.`,

  advice: ({ on, facts: { counter, limit, unchecked } }) => {
    const [used, most] = [quoteIdentifier(counter), quoteIdentifier(limit)]
    return `Add ${unchecked.map((name) => `CHECK (${name} >= 0)`).join(' and ')}. Keep the upper end out of a CHECK: lawful overage, a lowered limit and late metering would all fail on it. Where the limit is hard, let the statement that counts decide: update ${quoteRelation(on.table)} set ${used} = ${used} + $1 where … and (${most} is null or ${used} + $1 <= ${most}); no row updated means that the limit is reached, and the row lock keeps two sessions from passing it together.`
  },

  fix: ({ on, facts: { unchecked } }) =>
    unchecked
      .flatMap((name) => on.table.column(name) ?? [])
      .flatMap((column) => addCheck(on.table, [column], `${quoteIdentifier(column.name)} >= 0`)),
})

/** A limit that is below zero by default, or said to be, means that there is none. */
function meansUnlimited({ default: value, comment }: Column): boolean {
  return /^\(?'?-\d/.test(value ?? '') || /-1|unlimited|no limit/i.test(comment ?? '')
}
