import {
  afterReview,
  type Catalog,
  type Column,
  createMaterializedView,
  newName,
  quoteIdentifier,
  quoteLiteral,
  quoteRelation,
  type RecurringRevenue,
  recurringRevenueOf,
  rolesOf,
  rule,
  type Table,
  tablesSurelyIn,
  wordsOf,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  aboutMoney: true,
  tier: 'inferred',
  confidence: 0.8,
  complexity: 'medium',
  breaks: '3NF',
  docs: {
    summary: 'Compute recurring revenue from subscriptions and prices, per month and currency.',
    why: 'A stored figure is right until the next change of plan, seats or price that forgets it, and it knows the present only: last month cannot be asked for. Sums of it mix currencies.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table plan (id bigint primary key, code text not null unique, price numeric(12, 2) not null, currency char(3) not null, billing_interval text not null check (billing_interval in ('month', 'year')));
      create table subscription (id bigint primary key, customer_id bigint not null references customer, plan_id bigint not null references plan, started_at timestamptz not null, canceled_at timestamptz,
        status text not null check (status in ('active', 'canceled')), mrr numeric(12, 2) not null);`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table plan (id bigint primary key, code text not null unique, price numeric(12, 2) not null, currency char(3) not null, billing_interval text not null check (billing_interval in ('month', 'year')));
      create table subscription (id bigint primary key, customer_id bigint not null references customer, plan_id bigint not null references plan, started_at timestamptz not null, canceled_at timestamptz,
        status text not null check (status in ('active', 'canceled')));`,
    unless: 'The figure was agreed in a contract, or another system decides it.',
    references: [
      'https://www.postgresql.org/docs/current/rules-materializedviews.html',
      'https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html',
    ],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of tablesSurelyIn(catalog, 'subscription', 'subscription item', 'customer', 'organization')) {
      for (const column of table.columns) {
        if (!isRecurringRevenue(column) || column.generated || isComputed(column, catalog)) continue
        yield { on: column, facts: { definable: definitionFor(column, catalog) !== null } }
      }
    }
  },

  message: ({ on }) =>
    `${on} stores recurring revenue, which follows from plans, prices and quantities and changes with each of them.`,

  advice: ({ on, facts: { definable } }) =>
    definable
      ? `Read it from a materialized view by month and currency, with yearly and quarterly prices as parts of a month; refresh it concurrently after each billing run. When nobody reads ${on.name} any more, drop it.`
      : `Compute it where it is read, by month and currency, with each price divided by the months of its interval: price, interval and start do not stand plainly enough in the schema to write the query here. When nobody reads ${on.name} any more, drop it.`,

  fix: ({ on, catalog }) => {
    const revenue = definitionFor(on, catalog)
    if (!revenue) return []
    const { subscription, paying, status, end } = revenue
    const counted = status
      ? `${status.name} ${paying.join(' or ')}${end ? `, or ${end.name} later than the month` : ''}`
      : 'every row'
    return afterReview(
      `What is recurring revenue here? The steps count ${counted}, at list prices from the month of ${revenue.start.name} on, without discounts, usage and taxes; is that what contracts and investors are told?`,
      createMaterializedView(viewOf(revenue, subscription, catalog)),
    )
  },
})

function isRecurringRevenue({ name, type }: Column): boolean {
  const words = wordsOf(name)
  if (type.typcategory !== 'N' && type.name !== 'money') return false
  return (
    words.some((word) => /^(?:mrr|arr|acv)$/.test(word)) ||
    (words.some((word) =>
      /^(?:recurring|monthly|annual|yearly|monatlich\w*|mensual|mensal|mensuel|anual|jaehrlich\w*)$/.test(word),
    ) &&
      words.some((word) => /^(?:revenue|umsatz|ingreso|receita|revenu|facturacion|faturamento)$/.test(word)))
  )
}

