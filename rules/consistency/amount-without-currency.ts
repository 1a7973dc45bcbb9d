import {
  amountOf,
  type Catalog,
  type Column,
  holdsMoney,
  mentions,
  type Role,
  ownRolesOf,
  rule,
  type Table,
  wordsOf,
} from '../../src/kit.js'

/** Documents of their own. Lines, entries and credits are in the currency of what they belong to. */
const DOCUMENTS: readonly Role[] = ['price', 'plan', 'invoice', 'payment', 'subscription', 'ledger account']
const PARTS: readonly Role[] = ['invoice line', 'subscription item', 'credit', 'payment allocation', 'ledger entry']

/** So many tables further a currency may stand. */
const FAR = 3

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.75,
  aboutMoney: true,
  docs: {
    summary: 'Keep the currency beside every amount.',
    why: '12.50 of what? Where other amounts of the same database have a currency, a sum over the ones without adds euros to yen, and nobody can tell afterwards which was which.',
    bad: `create table invoice (id bigint primary key, number text not null unique, due_date date not null, currency char(3) not null, total numeric(12, 2) not null);
      create table payout (id bigint primary key, amount numeric(12, 2) not null, status text not null check (status in ('pending', 'in_transit', 'settled', 'failed')), provider_transfer_id text not null unique, settled_at timestamptz);`,
    good: `create table invoice (id bigint primary key, number text not null unique, due_date date not null, currency char(3) not null, total numeric(12, 2) not null);
      create table payout (id bigint primary key, amount numeric(12, 2) not null, currency char(3) not null, status text not null check (status in ('pending', 'in_transit', 'settled', 'failed')), provider_transfer_id text not null unique, settled_at timestamptz);`,
    unless: 'All amounts are in one currency, and the others only say so.',
    references: ['https://www.iso.org/iso-4217-currency-codes.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const roles = ownRolesOf(catalog)
    // Where no amount has a currency, the house has decided for one.
    if (!roles.all.some(({ table }) => hasCurrency(table, catalog))) return
    const bare = roles.all.flatMap(({ table, role }) => {
      if (table.partitionOf || table.variety === 'foreign') return []
      const isPart = PARTS.includes(role)
      const amount = isPart || DOCUMENTS.includes(role) ? amountWithout(table) : null
      const known = hasCurrency(table, catalog) || reachesCurrency(table, catalog, new Set())
      return amount && !known ? [{ table, amount, isPart }] : []
    })
    const documents = bare.filter(({ isPart }) => !isPart).map(({ table }) => table)
    for (const { table, amount, isPart } of bare) {
      if (isPart && roles.linksFrom(table).some(({ to }) => documents.includes(to))) continue
      yield { on: amount, facts: { amount: amount.name } }
    }
  },

  message: ({ on }) => `${on} is in no known currency: neither its table nor what its rows belong to has one.`,

  advice: ({ on }) =>
    `Add a currency to ${on.table}: NOT NULL, three letters, filled from what the row belongs to; where there was only one currency so far, that one.`,
})

/** The amount that a currency would belong to. */
function amountWithout(table: Table): Column | null {
  const sure = table.columns.filter((column) => holdsMoney(column) === 'yes' && !column.generated)
  return amountOf(table) ?? sure[0] ?? null
}

function hasCurrency(table: Table, catalog: Catalog): boolean {
  return (
    ownRolesOf(catalog).columnsOf(table, 'currency').length > 0 ||
    table.foreignKeys.some(({ referencedTable }) => mentions(wordsOf(referencedTable.name), 'currency')) ||
    table.columns.some(
      ({ name, type }) =>
        mentions(wordsOf(name), 'currency', 'coinage') ||
        /^(?:curr|ccy|cur)$|_(?:curr|ccy)$|iso_?4217/i.test(name) ||
        /currency|money|monetary/i.test(type.definition?.name ?? type.domain?.name ?? ''),
    )
  )
}

/** What the rows must belong to has a currency, or belongs to something that has one. */
function reachesCurrency(table: Table, catalog: Catalog, seen: Set<Table>): boolean {
  if (seen.size > FAR || seen.has(table)) return false
  seen.add(table)
  return ownRolesOf(catalog)
    .linksFrom(table)
    .filter(({ columns }) => columns.every(({ notNull }) => notNull))
    .some(({ to }) => hasCurrency(to, catalog) || reachesCurrency(to, catalog, seen))
}
