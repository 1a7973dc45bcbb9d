import {
  afterReview,
  allowsOne,
  checksOf,
  type Catalog,
  type Column,
  createTable,
  creationTimeLike,
  type Expression,
  fillFrom,
  followWith,
  impliesAsCheck,
  type Link,
  newName,
  onlyPlanOf,
  ownKeyLike,
  partName,
  quantityColumn,
  quoteIdentifier,
  quoteRelation,
  referenceTo,
  rule,
  type Table,
  tablesSurelyIn,
  tenancyOf,
  wordsOf,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.6,
  complexity: 'high',
  docs: {
    summary: 'Keep what a subscription consists of in a table of its own, one row for each plan or price.',
    why: 'With the plan in a column, a subscription holds one: an add-on, a second product or seats at two prices need a second subscription, with a period, a status and an invoice of its own, or columns for each of them.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table plan (id bigint primary key, code text not null unique, monthly_price numeric(12, 2) not null, currency char(3) not null);
      create table subscription (id bigint primary key, customer_id bigint not null unique references customer, plan_id bigint not null references plan,
        status text not null check (status in ('trialing', 'active', 'canceled')), current_period_start timestamptz not null, current_period_end timestamptz not null);`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table plan (id bigint primary key, code text not null unique, monthly_price numeric(12, 2) not null, currency char(3) not null);
      create table subscription (id bigint primary key, customer_id bigint not null unique references customer,
        status text not null check (status in ('trialing', 'active', 'canceled')), current_period_start timestamptz not null, current_period_end timestamptz not null);
      create table subscription_item (subscription_id bigint references subscription, plan_id bigint references plan, quantity integer not null, primary key (subscription_id, plan_id));`,
    unless: 'A customer buys one plan and nothing beside it, and that will stay so.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of tablesSurelyIn(catalog, 'subscription')) {
      const plan = onlyPlanOf(table, catalog)
      if (!plan) continue
      yield {
        on: table,
        related: plan.columns,
        facts: { plan: plan.columns.map(({ name }) => name), plans: plan.to.address },
        assessment: { confidence: allowsOne(table) ? 0.8 : 0.6 },
      }
    }
  },

  message: ({ on, facts: { plan, plans } }) =>
    `${on} holds one row of ${plans} in ${plan.join(', ')}, and no table holds its items: an add-on or a second product has no place.`,

  advice: ({ on, facts: { plan } }) =>
    `Make a table with one row for each plan or price of a subscription and its quantity, filled from ${plan.join(', ')} and kept in step while old code writes that column. Read and bill the items; then drop ${plan.join(', ')} from ${on} in a later release.`,

  fix: ({ on, catalog }) => {
    const plan = onlyPlanOf(on, catalog)
    if (!plan || on.variety !== 'ordinary' || !on.primaryKey || plan.columns.length !== 1) return []
    return afterReview(
      `Will a subscription of ${on} hold several rows of ${plan.to} at once, such as add-ons or seats at two prices?`,
      makeItems(on, plan, catalog),
    )
  },
})

function makeItems(table: Table, plan: Link, catalog: Catalog) {
  const tenant = tenancyOf(catalog)?.columnOf(table)
  const whole = referenceTo(table, catalog, { tenant })
  const offer = referenceTo(plan.to, catalog, { tenant })
  const seats = seatsOf(table)
  const { check, ...plain } = quantityColumn([table], catalog, 'integer')
  // What the column's own CHECK allows must not be refused here.
  const isPositive = seats === null || checksOf(seats.table).some((each) => impliesPositive(each, seats))
  const quantity = { ...plain, default: '1', ...(isPositive && check ? { check } : {}) }
  const id = ownKeyLike(table)
  const written = creationTimeLike(table)
  const links = [...new Map([...whole.columns, ...offer.columns].map((column) => [column.name, column])).values()]
  // The tenant stands second, so that the key serves the reference to the subscription too.
  const identity = [...whole.columns, ...offer.columns.slice(0, plan.columns.length)].map(({ name }) => name)
  const items = {
    schema: table.schema,
    name: partName(table, 'item', catalog),
    columns: [...(id ? [id] : []), ...links, quantity, ...(written ? [written] : [])],
    primaryKey: id ? [id.name] : identity,
    uniques: id ? [identity] : [],
    references: [{ ...whole, onDelete: 'cascade' as const }, offer],
    comment: 'What a subscription consists of: one row for each plan or price, and how many of it.',
    partOf: table,
  }
  return [...createTable(items), ...follow(table, plan, items.name, identity, catalog)]
}

