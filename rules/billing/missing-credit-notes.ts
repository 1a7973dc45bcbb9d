import {
  afterReview,
  amountColumn,
  type Catalog,
  createTable,
  currencyColumn,
  mentions,
  namedColumn,
  namedTable,
  ownKeyLike,
  quoteIdentifier,
  referenceTo,
  rolesOf,
  rule,
  type Table,
  tablesSurelyIn,
  tenancyOf,
  tenantColumn,
  valuesAllowed,
  wordsOf,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.6,
  impact: 'medium',
  complexity: 'medium',
  docs: {
    summary: 'Correct issued invoices by credit notes that refer to them.',
    why: 'An issued invoice must not change: the customer has it, and tax was declared by it. Without credit notes a correction either rewrites it or is a refund that no document explains; in many countries both are unlawful.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, invoice_number text not null unique, status text not null check (status in ('draft', 'issued', 'paid', 'void')),
        net_total numeric(12, 2) not null, tax_total numeric(12, 2) not null, grand_total numeric(12, 2) not null, currency char(3) not null, due_date date not null);
      create table invoice_line (invoice_id bigint references invoice, line_no integer, description text not null, quantity numeric(12, 3) not null, unit_price numeric(12, 2) not null, primary key (invoice_id, line_no));`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, invoice_number text not null unique, status text not null check (status in ('draft', 'issued', 'paid', 'void')),
        net_total numeric(12, 2) not null, tax_total numeric(12, 2) not null, grand_total numeric(12, 2) not null, currency char(3) not null, due_date date not null);
      create table credit_note (id bigint primary key, invoice_id bigint not null references invoice, number text not null unique, amount numeric(12, 2) not null check (amount > 0), currency char(3) not null, reason text not null);`,
    unless: 'Corrections are documents of another system, or negative invoices that a convention marks.',
    references: ['https://eur-lex.europa.eu/eli/dir/2006/112/oj'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of tablesSurelyIn(catalog, 'invoice')) {
      const states = issuedStatesOf(table, catalog)
      if (table.partitionOf || states.length === 0 || canBeCredited(table, catalog)) continue
      yield { on: table, facts: { states } }
    }
  },

  message: ({ on, facts: { states } }) =>
    `${on} is issued and then ${states.join(' or ')}, but no document can credit a part of it.`,

  advice: ({ on }) =>
    `Make a table of credit notes with a number of their own, the invoice of ${on} that each corrects, amount, currency and reason. A refund then pays a credit note out; an invoice, once issued, stays as it was.`,

  fix: ({ on, catalog }) => {
    const table = describeCreditNotes(on, catalog)
    return table
      ? afterReview(`Are invoices of ${on} corrected by credit notes, with numbers of their own?`, createTable(table))
      : []
  },
})

const CORRECTS =
  /^(?:credit|creditnote|credited|reverse\w*|reversal|correct\w*|correction|refund\w*|cancels|adjust\w*|storno\w*|gutschrift\w*|rectif\w*|abono\w*|avoir|estorno\w*|nota)$/

const ISSUED = /^(?:issued|open|sent|finali[sz]ed|posted|gestellt|versendet|emitida|emise|envoyee|unpaid)$/i
const AFTERWARDS =
  /^(?:paid|void|voided|uncollectible|refunded|cancell?ed|written_off|bezahlt|storniert|paga|pagada|anulada|cancelada|payee|annulee|overdue|vencida)$/i

/** States after an invoice was issued; empty where it does not say that it is. */
function issuedStatesOf(table: Table, catalog: Catalog): readonly string[] {
  const values = table.columns
    .filter(
      ({ name, type }) =>
        (type.typcategory === 'S' || type.category === 'enum') && mentions(wordsOf(name), 'status', 'state'),
    )
    .flatMap((column) => valuesAllowed(column, catalog))
  return values.some((value) => ISSUED.test(value)) ? values.filter((value) => AFTERWARDS.test(value)).slice(0, 3) : []
}

