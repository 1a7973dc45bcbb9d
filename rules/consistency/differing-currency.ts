import {
  afterReview,
  type Catalog,
  type Column,
  type ForeignKey,
  type Role,
  ownRolesOf,
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

/** So many foreign keys are a decision of the whole house, and one finding. */
const FEW = 3

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
  reveals: ['indexes/redundant-index'],

  *detect({ catalog }) {
    const open = apartIn(catalog)
    const [first] = open
    if (!first) return
    const facts = (some: readonly Apart[]) => ({
      keys: some.map(({ foreignKey, own, other }) => ({
        address: foreignKey.address,
        own: own.name,
        other: other.name,
        target: foreignKey.referencedTable.address,
      })),
    })
    const parts = (some: readonly Apart[]) => some.flatMap(({ foreignKey, own, other }) => [foreignKey, own, other])
    if (open.length > FEW) yield { on: mostReferenced(open), related: parts(open), facts: facts(open) }
    else for (const one of open) yield { on: one.foreignKey, related: [one.own, one.other], facts: facts([one]) }
  },

  message: ({ on, facts: { keys } }) =>
    keys.length > 1
      ? `${keys.length} foreign keys between amounts, those to ${on} first, let both rows have another currency.`
      : `${keys[0]?.address} lets ${keys[0]?.own} differ from ${keys[0]?.other} of the row of ${keys[0]?.target} that it leads to.`,

  advice: ({ facts: { keys } }) =>
    keys
      .map(
        ({ address, own, other, target }) =>
          `Make ${other} of ${target} part of a unique key together with what ${address} references, and let that foreign key take ${own} along; or drop ${own}, if it is always that of ${target}.`,
      )
      .slice(0, 1)
      .join('') + (keys.length > 1 ? ' Likewise the others.' : ''),

  fix: ({ catalog, target, facts: { keys } }) => {
    const addresses = keys.map(({ address }) => address)
    const open = apartIn(catalog).filter(({ foreignKey }) => addresses.includes(foreignKey.address))
    const steps = open.map(({ foreignKey, own, other }) => widenForeignKey(foreignKey, own, other, target))
    if (steps.some((each) => each.length === 0)) return []
    return afterReview(
      `Is each row always in the currency of the row that it leads to by ${addresses.join(', ')}, also those that are there?`,
      steps.flat(),
    )
  },
})

/** A foreign key, and the currencies at its two ends that it does not tie. */
interface Apart {
  readonly foreignKey: ForeignKey
  readonly own: Column
  readonly other: Column
}

function apartIn(catalog: Catalog): readonly Apart[] {
  const roles = ownRolesOf(catalog)
  return [...catalog.foreignKeys()].flatMap((foreignKey): readonly Apart[] => {
    const { table, referencedTable, inherited, columns } = foreignKey
    if (inherited || table.partitionOf || referencedTable.partitionOf || columns.length !== 1) return []
    const pair = [roles.of(table)?.role, roles.of(referencedTable)?.role]
    if (!SHARED.some(([from, to]) => from === pair[0] && to === pair[1])) return []
    const [own, other] = [currencyOf(table, catalog), currencyOf(referencedTable, catalog)]
    if (!own || !other || isCarried(own, other, table)) return []
    return isWatched(foreignKey, own) || mayConvert(table, catalog) ? [] : [{ foreignKey, own, other }]
  })
}

/** The table that most of the keys lead to. */
function mostReferenced(open: readonly Apart[]): Table | ForeignKey {
  const counts = new Map<Table, number>()
  for (const { foreignKey } of open)
    counts.set(foreignKey.referencedTable, (counts.get(foreignKey.referencedTable) ?? 0) + 1)
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? open[0]!.foreignKey
}

function currencyOf(table: Table, catalog: Catalog): Column | null {
  const [column, ...more] = ownRolesOf(catalog).columnsOf(table, 'currency')
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
    ownRolesOf(catalog).columnsOf(table, 'two currencies').length > 0 ||
    table.columns.some(({ name }) =>
      /exchange|fx_?rate|conversion|wechselkurs|umrechnung|cambio|taxa_?cambio/i.test(name),
    )
  )
}