/** While old code writes the plan into the subscription, its item follows. */
function follow(table: Table, plan: Link, name: string, identity: readonly string[], catalog: Catalog) {
  const tenant = tenancyOf(catalog)?.columnOf(table)
  const items = quoteRelation({ schema: table.schema, name })
  const [key] = plan.columns
  const seats = seatsOf(table)
  const quantity = quoteIdentifier(quantityColumn([table], catalog).name)
  const columns = [...identity.map(quoteIdentifier), quantity]
  const held = quoteIdentifier(key!.name)
  const values = (row: string) =>
    [
      ...table.primaryKey!.columns.map(({ name: part }) => `${row}.${quoteIdentifier(part)}`),
      ...(tenant ? [`${row}.${quoteIdentifier(tenant.name)}`] : []),
      `${row}.${held}`,
      seats
        ? `${seats.notNull ? `${row}.${quoteIdentifier(seats.name)}` : `coalesce(${row}.${quoteIdentifier(seats.name)}, 1)`}`
        : '1',
    ].join(', ')
  const same = table.primaryKey!.columns.map(
    ({ name: part }, at) => `${quoteIdentifier(identity[at]!)} = old.${quoteIdentifier(part)}`,
  )
  const item = quoteIdentifier(identity.at(-1)!)
  const taken = new Set(catalog.functions.filter(({ schema }) => schema === table.schema).map((one) => one.name))
  const watched = [key!, ...(seats ? [seats] : [])].map((column) => quoteIdentifier(column.name)).join(', ')
  return [
    ...followWith(table, newName([table.name, 'to'], name, taken), `insert or update of ${watched}`, [
      `if tg_op = 'UPDATE' and old.${held} is distinct from new.${held} then`,
      `  delete from ${items} where ${same.join(' and ')} and ${item} = old.${held};`,
      'end if;',
      `if new.${held} is not null then`,
      `  insert into ${items} (${columns.join(', ')}) values (${values('new')})`,
      `  on conflict (${identity.map(quoteIdentifier).join(', ')}) do update set ${quantity} = excluded.${quantity};`,
      'end if;',
    ]),
    ...fillFrom(
      table,
      (condition) =>
        `insert into ${items} (${columns.join(', ')}) select ${values('s')} from ${quoteRelation(table)} as s where ${condition} and s.${held} is not null for share on conflict (${identity.map(quoteIdentifier).join(', ')}) do nothing`,
    ),
  ]
}

function impliesPositive(check: Expression, { name }: Column): boolean {
  const left = { kind: 'column', name } as const
  const positive = {
    kind: 'comparison',
    operator: '>',
    left,
    right: { kind: 'constant', value: '0', type: 'number' },
  } as const
  return impliesAsCheck(check, positive) === 'yes'
}

/** How many of the plan a subscription has, where a column says so. */
function seatsOf({ columns }: Table): Column | null {
  const [seats, ...more] = columns.filter(
    ({ name, type }) =>
      /^int[248]$/.test(type.name) &&
      /^(?:seats?|quantity|qty|licen[cs]es?|licen[cs]e count|menge|anzahl|cantidad|quantidade|quantite|asientos|assentos)$/.test(
        wordsOf(name).join(' '),
      ),
  )
  return seats && more.length === 0 ? seats : null
}
