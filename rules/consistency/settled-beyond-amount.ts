import {
  addCheck,
  afterReview,
  checksOf,
  equationsOf,
  isKept,
  isNeverNegative,
  mayTakeBack,
  ordersColumns,
  quoteIdentifier,
  type Role,
  ownRolesOf,
  rule,
  type Settlement,
  settlementsOf,
} from '../../src/kit.js'

const DOCUMENTS = ['invoice', 'payment', 'credit'] as const satisfies readonly Role[]

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.8,
  aboutMoney: true,
  docs: {
    summary: 'Let a CHECK keep what was paid or refunded within what the row comes to.',
    why: 'A payment that is applied twice, or a refund that two people click at once, is noticed only when the books are closed. With the CHECK the second one fails, whatever the application does: both update one row, and the second waits for the first.',
    bad: 'create table invoice (id bigint primary key, number text not null unique, currency char(3) not null, due_date date not null, total numeric(12, 2) not null, amount_paid numeric(12, 2) not null);',
    good: 'create table invoice (id bigint primary key, number text not null unique, currency char(3) not null, due_date date not null, total numeric(12, 2) not null, amount_paid numeric(12, 2) not null, check (amount_paid <= total));',
    unless: 'An overpayment stays on the document until it is paid back.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of ownRolesOf(catalog).tablesIn(...DOCUMENTS)) {
      if (table.variety === 'foreign') continue
      for (const settlement of settlementsOf(table)) {
        const { whole, settled } = settlement
        if (settled.inherited || settled.generated || isBounded(settlement)) continue
        // Where both are below zero, what was paid is more than the whole.
        if (isNeverNegative(whole) !== 'yes' && mayTakeBack(table, catalog)) continue
        yield { on: settled, related: [whole], facts: { settled: settled.name, whole: whole.name } }
      }
    }
  },

  message: ({ on, facts: { whole } }) => `${on} may be more than ${whole}.`,

  advice: ({ facts: { settled, whole } }) => `Add CHECK (${settled} <= ${whole}).`,

  fix: ({ on, facts: { whole } }) => {
    const other = on.table.column(whole)
    if (!other) return []
    return afterReview(
      `May ${on.name} of ${on.table} never be more than ${whole}: is what is paid too much kept elsewhere, and is ${whole} never negative?`,
      addCheck(on.table, [on, other], `${quoteIdentifier(on.name)} <= ${quoteIdentifier(whole)}`),
    )
  },
})

/** A CHECK compares both, or the rest between them is kept and may not be negative. */
function isBounded({ whole, settled }: Settlement): boolean {
  const { table } = settled
  if (checksOf(table).some((check) => ordersColumns(check, whole, settled))) return true
  return (
    equationsOf(table).some(
      (equation) =>
        equation.minus.includes(settled) &&
        equation.plus.includes(whole) &&
        isKept(equation) !== 'no' &&
        isNeverNegative(equation.target) !== 'no',
    ) ||
    table.triggers.some(({ function: routine }) => {
      const source = routine?.source?.toLowerCase() ?? ''
      return source.includes('raise') && [whole, settled].every(({ name }) => source.includes(name.toLowerCase()))
    })
  )
}
