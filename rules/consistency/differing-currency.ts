import {
  afterReview,
  type Catalog,
  type Column,
  type ForeignKey,
  type Role,
  rolesOf,
  rule,
  type Table,
  widenForeignKey,
} from '../../src/kit.js'

/** Rows of the first are in the currency of their row of the second. */
const SHARED: readonly (readonly [Role, Role])[] = [
  ['invoice line', 'invoice'],
  ['payment', 'invoice'],
  ['credit', 'invoice'],
  ['credit', 'payment'],
  ['payment allocation', 'invoice'],
  ['payment allocation', 'payment'],
  ['ledger entry', 'ledger account'],
  ['payment', 'ledger account'],
]

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.75,
  impact: 'medium',
  aboutMoney: true,
  complexity: 'medium',
  docs: {
    summary: 'Carry the currency in the foreign key where both rows must have the same.',
    why: 'Both rows name a currency, and nothing says that it is the same: a line in euros on an invoice in dollars is added up all the same. A foreign key over the id and the currency makes it impossible.',
    bad: `create table invoice (id bigint primary key, number text not null unique, due_date date not null, currency char(3) not null, total numeric(12, 2) not null);
      create table invoice_line (id bigint primary key, invoice_id bigint not null references invoice, description text not null, currency char(3) not null, quantity integer not null, unit_price numeric(12, 4) not null, amount numeric(12, 2) not null);`,
    good: `create table invoice (id bigint primary key, number text not null unique, due_date date not null, currency char(3) not null, total numeric(12, 2) not null, unique (id, currency));
      create table invoice_line (id bigint primary key, invoice_id bigint not null, description text not null, currency char(3) not null, quantity integer not null, unit_price numeric(12, 4) not null, amount numeric(12, 2) not null, foreign key (invoice_id, currency) references invoice (id, currency));`,
    unless: 'An amount may be settled in another currency, and the rate is kept beside it.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const roles = rolesOf(catalog)
    for (const foreignKey of catalog.foreignKeys()) {
      const { table, referencedTable, inherited } = foreignKey
      if (inherited || table.partitionOf || referencedTable.partitionOf) continue
      const pair = [roles.of(table)?.role, roles.of(referencedTable)?.role]
      if (!SHARED.some(([from, to]) => from === pair[0] && to === pair[1])) continue
      const [own, other] = [currencyOf(table, catalog), currencyOf(referencedTable, catalog)]
      if (!own || !other || !foreignKey.columns[0] || foreignKey.columns.length !== 1) continue
      if (isCarried(own, other, table) || isWatched(foreignKey, own) || mayConvert(table, catalog)) continue
      yield {
        on: foreignKey,
        related: [own, other],
        facts: { own: own.name, other: other.name, target: referencedTable.address },
      }
    }
  },

  message: ({ on, facts: { own, other, target } }) =>
    `${on.table} has its own ${own}, which may differ from ${other} of the row of ${target} that ${on.name} leads to.`,

  advice: ({ on, facts: { own, other, target } }) =>
    `Make (${on.referencedColumns[0]?.name}, ${other}) of ${target} unique, and let FOREIGN KEY (${on.columns[0]?.name}, ${own}) reference both. Or drop ${own}, if it is always that of ${target}.`,

  fix: ({ on, target, facts: { own, other } }) => {
    const [mine, theirs] = [on.table.column(own), on.referencedTable.column(other)]
    if (!mine || !theirs) return []
    return afterReview(
      `Is a row of ${on.table} always in the currency of its row of ${on.referencedTable}, also for those that are there?`,
      widenForeignKey(on, mine, theirs, target),
    )
  },
})

function currencyOf(table: Table, catalog: Catalog): Column | null {
  const [column, ...more] = rolesOf(catalog).columnsOf(table, 'currency')
  return column && more.length === 0 && column.generated === null ? column : null
}

function isCarried(own: Column, other: Column, { foreignKeys }: Table): boolean {
  return foreignKeys.some(({ columns, referencedColumns }) =>
    columns.some((column, at) => column === own && referencedColumns[at] === other),
  )
}

/** A trigger writes or compares the currency. */
function isWatched({ table }: ForeignKey, own: Column): boolean {
  return table.triggers.some(({ function: routine }) => routine?.source?.toLowerCase().includes(own.name.toLowerCase()))
}

/** A rate of exchange beside the amount says that currencies may differ. */
function mayConvert(table: Table, catalog: Catalog): boolean {
  return (
    rolesOf(catalog).columnsOf(table, 'two currencies').length > 0 ||
    table.columns.some(({ name }) =>
      /exchange|fx_?rate|conversion|wechselkurs|umrechnung|cambio|taxa_?cambio/i.test(name),
    )
  )
}
