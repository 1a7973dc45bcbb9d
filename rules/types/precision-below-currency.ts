import {
  afterReview,
  changeColumnTypes,
  type Catalog,
  type Column,
  currenciesOf,
  extraDigitsOf,
  holdsMoney,
  ownRolesOf,
  type Role,
  rule,
  type Table,
} from '../../src/kit.js'

/** Tables whose amounts are what somebody owes or has paid; and those whose amounts are prices. */
const DOCUMENTS = new Set<Role>([
  'invoice',
  'payment',
  'credit',
  'payment allocation',
  'ledger account',
  'ledger entry',
])
const PRICES = new Set<Role>(['plan', 'price', 'invoice line', 'subscription item'])

/** Digits before the decimal point that a price and a document want in dollars or euros. */
const OF_PRICE = 4
const OF_DOCUMENT = 6

/** The widest type that is asked for. */
const PRECISION = 19

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.8,
  impact: 'medium',
  aboutMoney: true,
  complexity: 'medium',
  docs: {
    summary: 'Give amounts as many digits as the largest numbers of each currency that they may be in.',
    why: 'An invoice in rupiah has four digits more than the same one in dollars: with the digits that dollars need it is refused on the day when a customer there buys more than usual.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, number text not null unique, due_date date not null, total numeric(9, 2) not null,
        currency char(3) not null check (currency in ('EUR', 'IDR')));`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, number text not null unique, due_date date not null, total numeric(14, 2) not null,
        currency char(3) not null check (currency in ('EUR', 'IDR')));`,
    unless: 'Amounts in those currencies are kept in thousands, or elsewhere.',
    references: [
      'https://www.iso.org/iso-4217-currency-codes.html',
      'https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-NUMERIC-DECIMAL',
    ],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const { table, role } of ownRolesOf(catalog).all) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const narrow = narrowIn(table, role, catalog)
      const [first] = narrow
      if (!first) continue
      yield {
        on: table,
        related: narrow.map(({ column }) => column),
        facts: { code: first.code, columns: narrow.map(({ column, type }) => ({ name: column.name, type })) },
      }
    }
  },

  message: ({ on, facts: { columns, code } }) =>
    `${on} takes amounts in ${code}, and ${columns.map(({ name }) => name).join(', ')} ${columns.length > 1 ? 'have' : 'has'} too few digits for them.`,

  advice: ({ facts: { columns } }) =>
    `Widen ${columns.map(({ name, type }) => `${name} to ${type}`).join(', ')}, with what is compared with or added up from them.`,

  fix: ({ on, catalog, target, facts: { columns, code } }) =>
    afterReview(
      `Are amounts of ${on} in ${code} kept here, in whole units of it, and do the programs that read ${columns.map(({ name }) => name).join(', ')} take that many digits?`,
      changeColumnTypes(
        columns.flatMap(({ name, type }) => {
          const column = on.column(name)
          return column ? [{ column, type }] : []
        }),
        { catalog, target },
      ),
    ),
})

interface Narrow {
  readonly column: Column
  readonly code: string
  /** The type that has room. */
  readonly type: string
}

function narrowIn(table: Table, role: Role, catalog: Catalog): readonly Narrow[] {
  const base = DOCUMENTS.has(role) ? OF_DOCUMENT : PRICES.has(role) ? OF_PRICE : null
  const [currency, ...more] = ownRolesOf(catalog).columnsOf(table, 'currency')
  if (base === null || !currency || more.length > 0) return []
  const extra = extraDigitsOf(currenciesOf(currency))
  if (!extra) return []
  return table.columns.flatMap((column): readonly Narrow[] => {
    const { precision, scale, name, domain } = column.type
    if (name !== 'numeric' || domain || column.inherited || column.generated || precision === null || !scale) return []
    const wanted = base + extra.digits
    if (precision - scale >= wanted || holdsMoney(column) !== 'yes') return []
    return [{ column, code: extra.code, type: `numeric(${Math.max(PRECISION, wanted + scale)}, ${scale})` }]
  })
}
