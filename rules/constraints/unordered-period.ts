import { addCheck, isOrdered, orderId, type Period, periodsOf, quoteIdentifier, rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  aboutMoney: true,
  docs: {
    summary: 'Let a CHECK keep the end of a period after its start.',
    why: 'A period that ends before it starts bills a negative time, matches no date, and makes every range function over it fail with an error later on.',
    bad: 'create table lease (id bigint primary key, starts_at timestamptz not null, ends_at timestamptz);',
    good: 'create table lease (id bigint primary key, starts_at timestamptz not null, ends_at timestamptz, check (ends_at > starts_at));',
    unless: 'The columns are copied from a system that may send them in any order.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog'],
  uses: ['sample'],
  tier: 'inferred',
  confidence: 0.9,

  *detect({ catalog, sample }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const period of periodsOf(table)) {
        const { start, end, nature } = period
        if (end.inherited || isOrdered(period) !== 'no') continue
        const { grounds, tallies } = sample?.predicate(orderId(period)) ?? {}
        // Where many rows contradict it, it is not what the names mean.
        if (grounds?.verdict === 'refuted') continue
        const operator = (tallies?.['equal'] ?? 0) > 0 ? '>=' : operatorFor(period)
        yield {
          on: end,
          related: [start],
          facts: { start: start.name, end: end.name, operator, open: !end.notNull },
          ...(grounds ? { grounds } : {}),
          ...(nature === 'recorded' ? { assessment: { severity: 'info' } } : {}),
        }
      }
    }
  },

  message: ({ on, facts: { start, end } }) => `${on.table} lets ${end} lie before ${start}.`,

  advice: ({ facts: { start, end, operator, open } }) =>
    `Add CHECK (${end} ${operator} ${start})${open ? `; an open period, where ${end} is null, still passes` : ''}. Repair the rows that break it first: once the constraint stands, even an update of another column of such a row fails.`,

  fix: ({ on, facts: { start, end, operator } }) => {
    const from = on.table.column(start)
    return from ? addCheck(on.table, [from, on], `${quoteIdentifier(end)} ${operator} ${quoteIdentifier(start)}`) : []
  },
})

/** A period of days may be one day that is named twice, and what was recorded may have begun and ended in one instant. */
function operatorFor({ end, nature }: Period): '>' | '>=' {
  return end.type.name === 'date' || nature === 'recorded' ? '>=' : '>'
}
