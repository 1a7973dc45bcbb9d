import {
  addCheck,
  afterReview,
  checksOf,
  type Column,
  columnsIn,
  domainChecksOf,
  holdsMoney,
  quoteIdentifier,
  ownRolesOf,
  rule,
  type Table,
} from '../../src/kit.js'

/** A column that tells corrections from usage. */
const CORRECTIONS =
  /adjust|correct|revers|credit|void|korrektur|storno|ajuste|estorno|correcao|correccion|sign|direction/i

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.7,
  aboutMoney: true,
  docs: {
    summary: 'Let a CHECK keep measured usage from being negative.',
    why: 'A clock that was set back, or a counter that wrapped, gives a negative duration or quantity; summed with the rest it lowers the bill of the month, and nobody asks why.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table usage_event (id bigint primary key, customer_id bigint not null references customer, metric text not null, quantity numeric(18, 4) not null, occurred_at timestamptz not null, idempotency_key text not null unique);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, number text not null unique, due_date date not null, currency char(3) not null, total numeric(12, 2) not null);`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table usage_event (id bigint primary key, customer_id bigint not null references customer, metric text not null, quantity numeric(18, 4) not null check (quantity >= 0), occurred_at timestamptz not null, idempotency_key text not null unique);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, number text not null unique, due_date date not null, currency char(3) not null, total numeric(12, 2) not null);`,
    unless: 'Corrections are events with a negative quantity.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const roles = ownRolesOf(catalog)
    for (const table of roles.tablesIn('usage event')) {
      if (table.partitionOf || table.variety === 'foreign' || knowsCorrections(table)) continue
      const open = roles
        .columnsOf(table, 'quantity')
        .filter(
          (column) => !column.inherited && !column.generated && holdsMoney(column) !== 'yes' && !isChecked(column),
        )
      const [first] = open
      if (first) yield { on: first, related: open.slice(1), facts: { columns: open.map(({ name }) => name) } }
    }
  },

  message: ({ on, facts: { columns } }) => `${on.table} lets ${columns.join(' and ')} be negative.`,

  advice: ({ facts: { columns } }) => `Add ${columns.map((name) => `CHECK (${name} >= 0)`).join(' and ')}.`,

  fix: ({ on, facts: { columns } }) =>
    afterReview(
      `Is ${columns.join(' or ')} of ${on.table} never negative, as a correction of what was measured before?`,
      columns
        .flatMap((name) => on.table.column(name) ?? [])
        .flatMap((column) => addCheck(on.table, [column], `${quoteIdentifier(column.name)} >= 0`)),
    ),
})

function isChecked(column: Column): boolean {
  return (
    domainChecksOf(column).length > 0 || checksOf(column.table).some((check) => columnsIn(check).includes(column.name))
  )
}

function knowsCorrections({ columns }: Table): boolean {
  return columns.some(({ name }) => CORRECTIONS.test(name))
}