/** A view computes it too, or a trigger sets it whenever it changes. */
function isComputed(column: Column, catalog: Catalog): boolean {
  const { table, name } = column
  const escaped = name.replaceAll(/\W/g, String.raw`\$&`)
  const roles = rolesOf(catalog)
  const isAboutPrices = (other: Table) => ['plan', 'price'].includes(roles.of(other)?.role ?? '')
  return (
    table.triggers.some(({ function: routine }) =>
      new RegExp(String.raw`\bnew\."?${escaped}"?\s*:?=`, 'i').test(routine?.source ?? ''),
    ) ||
    catalog.views.some(
      ({ dependsOn, dependsOnColumns, columns }) =>
        !dependsOnColumns.includes(column) &&
        columns.some((one) =>
          wordsOf(one.name).some((word) => /^(?:mrr|arr|revenue|umsatz|receita|ingreso)$/.test(word)),
        ) &&
        dependsOn.some(
          (one) => one.kind === 'table' && ['subscription', 'subscription item'].includes(roles.of(one)?.role ?? ''),
        ) &&
        dependsOn.some((one) => one.kind === 'table' && isAboutPrices(one)),
    )
  )
}

function definitionFor({ table }: Column, catalog: Catalog): RecurringRevenue | null {
  const roles = rolesOf(catalog)
  const subscription =
    roles.of(table)?.role === 'subscription'
      ? table
      : roles.tablesIn('subscription').find((one) => one === roles.linkTo(table, 'subscription')?.to)
  return subscription ? recurringRevenueOf(subscription, catalog) : null
}

function viewOf(revenue: RecurringRevenue, { schema }: Table, catalog: Catalog) {
  const taken = new Set(
    [...catalog.tables, ...catalog.views].filter((one) => one.schema === schema).map(({ name }) => name),
  )
  const { hops, price, quantity, currency, interval, months, subscription, start, end, status, paying } = revenue
  const tables = [subscription, ...hops.map(({ table }) => table)]
  const of = (column: Column) => `t${tables.indexOf(column.table)}.${quoteIdentifier(column.name)}`
  const nextMonth = (column: Column) =>
    column.type.name === 'timestamptz' ? `months.next_month at time zone 'UTC'` : 'months.next_month'
  const first = `(select date_trunc('month', min(${start.type.name === 'timestamptz' ? `${quoteIdentifier(start.name)} at time zone 'UTC'` : `${quoteIdentifier(start.name)}::timestamp`})) from ${quoteRelation(subscription)})`
  const divisor = `case ${of(interval)}${interval.type.category === 'enum' ? '::text' : ''} ${[...months].map(([value, count]) => `when ${quoteLiteral(value)} then ${fraction(count)}`).join(' ')} end`
  const isPaying = status
    ? `${of(status)}${status.type.category === 'enum' ? '::text' : ''} in (${paying.map(quoteLiteral).join(', ')})`
    : null
  const lives = end
    ? [
        `(${of(end)} >= ${nextMonth(end)}${isPaying ? ` or ${of(end)} is null and ${isPaying}` : ` or ${of(end)} is null`})`,
      ]
    : isPaying
      ? [isPaying]
      : []
  const joins = hops.map(
    ({ table, from, to }, at) =>
      `  join ${quoteRelation(table)} as t${at + 1} on ${to.map((column, part) => `t${at + 1}.${quoteIdentifier(column.name)} = ${of(from[part]!)}`).join(' and ')}`,
  )
  const money = `${of(price)}${quantity ? ` * ${of(quantity)}` : ''}`
  const unit = /cents?$|centavos?$|centimos?$|minor$/i.test(price.name) ? 'mrr_cents' : 'mrr'
  const definition = [
    'with months as (',
    "  select m::date as month, m + interval '1 month' as next_month",
    `  from generate_series(${first}, date_trunc('month', now() at time zone 'UTC'), interval '1 month') as m`,
    ')',
    `select months.month, ${currency ? `${of(currency)} as currency, ` : ''}round(sum(${money}::numeric / ${divisor}), 2) as ${unit}, count(distinct ${of(subscription.primaryKey!.columns[0]!)}) as subscriptions`,
    'from months',
    `  join ${quoteRelation(subscription)} as t0 on ${[`${of(start)} < ${nextMonth(start)}`, ...lives].join(' and ')}`,
    ...joins,
    `group by months.month${currency ? `, ${of(currency)}` : ''}`,
  ].join('\n')
  return {
    schema,
    name: newName(['mrr'], 'by_month', taken),
    definition,
    key: ['month', ...(currency ? ['currency'] : [])],
    comment: `Monthly recurring revenue${currency ? ' by currency' : ''} at the end of each month (UTC), from list prices: each divided by the months of its interval. The present month is as of the last refresh.`,
  }
}

/** Months as an exact number in SQL. */
function fraction(months: number): string {
  if (Number.isInteger(months)) return String(months)
  return months < 0.1 ? '12 / 365.0' : '12 / 52.0'
}
