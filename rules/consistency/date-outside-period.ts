import {
  addCheck,
  AGREEMENTS,
  afterReview,
  type Column,
  innerDateId,
  innerDatesOf,
  insideOf,
  isHeldInside,
  ownRolesOf,
  rule,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.7,
  impact: 'medium',
  aboutMoney: true,
  docs: {
    summary: 'Let a CHECK keep dates of trials and prorations inside the period that they belong to.',
    why: 'A trial that ends after the term is never billed, and a proration from a day outside of the period takes more than the whole or a negative part of it: the credit is larger than what was charged.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table plan (id bigint primary key, name text not null, price numeric(12, 2) not null, currency char(3) not null, billing_interval text not null);
      create table subscription (id bigint primary key, customer_id bigint not null references customer, plan_id bigint not null references plan, status text not null check (status in ('trialing', 'active', 'canceled')),
        starts_at timestamptz not null, ends_at timestamptz, check (ends_at > starts_at), trial_ends_at timestamptz);`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table plan (id bigint primary key, name text not null, price numeric(12, 2) not null, currency char(3) not null, billing_interval text not null);
      create table subscription (id bigint primary key, customer_id bigint not null references customer, plan_id bigint not null references plan, status text not null check (status in ('trialing', 'active', 'canceled')),
        starts_at timestamptz not null, ends_at timestamptz, check (ends_at > starts_at), trial_ends_at timestamptz, check (trial_ends_at <= ends_at));`,
    unless: 'The trial comes before the term, or lines charge for other periods than their own.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog'],
  uses: ['sample'],

  *detect({ catalog, sample }) {
    for (const table of ownRolesOf(catalog).tablesIn(...AGREEMENTS)) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const open = innerDatesOf(table).filter((date) => !date.inner.inherited && !isHeldInside(date))
      const facts = open.map((date) => ({ date, fact: sample?.predicate(innerDateId(date)) }))
      // Where many rows lie outside, it is not what the names mean.
      const standing = facts.filter(({ fact }) => fact?.grounds.verdict !== 'refuted')
      const [first] = standing
      if (!first) continue
      yield {
        on: first.date.inner,
        related: standing.map(({ date }) => date.bound),
        facts: {
          bounds: standing.map(({ date: { inner, operator, bound } }) => ({
            inner: inner.name,
            operator,
            bound: bound.name,
          })),
        },
        ...(first.fact ? { grounds: first.fact.grounds } : {}),
      }
    }
  },

  message: ({ on, facts: { bounds } }) =>
    `${on.table} lets ${bounds.map(({ inner, operator, bound }) => `${inner} lie ${operator === '>=' ? 'before' : 'after'} ${bound}`).join(', and ')}.`,

  advice: ({ facts: { bounds } }) =>
    `Add CHECK (${bounds.map(({ inner, operator, bound }) => `${inner} ${operator} ${bound}`).join(' and ')}); rows without a date pass.`,

  fix: ({ on, facts: { bounds } }) => {
    const dates = innerDatesOf(on.table).filter((date) =>
      bounds.some((one) => one.inner === date.inner.name && one.bound === date.bound.name),
    )
    const columns = [...new Set(dates.flatMap(({ inner, bound }): readonly Column[] => [inner, bound]))]
    return afterReview(
      `Is it always so in ${on.table} that ${bounds.map(({ inner, operator, bound }) => `${inner} is ${operator === '>=' ? 'not before' : 'not after'} ${bound}`).join(' and ')}, also when a trial is prolonged or a term is broken off?`,
      addCheck(on.table, columns, dates.map(insideOf).join(' and ')),
    )
  },
})
