import {
  addCheck,
  afterReview,
  type Column,
  documentTotalsOf,
  equationsOf,
  holdsMoney,
  isNeverNegative,
  mentions,
  ownRolesOf,
  quoteIdentifier,
  rule,
  usageLimitsOf,
  wordsOf,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.7,
  docs: {
    summary: 'Give an amount the CHECK that its neighbours have, and the total of an invoice or a payment in any case.',
    why: 'A negative price or quantity turns a charge into a payout, and so does the total of an invoice. Where most amounts are kept from it, the one that is not was forgotten.',
    bad: `create table plan (id bigint primary key, setup_fee numeric(12, 2) not null check (setup_fee >= 0),
      monthly_price numeric(12, 2) not null check (monthly_price >= 0), yearly_price numeric(12, 2) not null);`,
    good: `create table plan (id bigint primary key, setup_fee numeric(12, 2) not null check (setup_fee >= 0),
      monthly_price numeric(12, 2) not null check (monthly_price >= 0), balance numeric(12, 2) not null);`,
    unless: 'Corrections and refunds are written as negative amounts.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog'],
  reveals: ['constraints/unchecked-amount'],

  *detect({ catalog }) {
    const tables = catalog.tables.filter(({ partitionOf, variety }) => !partitionOf && variety !== 'foreign')
    const checked = new Map<string, number>()
    const amounts = tables.map((table) => {
      const columns = table.columns.filter(isAmount)
      const guarded = columns.filter((column) => isNeverNegative(column) === 'yes')
      for (const { name } of guarded) checked.set(name, (checked.get(name) ?? 0) + 1)
      return { table, columns, guarded }
    })
    for (const { table, columns, guarded } of amounts) {
      const open = columns.filter((column) => !column.inherited && isNeverNegative(column) === 'no')
      const many = guarded.length >= 2 && guarded.length >= open.length
      const totals = documentTotalsOf(table, catalog).filter(
        (column) => !column.inherited && isNeverNegative(column) === 'no',
      )
      const suspects = open.filter(({ name }) => many || (checked.get(name) ?? 0) >= 2)
      if (suspects.length + totals.length === 0) continue
      const explained = [
        ...usageLimitsOf(table).map(({ counter }) => counter),
        ...equationsOf(table).map(({ target }) => target),
      ]
      const forgotten = suspects.filter((column) => !explained.includes(column))
      const named = [...new Set([...forgotten, ...totals])]
      // Beside so many that are kept from it, the others would be the next that were forgotten.
      const kept = guarded.length + named.length
      const others = open.filter((column) => !named.includes(column) && !explained.includes(column))
      const found = table.columns.filter(
        (column) => named.includes(column) || (kept >= 2 && kept >= others.length && others.includes(column)),
      )
      if (found.length === 0) continue
      yield {
        on: table,
        related: found,
        facts: {
          columns: found.map(({ name }) => name),
          beside: forgotten.length > 0 ? 'amounts' : (ownRolesOf(catalog).of(table)?.role ?? 'invoice'),
        },
      }
    }
  },

  message: ({ on, facts: { columns, beside } }) =>
    beside !== 'amounts'
      ? `${on} lets ${columns.join(', ')} be negative, which turns ${beside === 'invoice' ? 'an invoice' : 'a payment'} into its opposite.`
      : `${on} lets ${columns.join(', ')} be negative, where the amounts beside ${columns.length > 1 ? 'them' : 'it'} or of the same name may not be.`,

  advice: ({ facts: { columns } }) => `Add CHECK (${columns.map((name) => `${name} >= 0`).join(' and ')}).`,

  fix: ({ on, facts: { columns } }) => {
    const found = columns.flatMap((name) => on.column(name) ?? [])
    return afterReview(
      `May ${columns.join(' or ')} of ${on} be negative, as a refund or a correction? The steps say no.`,
      addCheck(on, found, found.map(({ name }) => `${quoteIdentifier(name)} >= 0`).join(' and ')),
    )
  },
})

/** Money or a quantity that has no reason to be negative by its name. */
function isAmount(column: Column): boolean {
  if (column.generated || column.identity) return false
  const words = wordsOf(column.name)
  if (mentions(words, 'adjustment', 'balance', 'remaining', 'earning', 'budget', 'due', 'rate', 'net')) return false
  if (mentions(words, 'quantity') && /^(?:int[248]|numeric|float[48])$/.test(column.type.name)) return true
  return holdsMoney(column) === 'yes'
}
