import type { Catalog, Column, Table } from '../evidence/catalog/model.js'
import { holdsMoney } from './money.js'
import { mentions, wordsOf } from './names.js'
import { valuesAllowed } from './receipts.js'
import { rolesOf } from './roles/roles.js'
import { plainState } from './translation.js'

/** A table in a query, and how it is reached from the one before. */
export interface Hop {
  readonly table: Table
  /** Columns of the table before. */
  readonly from: readonly Column[]
  /** Columns of this table, in the same order. */
  readonly to: readonly Column[]
}

/** From where a subscription's recurring revenue follows. */
export interface RecurringRevenue {
  readonly subscription: Table
  /** From the subscription to its items, prices and plans, as far as they are needed. */
  readonly hops: readonly Hop[]
  readonly price: Column
  readonly quantity: Column | null
  readonly currency: Column | null
  readonly interval: Column
  /** Months of each interval, by value. */
  readonly months: ReadonlyMap<string, number>
  readonly start: Column
  /** When it ended, set when it did. */
  readonly end: Column | null
  readonly status: Column | null
  /** Values of the status of those that pay. */
  readonly paying: readonly string[]
}

/** Months of an interval; a week and a day by the length of a year. */
const MONTHS: readonly (readonly [RegExp, number])[] = [
  [/^(?:day|daily|tag|taeglich|dia|diario|jour)$/, 12 / 365],
  [/^(?:week|weekly|woche|woechentlich|semana|semanal|semaine|hebdomadaire)$/, 12 / 52],
  [/^(?:month|monthly|monat|monatlich|mes|mensual|mensal|mois|mensuel)$/, 1],
  [/^(?:quarter|quarterly|quartal|vierteljaehrlich|trimestre|trimestral|trimestriel)$/, 3],
  [/^(?:semiannual|semi_annual|half_year|halfyearly|halbjaehrlich|semestral|semestriel|biannual)$/, 6],
  [/^(?:year|yearly|annual|annually|jahr|jaehrlich|ano|anual|annuel|an)$/, 12],
  [/^(?:biennial|two_years)$/, 24],
]

const PAYS =
  /^(?:active|live|past_due|unpaid|pending_cancellation|non_renewing|current|aktiv|laufend|activa|activo|ativa|ativo|actif|vigente)$/i

/** The columns from which recurring revenue can be computed; null where one of them is not plain. */
export function recurringRevenueOf(subscription: Table, catalog: Catalog): RecurringRevenue | null {
  const path = pathTo(subscription, catalog)
  if (!path) return null
  const tables = [subscription, ...path.map(({ table }) => table)]
  // What was agreed stands nearer to the subscription than the list price.
  const priced = path.map(({ table }) => ({ table, prices: pricesOf(table) })).filter(({ prices }) => prices.length > 0)
  const [price, ...otherPrices] = priced[0]?.prices ?? []
  const interval = tables.flatMap(({ columns }) => columns).find((column) => monthsOf(column, catalog).size > 0)
  const [start, end] = lifeOf(subscription)
  if (!price || otherPrices.length > 0 || !interval || !start) return null
  const status = subscription.columns.find(({ name }) => mentions(wordsOf(name), 'status', 'state')) ?? null
  const values = status ? valuesAllowed(status, catalog) : []
  const paying = values.filter((value) => PAYS.test(plainState(value)))
  if (status && paying.length === 0) return null
  return {
    subscription,
    hops: path,
    price,
    quantity:
      [subscription, ...path.map(({ table }) => table)].flatMap(({ columns }) => columns).find(isQuantity) ?? null,
    currency:
      [price.table, ...tables]
        .flatMap(({ columns }) => columns)
        .find((column) => column.notNull && isCurrency(column)) ?? null,
    interval,
    months: monthsOf(interval, catalog),
    start,
    end,
    status,
    paying,
  }
}

