import {
  afterReview,
  amountColumn,
  arrivalOf,
  type Catalog,
  type Column,
  createTable,
  fillFrom,
  followWith,
  holdsMoney,
  isReceived,
  type Link,
  mentions,
  namedColumn,
  newName,
  paidInvoiceOf,
  partName,
  quoteIdentifier,
  quoteLiteral,
  quoteRelation,
  referenceTo,
  rolesOf,
  rule,
  type Table,
  tablesSurelyIn,
  tenancyOf,
  wordsOf,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.65,
  impact: 'medium',
  complexity: 'medium',
  // What is allocated could exceed the payment before, in a column that no rule can add up.
  reveals: ['consistency/unbounded-allocation'],
  docs: {
    summary: 'Keep which part of a payment pays which invoice in a table of its own.',
    why: 'A customer sends one transfer for three invoices, or half of one: with the invoice in a column of the payment the clerk splits what the bank shows as one, and the sums no longer agree with the statement.',
    bad: `create table client (id bigint primary key, name text not null, email text not null, city text);
      create table invoice (id bigint primary key, client_id bigint not null references client, invoice_no text not null unique, total numeric(12, 2) not null, currency char(3) not null, due_date date not null);
      create table receipt (id bigint primary key, invoice_id bigint not null references invoice, received_on date not null, amount numeric(12, 2) not null,
        method text not null check (method in ('cash', 'cheque', 'bank_transfer')));`,
    good: `create table client (id bigint primary key, name text not null, email text not null, city text);
      create table invoice (id bigint primary key, client_id bigint not null references client, invoice_no text not null unique, total numeric(12, 2) not null, currency char(3) not null, due_date date not null);
      create table receipt (id bigint primary key, client_id bigint not null references client, received_on date not null, amount numeric(12, 2) not null,
        method text not null check (method in ('cash', 'cheque', 'bank_transfer')));
      create table receipt_allocation (receipt_id bigint references receipt, invoice_id bigint references invoice, amount numeric(12, 2) not null check (amount > 0), primary key (receipt_id, invoice_id));`,
    unless: 'Every payment is collected for one invoice, never sent by the customer.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of tablesSurelyIn(catalog, 'payment')) {
      const link = paidInvoiceOf(table, catalog)
      if (!link || !isReceived(table, catalog) || isAllocated(table, link, catalog)) continue
      const [column] = link.columns
      if (!column) continue
      yield { on: column, facts: { payments: table.address, invoices: link.to.address } }
    }
  },

  message: ({ on, facts: { payments, invoices } }) =>
    `${on} lets a row of ${payments} pay one row of ${invoices} only, though customers send money as they like.`,

  advice: ({ on, facts: { payments, invoices } }) =>
    `Make a table with one row for each payment and invoice, and the amount that the one puts to the other. It is filled from ${on.name} and kept in step while old code writes that column. What ${payments} holds beyond its allocations is credit; what ${invoices} lacks is open.`,

  fix: ({ on, catalog }) => {
    const link = paidInvoiceOf(on.table, catalog)
    if (!link || !on.table.primaryKey || !link.to.primaryKey || on.table.variety !== 'ordinary') return []
    const amount = amountOf(on.table)
    if (!amount) return []
    return afterReview(
      `Do customers send one payment for several invoices of ${link.to}, or part of one? ${howMuch(on.table, amount, catalog)}`,
      makeAllocations(link, amount, catalog),
    )
  },
})

function howMuch(table: Table, amount: Column, catalog: Catalog): string {
  const arrival = arrivalOf(table, catalog)
  return `The steps put ${amount} to the invoice${arrival ? ` where ${arrival.column.name} is ${arrival.values.join(' or ')}` : ''}: is that what was paid of it?`
}

/** Some table holds amounts of payments by invoice, or payments and invoices by row. */
function isAllocated(payment: Table, { to }: Link, catalog: Catalog): boolean {
  const roles = rolesOf(catalog)
  return roles
    .linksTo(payment)
    .some(
      ({ from }) =>
        from !== payment &&
        (roles.of(from)?.role === 'payment allocation' ||
          roles.linksFrom(from).some((link) => link.to === to || roles.of(link.to)?.role === 'invoice line')),
    )
}

