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

/** Records of what happened, which must not change with what they belong to. */
const RECORDS: readonly Role[] = ['invoice', 'payment']
/** Parties, and the names of a currency there that is a setting for what comes. */
const PARTIES: readonly Role[] = ['organization', 'customer', 'payment method']
const SETTING = /^(?:default|preferred|payout|settlement|home|standard|bevorzugt\w*|predeterminad[oa]|padrao|defaut)$/

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
    const isConverted = hasExchangeRates(catalog)
    const bare = roles.all.flatMap(({ table, role }) => {
      if (table.partitionOf || table.variety === 'foreign') return []
      // Books are kept in one currency, and what was in another is converted.
      if (isConverted && role.startsWith('ledger')) return []
      const isPart = PARTS.includes(role)
      const amount = isPart || DOCUMENTS.includes(role) ? amountWithout(table) : null
      const known = hasCurrency(table, catalog) || reachesCurrency(table, catalog, RECORDS.includes(role), new Set())
      if (!amount || known) return []
      return [
        {
          table,
          amount,
          isPart,
          setting: RECORDS.includes(role) ? (settingOf(table, catalog)?.address ?? null) : null,
        },
      ]
    })
    const documents = bare.filter(({ isPart }) => !isPart).map(({ table }) => table)
    for (const { table, amount, isPart, setting } of bare) {
      if (isPart && roles.linksFrom(table).some(({ to }) => documents.includes(to))) continue
      yield {
        on: amount,
        facts: { amount: amount.name, setting },
        assessment: setting ? { severity: 'info', confidence: 0.6 } : {},
      }
    }
  },

  message: ({ on, facts: { setting } }) =>
    setting
      ? `${on} is in the currency that ${setting} has today: when that is changed, so is what was paid.`
      : `${on} is in no known currency: neither its table nor what its rows belong to has one.`,

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

/** What the rows must belong to has a currency, or belongs to something that has one; a record's is not known by what a party wants today. */
function reachesCurrency(table: Table, catalog: Catalog, isRecord: boolean, seen: Set<Table>): boolean {
  if (seen.size > FAR || seen.has(table)) return false
  seen.add(table)
  return ownRolesOf(catalog)
    .linksFrom(table)
    .filter(({ columns, to }) => columns.every(({ notNull }) => notNull) && !(isRecord && isSetting(to, catalog)))
    .some(({ to }) => hasCurrency(to, catalog) || reachesCurrency(to, catalog, isRecord, seen))
}

/** The party whose setting gives a record its currency. */
function settingOf(table: Table, catalog: Catalog): Table | undefined {
  return ownRolesOf(catalog)
    .linksFrom(table)
    .find(({ to }) => isSetting(to, catalog))?.to
}

function isSetting(table: Table, catalog: Catalog): boolean {
  const roles = ownRolesOf(catalog)
  const role = roles.of(table)?.role
  if (!role || !PARTIES.includes(role)) return false
  const currencies = roles.columnsOf(table, 'currency')
  return currencies.length > 0 && currencies.every(({ name }) => wordsOf(name).some((word) => SETTING.test(word)))
}

function hasExchangeRates({ tables }: Catalog): boolean {
  return tables.some(({ name, columns }) =>
    [name, ...columns.map((column) => column.name)].some((each) =>
      /exchange_?rate|fx_?rate|wechselkurs|tipo_?(?:de_)?cambio|taux_?(?:de_)?change|taxa_?(?:de_)?cambio/i.test(each),
    ),
  )
}
