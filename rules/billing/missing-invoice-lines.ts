import {
  afterReview,
  amountColumn,
  type Catalog,
  createTable,
  holdsMoney,
  means,
  mentions,
  namedColumn,
  partName,
  quantityColumn,
  quoteIdentifier,
  referenceTo,
  rolesOf,
  rule,
  type Table,
  tablesSurelyIn,
  tenancyOf,
  wordsOf,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.7,
  impact: 'high',
  complexity: 'medium',
  docs: {
    summary: 'Keep what an invoice charges for as lines.',
    why: 'A total alone cannot be explained to the customer, corrected in part, taxed at two rates or booked to two accounts, and nobody can check that it is right.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, invoice_number text not null unique, status text not null check (status in ('draft', 'sent', 'paid')),
        net_total numeric(12, 2) not null, tax_total numeric(12, 2) not null, grand_total numeric(12, 2) not null, due_date date not null);`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, invoice_number text not null unique, status text not null check (status in ('draft', 'sent', 'paid')),
        net_total numeric(12, 2) not null, tax_total numeric(12, 2) not null, grand_total numeric(12, 2) not null, due_date date not null);
      create table invoice_line (invoice_id bigint references invoice, line_no integer, description text not null, quantity numeric(12, 3) not null, unit_price numeric(12, 2) not null, primary key (invoice_id, line_no));`,
    unless: 'Each invoice charges for one thing that its own row names, or the lines are kept by another system.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of tablesSurelyIn(catalog, 'invoice')) {
      if (table.partitionOf || hasLines(table, catalog)) continue
      yield { on: table, facts: { totals: totalsOf(table) } }
    }
  },

  message: ({ on, facts: { totals } }) =>
    `${on} has totals${totals.length > 0 ? ` (${totals.join(', ')})` : ''}, and nothing says what they are for: there are no lines.`,

  advice: ({ on }) =>
    `Make a table of lines, keyed by the row of ${on} and a line number, with description, quantity, unit price and amount. Write lines with every new invoice; old ones have none, and their totals stay as they are.`,

  fix: ({ on, catalog }) => {
    const table = describeLines(on, catalog)
    return table
      ? afterReview(
          `Does nothing else keep the lines of ${on}, such as the system that sends the documents?`,
          createTable(table),
        )
      : []
  },
})

/** Something that a line is made of; a table of it that belongs to the invoice is one of lines, whatever it is called. */
const LINE =
  /^(?:line|item|position|posten|zeile|linea|ligne|linha|iten|partida|detail|dtl|detalle|detalhe|charge|fee|row|entry)$/

const LINES_IN_A_COLUMN =
  /(?:^| )(?:line item|line|item|position|posten|entry|linea|linha|ligne|partida|iten|detail|row)s?(?: data| json)?$/

function hasLines(table: Table, catalog: Catalog): boolean {
  const roles = rolesOf(catalog)
  const isPart = ({ from }: { readonly from: Table }) => {
    const role = roles.of(from)?.role
    if (role === 'invoice line' || role === 'usage event') return true
    // Whatever it is called, what has amounts and is no payment says what they are for.
    const hasAmounts = from.columns.some((column) => holdsMoney(column) !== 'no')
    const isCalledLine = wordsOf(from.name).some((word) => LINE.test(word))
    return role === undefined
      ? hasAmounts || isCalledLine
      : (role === 'price' || role === 'ledger entry') && isCalledLine
  }
  if (roles.linksTo(table).some(isPart)) return true
  // Lines that no foreign key and no name of a column puts to their document may be those of this one.
  if (catalog.tables.some((other) => other.schema === table.schema && other !== table && isAstray(other, catalog)))
    return true
  // An invoice of an order, or of something else with lines, is for those lines.
  if (
    roles
      .linksFrom(table)
      .some(({ to }) => roles.linksTo(to).some((link) => link.from !== table && isLineOf(link.from)))
  )
    return true
  return table.columns.some(
    ({ name, type }) =>
      (/^(?:_?jsonb?|xml|hstore|_text)$/.test(type.name) && LINES_IN_A_COLUMN.test(wordsOf(name).join(' '))) ||
      (type.category === 'array' && LINES_IN_A_COLUMN.test(wordsOf(name).join(' '))),
  )
}

/** Rows with a quantity and a price that belong to no document as far as references and names tell. */
function isAstray(table: Table, catalog: Catalog): boolean {
  const roles = rolesOf(catalog)
  const numbers = table.columns.filter(({ type }) => type.typcategory === 'N').map(({ name }) => wordsOf(name))
  return (
    numbers.some((words) => mentions(words, 'quantity')) &&
    numbers.some((words) => words.some((word) => means(word, 'price') || /.price$|preis$/.test(word))) &&
    roles
      .linksFrom(table)
      .every(({ to }) => !['invoice', 'subscription', 'plan', 'price'].includes(roles.of(to)?.role ?? ''))
  )
}

function isLineOf({ name }: Table): boolean {
  return wordsOf(name).some((word) =>
    /^(?:line|item|position|posten|linea|ligne|linha|iten|partida|detail|detalle)$/.test(word),
  )
}

function totalsOf(table: Table): readonly string[] {
  return table.columns
    .filter(
      ({ name, type }) =>
        type.typcategory === 'N' && /total|net|gross|amount|betrag|summe|importe|montant|valor|amt/i.test(name),
    )
    .map(({ name }) => name)
    .slice(0, 3)
}

function describeLines(table: Table, catalog: Catalog) {
  if (!table.primaryKey || table.variety !== 'ordinary') return null
  const tenant = tenancyOf(catalog)?.columnOf(table)
  const invoice = referenceTo(table, catalog, { tenant })
  const number = namedColumn('line number', table, catalog)
  const priced = [table, ...rolesOf(catalog).tablesIn('price', 'plan', 'subscription item')]
  const quantity = quantityColumn([table], catalog)
  const price = amountColumn('unit price', priced, catalog)
  const amount = amountColumn('amount', [table], catalog)
  const scale = scaleOf(amount.type)
  return {
    schema: table.schema,
    name: partName(table, 'line', catalog),
    columns: [
      ...invoice.columns,
      { name: number, type: 'integer', notNull: true, check: `${quoteIdentifier(number)} > 0` },
      { name: namedColumn('description', table, catalog), type: 'text', notNull: true },
      quantity,
      price,
      amount,
    ],
    primaryKey: [...invoice.columns.map(({ name }) => name), number],
    checks: [
      `${quoteIdentifier(amount.name)} = round(${quoteIdentifier(quantity.name)} * ${quoteIdentifier(price.name)}, ${scale})`,
    ],
    references: [invoice],
    comment: 'What an invoice charges for: one row for each line.',
    partOf: table,
  }
}

/** Digits after the point of a type in SQL. */
function scaleOf(type: string): number {
  return Number(/^numeric\(\d+, ?(\d+)\)$/.exec(type)?.[1] ?? (type.startsWith('numeric') ? 4 : 0))
}
