import { changeOnDelete, afterReview, type ForeignKey, type Role, rule, ownRolesOf, type Table } from '../../src/kit.js'

/** Tables whose rows say that money was owed or moved, which the books need for years. */
const KEPT = new Set<string>([
  'invoice',
  'payment',
  'payment allocation',
  'credit',
  'ledger entry',
  'ledger transaction',
] satisfies Role[])

/** So many foreign keys to one table are a decision of the whole house, and one finding. */
const FEW = 3

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.85,
  aboutMoney: true,
  docs: {
    summary: 'Do not let the deletion of another row delete what was invoiced, paid or booked.',
    why: 'One DELETE of a customer, or of an order by a clean-up job, takes the payments along without a word. The books no longer add up, and in most countries records of money must be kept for years.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, number text not null unique, currency char(3) not null, due_date date not null, total numeric(12, 2) not null);
      create table payment (id bigint primary key, invoice_id bigint not null references invoice on delete cascade, currency char(3) not null, amount numeric(12, 2) not null, paid_at timestamptz);`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, number text not null unique, currency char(3) not null, due_date date not null, total numeric(12, 2) not null);
      create table payment (id bigint primary key, invoice_id bigint not null references invoice on delete restrict, currency char(3) not null, amount numeric(12, 2) not null, paid_at timestamptz);`,
    unless: 'Everything of a tenant is deleted together on purpose, and its books are kept elsewhere.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const roles = ownRolesOf(catalog)
    const cascading = catalog
      .foreignKeys()
      .filter(
        ({ table, referencedTable, onDelete, inherited }) =>
          onDelete === 'cascade' &&
          !inherited &&
          !table.partitionOf &&
          table !== referencedTable &&
          KEPT.has(roles.of(table)?.role ?? ''),
      )
    const byParent = new Map<Table, ForeignKey[]>()
    for (const key of cascading) byParent.set(key.referencedTable, [...(byParent.get(key.referencedTable) ?? []), key])
    for (const [parent, keys] of byParent) {
      const found: readonly { readonly on: Table | ForeignKey; readonly some: readonly ForeignKey[] }[] =
        keys.length > FEW ? [{ on: parent, some: keys }] : keys.map((key) => ({ on: key, some: [key] }))
      for (const { on, some } of found)
        yield {
          on,
          related: some.filter((key) => key !== on),
          facts: {
            parent: parent.address,
            tables: some.map(({ table }) => table.address),
            roles: [...new Set(some.map(({ table }): string => roles.of(table)?.role ?? ''))],
          },
        }
    }
  },

  message: ({ on, facts: { parent, tables, roles } }) =>
    on.kind === 'table'
      ? `Deleting a row of ${parent} deletes rows of ${tables.join(', ')}, which are records of money.`
      : `${on} deletes rows of ${tables.join(', ')} (${roles.join(', ')}) with their row of ${parent}.`,

  advice: ({ facts: { parent } }) =>
    `Make it ON DELETE RESTRICT, and mark rows of ${parent} as closed instead of deleting them; where personal data must go, empty those columns.`,

  fix: ({ on, catalog, target, facts: { parent, tables } }) => {
    const keys = catalog
      .foreignKeys()
      .filter((key) =>
        on.kind === 'table'
          ? key.referencedTable === on && key.onDelete === 'cascade' && tables.includes(key.table.address)
          : key === on,
      )
    if (keys.some(({ deferrable, match, onUpdate }) => deferrable || match === 'full' || onUpdate !== 'no action'))
      return []
    return afterReview(
      `Does nothing rely on ${tables.join(', ')} being emptied when a row of ${parent} is deleted?`,
      keys.flatMap((key) => changeOnDelete(key, 'restrict', target)),
    )
  },
})
