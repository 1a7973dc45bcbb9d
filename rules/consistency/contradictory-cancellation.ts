import {
  addCheck,
  afterReview,
  type Catalog,
  checksOf,
  type Column,
  columnsIn,
  holdsOneOf,
  quoteIdentifier,
  ownRolesOf,
  plainState,
  rule,
  statesOf,
  type Table,
  wordsOf,
} from '../../src/kit.js'

/** The first letters of what ends an agreement, in several languages, without accents. */
const ENDING =
  /^(?:cancel|termin|expir|ended|revok|churn|closed|gekuend|gekund|beendet|abgelauf|resili|annul|encerrad|finaliz|baja)/
/** A cancellation that waits for the end of the period. */
const SCHEDULED =
  /cancel_?at_?period_?end|cancel_?at_?end|auto_?renew|pending_?cancel|cancelar_?no_?fim|cancelar_?al_?final|kuendigung_?zum|wird_?gekuendigt|renovar/i
const WAITING = /pending_?cancel|canceling|non_?renewing|scheduled|to_?be_?cancel|vorgemerkt/i
/** Letters that tell one ending from another. */
const STEM = 6

/** A state, and what must hold in it. */
interface Tie {
  readonly value: string
  readonly column: Column
}

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.75,
  impact: 'medium',
  aboutMoney: true,
  docs: {
    summary: 'Let a CHECK keep the status of a subscription and the marks of its end from contradicting each other.',
    why: 'Status, flag and date tell of one event. A row that is canceled and has no date of it is left out of churn and of the last invoice; whether it is billed again depends on which of the columns a query asks.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table plan (id bigint primary key, name text not null, price numeric(12, 2) not null, currency char(3) not null, billing_interval text not null);
      create table subscription (id bigint primary key, customer_id bigint not null references customer, plan_id bigint not null references plan, price numeric(12, 2) not null, currency char(3) not null, status text not null check (status in ('trialing', 'active', 'canceled')), current_period_end timestamptz not null, canceled_at timestamptz);`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table plan (id bigint primary key, name text not null, price numeric(12, 2) not null, currency char(3) not null, billing_interval text not null);
      create table subscription (id bigint primary key, customer_id bigint not null references customer, plan_id bigint not null references plan, price numeric(12, 2) not null, currency char(3) not null, status text not null check (status in ('trialing', 'active', 'canceled')), current_period_end timestamptz not null, canceled_at timestamptz, check (status <> 'canceled' or canceled_at is not null));`,
    unless: 'The rows repeat what a payment provider says.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of ownRolesOf(catalog).tablesIn('subscription')) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const status = ownRolesOf(catalog).columnsOf(table, 'subscription states')[0]
      if (!status || status.inherited) continue
      const ties = tiesOf(table, status, catalog).filter(({ column }) => !areTied(status, column))
      const [first] = ties
      if (!first) continue
      yield {
        on: first.column,
        related: [status, ...ties.slice(1).map(({ column }) => column)],
        facts: { status: status.name, ties: ties.map(({ value, column }) => ({ value, column: column.name })) },
      }
    }
  },

  message: ({ on, facts: { status, ties } }) =>
    `${on.table} may say ${ties.map(({ value, column }) => `${status} ${value} without ${column}`).join(', ')}.`,

  advice: ({ facts: { status, ties } }) =>
    `Say with a CHECK what each ${status} implies: ${ties.map(({ value, column }) => `${value} has ${column}`).join(', ')}. A date may stand before the status follows, where a cancellation is scheduled.`,

  fix: ({ on, facts: { status: name, ties } }) => {
    const status = on.table.column(name)
    const columns = ties.flatMap(({ column }) => on.table.column(column) ?? [])
    if (!status) return []
    const byColumn = columns.filter((column, at) => columns.indexOf(column) === at)
    return afterReview(
      `Has every row of ${on.table} with ${ties.map(({ value, column }) => `${name} ${value} its ${column}`).join(' and ')}?`,
      byColumn.flatMap((column) => {
        const values = ties.filter((tie) => tie.column === column.name).map(({ value }) => value)
        const holds =
          column.type.name === 'bool' ? quoteIdentifier(column.name) : `${quoteIdentifier(column.name)} is not null`
        return addCheck(on.table, [status, column], `not ${holdsOneOf(status, values)} or ${holds}`)
      }),
    )
  },
})

/** Each state that ends the agreement with the date that is called like it, and the scheduled one with its flag. */
function tiesOf(table: Table, status: Column, catalog: Catalog): readonly Tie[] {
  const values = statesOf(status, catalog)
  const dates = table.columns.filter(({ type, notNull }) => /^(?:date|timestamp(?:tz)?)$/.test(type.name) && !notNull)
  const flags = table.columns.filter(
    ({ type, name }) => type.name === 'bool' && SCHEDULED.test(name) && !/renew|renovar/i.test(name),
  )
  const named = values.flatMap((value): readonly Tie[] => {
    if (WAITING.test(value)) return flags.slice(0, 1).map((column) => ({ value, column }))
    const stem = plain(value).slice(0, STEM)
    if (!ENDING.test(plain(plainState(value)))) return []
    return dates
      .filter(({ name }) => plain(name).startsWith(stem))
      .slice(0, 1)
      .map((column) => ({ value, column }))
  })
  if (named.length > 0) return named
  // One state that ends it and one date of an end, under two names.
  const [value, ...others] = values.filter((each) => ENDING.test(plain(plainState(each))))
  const [column, ...more] = dates.filter(({ name }) => ENDING.test(plain(wordsOf(name).join(' '))))
  return value !== undefined && column && others.length + more.length === 0 ? [{ value, column }] : []
}

/** Lower case, no accents, one l where some write two. */
function plain(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '')
    .replaceAll('ll', 'l')
    .replaceAll('ue', 'u')
}

/** A CHECK, a generated column or a trigger knows both. */
function areTied(status: Column, column: Column): boolean {
  const { table } = status
  return (
    status.generated !== null ||
    column.generated !== null ||
    checksOf(table).some((check) => [status, column].every(({ name }) => columnsIn(check).includes(name))) ||
    table.triggers.some(({ function: routine }) =>
      [status, column].every(({ name }) => routine?.source?.toLowerCase().includes(name.toLowerCase())),
    )
  )
}
