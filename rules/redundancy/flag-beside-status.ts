import {
  addCheck,
  afterReview,
  type Catalog,
  checksOf,
  type Column,
  columnsIn,
  mentions,
  quoteIdentifier,
  quoteLiteral,
  rule,
  tablesSurelyIn,
  type Table,
  valuesAllowed,
  wordsOf,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  aboutMoney: true,
  tier: 'inferred',
  confidence: 0.75,
  complexity: 'medium',
  docs: {
    summary: 'Let a status alone say what a flag beside it says again, or keep the two equal.',
    why: 'An invoice that is paid by its status and unpaid by its flag is dunned by one job and booked by another. Each writer has to set both, and one day one does not.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table bill (id bigint primary key, customer_id bigint not null references customer, number text not null unique, status text not null check (status in ('draft', 'sent', 'paid', 'void')), is_paid boolean not null,
        total numeric(12, 2) not null, currency char(3) not null, due_date date not null);`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table bill (id bigint primary key, customer_id bigint not null references customer, number text not null unique, status text not null check (status in ('draft', 'sent', 'paid', 'void')), is_paid boolean not null,
        total numeric(12, 2) not null, currency char(3) not null, due_date date not null, check (is_paid = (status = 'paid')));`,
    unless: 'The flag says something that the status does not, such as that an invoice was paid before it was voided.',
    references: ['https://www.postgresql.org/docs/current/ddl-generated-columns.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of tablesSurelyIn(catalog, 'invoice', 'payment', 'credit', 'subscription')) {
      for (const flag of table.columns) {
        const found = statusOf(flag, table, catalog)
        if (found) yield { on: flag, related: [found.status], facts: { status: found.status.name, value: found.value } }
      }
    }
  },

  message: ({ on, facts: { status, value } }) =>
    `${on} says again whether ${status} is ${value}, and nothing keeps the two from contradicting each other.`,

  advice: ({ on, facts: { status, value } }) =>
    `Read ${status} = '${value}' instead and drop ${on.name}, or make it a generated column; as long as both are written, a CHECK keeps them equal.`,

  fix: ({ on, facts: { status, value } }) => {
    const column = on.table.column(status)
    if (!column) return []
    return afterReview(
      `Is ${on} true exactly when ${status} is ${value}, or also in a later state?`,
      addCheck(
        on.table,
        [on, column],
        `${quoteIdentifier(on.name)} = (${quoteIdentifier(status)} = ${quoteLiteral(value)})`,
      ),
    )
  },
})

const FILLER = /^(?:is|was|has|flag|flg|fully|ist|wurde|esta|foi|est|yn|ind|indicator|kennzeichen)$/

/** Flags that stand for several states: who is in trial is active too. */
const BROAD = /^(?:active|aktiv|activo|activa|ativo|ativa|actif|enabled|live|current|open|valid)$/

/** The status of the row and its value that a flag repeats; null where something relates the two, or computes the flag. */
function statusOf(
  flag: Column,
  table: Table,
  catalog: Catalog,
): { readonly status: Column; readonly value: string } | null {
  if (flag.type.name !== 'bool' || flag.generated || flag.inherited) return null
  const rest = wordsOf(flag.name).filter((word) => !FILLER.test(word) && !wordsOf(table.name).includes(word))
  if (rest.length !== 1 || BROAD.test(rest.join())) return null
  for (const status of table.columns.filter(
    ({ name, type }) =>
      (type.typcategory === 'S' || type.category === 'enum') && mentions(wordsOf(name), 'status', 'state'),
  )) {
    const value = valuesAllowed(status, catalog).find((each) => wordsOf(each).join(' ') === rest.join(' '))
    const isRelated = checksOf(table).some(
      (check) => columnsIn(check).includes(flag.name) && columnsIn(check).includes(status.name),
    )
    const isSet = table.triggers.some(
      ({ timing, function: routine }) => timing === 'before' && routine?.source?.includes(`new.${flag.name}`),
    )
    if (value !== undefined && !isRelated && !isSet) return { status, value }
  }
  return null
}
