import { type Catalog, type Column, currenciesOf, holdsMoney, ownRolesOf, rule, type Table } from '../../src/kit.js'

/** Decimal places of currencies that have more than two (ISO 4217). */
const PLACES: Readonly<Record<string, number>> = {
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
}

export default rule({
  severity: 'error',
  tier: 'inferred',
  confidence: 0.9,
  aboutMoney: true,
  complexity: 'medium',
  docs: {
    summary: 'Give amounts as many decimal places as the smallest unit of each currency that they may be in.',
    why: 'The dinar of Kuwait has a thousand fils. In numeric(12, 2) an amount of 1.235 is rounded to 1.24 without a word, and no invoice in that currency adds up.',
    bad: "create table invoice (id bigint primary key, number text not null unique, due_date date not null, currency char(3) not null check (currency in ('USD', 'JPY', 'KWD')), total numeric(12, 2) not null);",
    good: "create table invoice (id bigint primary key, number text not null unique, due_date date not null, currency char(3) not null check (currency in ('USD', 'JPY', 'KWD')), total numeric(13, 3) not null);",
    unless: 'The currency is in the list, and nobody is ever billed in it.',
    references: ['https://www.iso.org/iso-4217-currency-codes.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const { table } of ownRolesOf(catalog).all) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const { currency, places } = finestOf(table, catalog)
      const columns = table.columns.filter(
        (column) => !column.inherited && holdsMoney(column) === 'yes' && isCoarser(column, places),
      )
      if (columns.length > 0)
        yield { on: table, related: columns, facts: { currency, places, columns: columns.map(({ name }) => name) } }
    }
  },

  message: ({ on, facts: { currency, places, columns } }) =>
    `${on} may hold ${currency}, which has ${places} decimal places, and ${columns.join(', ')} ${columns.length > 1 ? 'have' : 'has'} fewer.`,

  advice: ({ facts: { places, columns } }) =>
    `Give ${columns.join(', ')} ${places} decimal places and as many digits more; a greater scale writes the table anew.`,
})

/** The currency with most decimal places among those that the table lets in. */
function finestOf(table: Table, catalog: Catalog): { readonly currency: string; readonly places: number } {
  const found = ownRolesOf(catalog)
    .columnsOf(table, 'currency')
    .flatMap(currenciesOf)
    .flatMap((currency) => {
      const places = PLACES[currency]
      return places === undefined ? [] : [{ currency, places }]
    })
  return found.toSorted((a, b) => b.places - a.places)[0] ?? { currency: '', places: 0 }
}

function isCoarser({ type }: Column, places: number): boolean {
  return type.name === 'numeric' && type.scale !== null && type.scale < places && type.scale > 0
}