/** The payment's one amount. */
function amountOf(table: Table): Column | null {
  const amounts = table.columns.filter(
    (column) =>
      /^(?:int4|int8|numeric)$/.test(column.type.name) &&
      holdsMoney(column) !== 'no' &&
      mentions(wordsOf(column.name), 'amount', 'total') &&
      !mentions(wordsOf(column.name), 'fee', 'tax', 'adjustment', 'net'),
  )
  const [amount, ...more] = amounts
  return amount && more.length === 0 ? amount : null
}

function makeAllocations(link: Link, amount: Column, catalog: Catalog) {
  const { from: payments, to: invoices } = link
  const tenant = tenancyOf(catalog)?.columnOf(payments)
  const payment = referenceTo(payments, catalog, { tenant })
  const invoice = referenceTo(invoices, catalog, { tenant })
  const part = { ...amountColumn('amount', [payments], catalog), name: amount.name, type: amount.type.sql }
  const columns = [...new Map([...payment.columns, ...invoice.columns].map((column) => [column.name, column])).values()]
  const key = columns.map(({ name }) => name)
  const allocations = {
    schema: payments.schema,
    name: partName(payments, 'allocation', catalog),
    columns: [
      ...columns,
      { ...part, check: `${quoteIdentifier(part.name)} > 0` },
      { name: namedColumn('applied at', payments, catalog), type: 'timestamptz', notNull: true, default: 'now()' },
    ],
    primaryKey: key,
    references: [payment, invoice],
    comment: 'Which part of a payment pays which invoice.',
    partOf: payments,
  }
  const target = quoteRelation(allocations)
  const held = quoteIdentifier(link.columns[0]!.name)
  const value = quoteIdentifier(amount.name)
  const into = [...key.map(quoteIdentifier), value].join(', ')
  const arrival = arrivalOf(payments, catalog)
  const counts = (row: string) =>
    [
      `${row}.${held} is not null`,
      `${row}.${value} > 0`,
      ...(arrival
        ? [`${row}.${quoteIdentifier(arrival.column.name)} in (${arrival.values.map(quoteLiteral).join(', ')})`]
        : []),
    ].join(' and ')
  const values = (row: string) =>
    [
      ...payment.references.map(({ name }) => `${row}.${quoteIdentifier(name)}`),
      `${row}.${held}`,
      `${row}.${value}`,
    ].join(', ')
  const taken = new Set(catalog.functions.filter(({ schema }) => schema === payments.schema).map(({ name }) => name))
  const watched = [held, value, ...(arrival ? [quoteIdentifier(arrival.column.name)] : [])].join(', ')
  const same = payment.references.map(({ name }, at) => `${quoteIdentifier(key[at]!)} = old.${quoteIdentifier(name)}`)
  const conflict = `on conflict (${key.map(quoteIdentifier).join(', ')}) do`
  return [
    ...createTable(allocations),
    ...followWith(payments, newName([payments.name, 'to'], allocations.name, taken), `insert or update of ${watched}`, [
      `if tg_op = 'UPDATE' and old.${held} is not null and (old.${held} is distinct from new.${held} or not coalesce(${counts('new')}, false)) then`,
      `  delete from ${target} where ${same.join(' and ')} and ${quoteIdentifier(invoice.columns[0]!.name)} = old.${held};`,
      'end if;',
      `if ${counts('new')} then`,
      `  insert into ${target} (${into}) values (${values('new')})`,
      `  ${conflict} update set ${value} = excluded.${value};`,
      'end if;',
    ]),
    ...fillFrom(
      payments,
      (condition) =>
        `insert into ${target} (${into}) select ${values('p')} from ${quoteRelation(payments)} as p where ${condition} and ${counts('p')} for share ${conflict} nothing`,
    ),
  ]
}