/** Something refers to the invoice that it corrects, or a row of the table itself or of its lines may be a correction. */
function canBeCredited(table: Table, catalog: Catalog): boolean {
  const roles = rolesOf(catalog)
  const parts = roles.linksTo(table).map(({ from }) => from)
  const lines = parts.filter((part) => roles.of(part)?.role === 'invoice line')
  const corrects = (text: string) => wordsOf(text).some((word) => CORRECTS.test(word))
  return (
    roles
      .tablesIn('credit')
      .some(
        (credit) =>
          parts.includes(credit) ||
          roles
            .linksFrom(credit)
            .some(
              ({ to }) => lines.includes(to) || roles.of(to)?.role === 'credit' || roles.of(to)?.role === 'customer',
            ),
      ) ||
    catalog.tables.some(
      ({ name, schema }) =>
        schema === table.schema && /credit_?note|credit_?memo|gutschrift|nota_?(?:de_?)?credito|avoir/i.test(name),
    ) ||
    table.foreignKeys.some(({ referencedTable }) => referencedTable === table) ||
    [table, ...lines].some(({ columns }) =>
      columns.some(
        (column) =>
          (corrects(column.name) &&
            (!/^[DN]$/.test(column.type.typcategory) ||
              column.table.foreignKeys.some((key) => key.columns.includes(column)))) ||
          ((column.type.typcategory === 'S' || column.type.category === 'enum') &&
            !mentions(wordsOf(column.name), 'status', 'state') &&
            valuesAllowed(column, catalog).some(corrects)),
      ),
    )
  )
}

function describeCreditNotes(table: Table, catalog: Catalog) {
  const [key, ...more] = table.primaryKey?.columns ?? []
  if (!key || more.length > 0 || table.variety !== 'ordinary') return null
  const tenant = tenancyOf(catalog)?.columnOf(table)
  const link = referenceTo(table, catalog, { tenant })
  const currency = currencyColumn([table, ...rolesOf(catalog).tablesIn('payment')])
  // A credit note is in the currency of its invoice, and of its issuer, so the reference carries them along.
  const shared = currency && table.column(currency.name)
  const issuer = issuerOf(table)
  const isCarried = issuer === null || link.columns.some(({ name }) => name === issuer.name)
  const invoice = {
    columns: [...link.columns, ...(isCarried ? [] : [tenantColumn(issuer)]), ...(shared ? [currency] : [])],
    references: [...link.references, ...(isCarried ? [] : [issuer]), ...(shared ? [shared] : [])],
  }
  const id = ownKeyLike(table) ?? { name: key.name.length > 3 ? 'id' : key.name, type: key.type.sql, notNull: true }
  const amount = amountColumn('amount', [table], catalog)
  const number = namedColumn('number', table, catalog)
  return {
    schema: table.schema,
    name: namedTable('credit note', table, catalog),
    columns: [
      id,
      ...invoice.columns,
      { name: number, type: 'text', notNull: true },
      { ...amount, check: `${quoteIdentifier(amount.name)} > 0` },
      ...(currency && !shared ? [currency] : []),
      { name: namedColumn('reason', table, catalog), type: 'text', notNull: true },
      { name: namedColumn('issued at', table, catalog), type: 'timestamptz', notNull: true, default: 'now()' },
    ],
    primaryKey: [id.name],
    uniques: [[...(issuer ? [issuer.name] : tenant ? [tenant.name] : []), number]],
    references: [invoice],
    comment: 'Documents that take back a part of an issued invoice.',
    partOf: table,
  }
}

/** The column within which the invoice's own number is unique. */
function issuerOf(table: Table) {
  const numbered = table.indexes.find(
    ({ unique, keys }) =>
      unique &&
      keys.length === 2 &&
      keys.some(
        ({ column }) => column && column.type.typcategory === 'S' && /num|no$|nr$|folio|ref/i.test(column.name),
      ),
  )
  return (
    numbered?.keys
      .map(({ column }) => column)
      .find(
        (column) =>
          column?.notNull && table.foreignKeys.some(({ columns }) => columns.length === 1 && columns[0] === column),
      ) ?? null
  )
}