/** Subscription → items → price → plan, of which only one has to be there. */
function pathTo(subscription: Table, catalog: Catalog): readonly Hop[] | null {
  const roles = rolesOf(catalog)
  const down = (table: Table): readonly Hop[] => {
    const link = roles
      .linksFrom(table)
      .find(
        ({ to, columns }) =>
          ['price', 'plan'].includes(roles.of(to)?.role ?? '') &&
          to !== subscription &&
          columns.length === to.primaryKey?.columns.length,
      )
    return link?.to.primaryKey
      ? [{ table: link.to, from: link.columns, to: link.to.primaryKey.columns }, ...down(link.to).slice(0, 1)]
      : []
  }
  const items = roles
    .linksTo(subscription)
    .find(
      ({ from, columns }) =>
        roles.of(from)?.role === 'subscription item' && columns.length === subscription.primaryKey?.columns.length,
    )
  if (items && subscription.primaryKey) {
    const below = down(items.from)
    return below.length > 0
      ? [{ table: items.from, from: subscription.primaryKey.columns, to: items.columns }, ...below]
      : null
  }
  const below = down(subscription)
  return below.length > 0 ? below : null
}

function pricesOf({ columns }: Table): readonly Column[] {
  const amounts = columns.filter(
    (column) =>
      column.type.name !== 'money' &&
      holdsMoney(column) === 'yes' &&
      !mentions(wordsOf(column.name), 'tax', 'discount', 'paid', 'due', 'limit') &&
      !/setup|einmal|one.?time|trial|minimum|commitment|overage/i.test(column.name),
  )
  return amounts.length > 1 ? amounts.filter(({ name }) => mentions(wordsOf(name), 'price')) : amounts
}

function isQuantity({ name, type }: Column): boolean {
  return (
    /^(?:int[248]|numeric)$/.test(type.name) &&
    /^(?:seats?|quantity|qty|licen[cs]es?|menge|anzahl|cantidad|quantidade|quantite|asientos|assentos|units?)$/.test(
      wordsOf(name).join(' '),
    )
  )
}

function isCurrency({ name, type }: Column): boolean {
  return (
    (type.typcategory === 'S' || type.category === 'enum') &&
    mentions(wordsOf(name), 'currency') &&
    !mentions(wordsOf(name), 'rate')
  )
}

function monthsOf(column: Column, catalog: Catalog): ReadonlyMap<string, number> {
  if (column.type.typcategory !== 'S' && column.type.category !== 'enum') return new Map()
  const values = valuesAllowed(column, catalog)
  const found = values.flatMap((value) => {
    const months = MONTHS.find(([pattern]) => pattern.test(value.toLowerCase()))?.[1]
    return months === undefined ? [] : [[value, months] as const]
  })
  // A value that is not understood would be left out of every sum.
  return found.length > 0 && found.length === values.length ? new Map(found) : new Map()
}

/** When a subscription began, and when it ended. */
function lifeOf({ columns }: Table): readonly [Column | null, Column | null] {
  const times = columns.filter(({ type }) => /^(?:timestamptz|timestamp|date)$/.test(type.name))
  const is = (pattern: RegExp) => times.find(({ name }) => pattern.test(wordsOf(name).join(' ')))
  const start =
    is(
      /^(?:started?|starts|activated?|begin|begins|begun|beginn|vertragsbeginn|inicio|debut)(?: (?:at|on|date|em|am))?$/,
    ) ??
    is(/^start date$/) ??
    is(/^(?:created|criad[oa]|cread[oa]|erstellt|cree)(?: (?:at|on|date|em|am))?$/)
  const end =
    is(
      /^(?:cancell?ed|terminated|ended|ends|end|cancelad[oa]|gekuendigt|gekundigt|resilie|finalizad[oa]|encerrad[oa]|expired)(?: (?:at|on|date|em|am))?$/,
    ) ?? null
  return [start ?? null, end]
}
