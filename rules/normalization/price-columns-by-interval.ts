import {
  afterReview,
  cadencePricesOf,
  type CadencePrice,
  type Catalog,
  type Column,
  createTable,
  currencyColumn,
  fillFrom,
  followWith,
  namedColumn,
  newName,
  ownRolesOf,
  partName,
  quoteIdentifier,
  quoteLiteral,
  quoteRelation,
  referenceTo,
  rule,
  type Table,
  tenancyOf,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.75,
  impact: 'medium',
  complexity: 'high',
  docs: {
    summary: 'Keep prices by the month, the quarter and the year as rows, not as columns beside each other.',
    why: 'Each query chooses the column by the interval, and each that forgets one bills the wrong price. A price for two years, one in another currency or one that changes in March needs another column, a release and a change of all of these queries.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table plan (id bigint primary key, code text not null unique, name text not null, monthly_price numeric(12, 2) not null, yearly_price numeric(12, 2), currency char(3) not null, trial_days int not null);
      create table subscription (id bigint primary key, customer_id bigint not null references customer, plan_id bigint not null references plan, status text not null check (status in ('trialing', 'active', 'canceled')), current_period_start timestamptz not null, current_period_end timestamptz not null);`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table plan (id bigint primary key, code text not null unique, name text not null, trial_days int not null);
      create table plan_price (plan_id bigint not null references plan, interval text not null check (interval in ('month', 'year')), price numeric(12, 2) not null, currency char(3) not null, primary key (plan_id, interval, currency));
      create table subscription (id bigint primary key, customer_id bigint not null references customer, plan_id bigint not null references plan, status text not null check (status in ('trialing', 'active', 'canceled')), current_period_start timestamptz not null, current_period_end timestamptz not null);`,
    unless: 'There are two prices for each plan, in one currency, and that will stay so.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],
  // Prices that are rows can be judged as prices, and lack a currency where their columns did.
  reveals: [
    'consistency/overlapping-periods',
    'consistency/amount-without-currency',
    'keys/tenant-crossing-foreign-key',
  ],

  *detect({ catalog }) {
    for (const table of ownRolesOf(catalog).tablesIn('plan', 'price')) {
      if (table.partitionOf || table.variety === 'foreign' || isMoved(table)) continue
      const prices = cadencePricesOf(table, catalog)
      if (prices.length === 0) continue
      yield {
        on: table,
        related: prices.map(({ column }) => column),
        facts: { prices: prices.map(({ column, cadence }) => ({ column: column.name, cadence })) },
      }
    }
  },

  message: ({ on, facts: { prices } }) =>
    `${on} has a column for the price of each interval: ${prices.map(({ column }) => column).join(', ')}.`,

  advice: ({ on, facts: { prices } }) =>
    `Make a table with one row for each price of a row of ${on}, by interval and currency. Keep it in step while old code writes ${prices.map(({ column }) => column).join(', ')}, read the rows, then drop the columns. Compare prices of different intervals by what a month costs, in a view.`,

  fix: ({ on, catalog }) => {
    const prices = cadencePricesOf(on, catalog)
    if (on.variety !== 'ordinary' || on.primaryKey?.columns.length !== 1 || prices.length === 0) return []
    return afterReview(
      `Will rows of ${on} have prices at other intervals, in other currencies, or that change at a date?`,
      makePrices(on, prices, catalog),
    )
  },
})

/** A table of prices refers to it, kept by a trigger. */
function isMoved(table: Table): boolean {
  return table.triggers.some(({ function: routine }) =>
    table.referencedBy.some(({ table: other }) => routine?.source?.includes(other.name)),
  )
}

function makePrices(table: Table, prices: readonly CadencePrice[], catalog: Catalog) {
  const tenant = tenancyOf(catalog)?.columnOf(table)
  const owner = referenceTo(table, catalog, { tenant })
  const currency = currencyColumn([table])
  const interval = namedColumn('interval', table, catalog)
  const amount = namedColumn('amount', table, catalog)
  const [first] = prices
  const name = partName(table, 'price', catalog)
  const target = quoteRelation({ schema: table.schema, name })
  const own = table.column(currency?.name ?? '')
  const key = table.primaryKey!.columns
  const keyName = owner.columns[0]!.name
  const carried: readonly Column[] = [...key, ...(owner.columns.length > 1 && tenant ? [tenant] : [])]
  const columns = [...owner.columns.map((column) => column.name), interval, amount, ...(own ? [own.name] : [])]
  const rows = (row: string) =>
    `select ${[...carried, null, null, ...(own ? [own] : [])]
      .map((column, at) =>
        column ? `${row}.${quoteIdentifier(column.name)}` : at === carried.length ? 'p.cadence' : 'p.price',
      )
      .join(', ')} from (values ${prices
      .map(({ column, cadence }) => `(${quoteLiteral(cadence)}, ${row}.${quoteIdentifier(column.name)})`)
      .join(', ')}) as p (cadence, price) where p.price is not null`
  const insert = (row: string) => `insert into ${target} (${columns.map(quoteIdentifier).join(', ')}) ${rows(row)}`
  const taken = new Set(catalog.functions.filter(({ schema }) => schema === table.schema).map((one) => one.name))
  const watched = [...prices.map(({ column }) => column), ...(own ? [own] : [])]
  return [
    ...createTable({
      schema: table.schema,
      name,
      columns: [
        ...owner.columns,
        {
          name: interval,
          type: 'text',
          notNull: true,
          check: `${quoteIdentifier(interval)} in (${prices.map(({ cadence }) => quoteLiteral(cadence)).join(', ')})`,
        },
        { name: amount, type: first!.column.type.sql, notNull: true, check: `${quoteIdentifier(amount)} >= 0` },
        ...(currency && own ? [{ ...currency, notNull: own.notNull }] : []),
      ],
      primaryKey: [keyName, interval],
      references: [{ ...owner, onDelete: 'cascade' }],
      comment: 'What a plan costs, one row for each interval.',
      partOf: table,
    }),
    ...followWith(
      table,
      newName([table.name, 'to'], name, taken),
      `insert or update of ${watched.map(({ name: each }) => quoteIdentifier(each)).join(', ')}`,
      [
        `if tg_op = 'UPDATE' then`,
        `  delete from ${target} where ${quoteIdentifier(keyName)} = old.${quoteIdentifier(key[0]!.name)};`,
        'end if;',
        `${insert('new')};`,
      ],
    ),
    ...fillFrom(
      table,
      (condition) =>
        `insert into ${target} (${columns.map(quoteIdentifier).join(', ')}) select x.* from (select * from ${quoteRelation(table)} as t where ${condition} for share) as s cross join lateral (${rows('s')}) as x on conflict do nothing`,
    ),
  ]
}
