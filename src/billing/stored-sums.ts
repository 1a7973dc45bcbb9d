import type { Catalog, Column, Table } from '../evidence/catalog/model.js'
import { usageLimitsOf } from './counter.js'
import { holdsMoney } from './money.js'
import { mentions, wordsOf } from './names.js'
import { valuesAllowed } from './receipts.js'
import type { Role } from './roles/role.js'
import { periodsOf } from './period.js'
import { rolesOf } from './roles/roles.js'
import { tablesSurelyIn } from './surely.js'

/** A column that says again what rows of another table add up to. */
export interface StoredSum {
  readonly total: Column
  readonly parts: Table
  /** The column of the parts that is added up; null where their rows are counted. */
  readonly addend: Column | null
  /** How parts belong to the row of the total: columns of either, pairwise equal. */
  readonly match: readonly (readonly [part: Column, total: Column])[]
  /** Parts count from this time of the row of the total on. */
  readonly since: { readonly part: Column; readonly total: Column } | null
  /** Parts add with one of these values and take away with the others. */
  readonly direction: { readonly column: Column; readonly adds: readonly string[] } | null
  /** Parts take away by this column. */
  readonly subtrahend: Column | null
  /** Why the sum cannot be written down; null where it can. */
  readonly unclear: string | null
}

const NUMBER = new Set(['int2', 'int4', 'int8', 'numeric'])

/** Totals stored beside the rows that they are the sum of, as far as roles, references and names tell. */
export function storedSumsOf(catalog: Catalog): readonly StoredSum[] {
  return [...countersOf(catalog), ...balancesOf(catalog), ...rowCountsOf(catalog)].filter(
    ({ total }) => !total.generated && !total.inherited && !isGuarded(total.table),
  )
}

/** Usage that is counted in a row beside a limit, while each event has a row of its own. */
function countersOf(catalog: Catalog): readonly StoredSum[] {
  const roles = rolesOf(catalog)
  const events = tablesSurelyIn(catalog, 'usage event').filter((table) => periodsOf(table).length === 0)
  return roles.tablesIn('usage limit').flatMap((table) => {
    const counters = usageLimitsOf(table).filter(({ metered }) => metered)
    const [{ counter } = { counter: undefined }, ...more] = counters
    if (!counter || more.length > 0) return []
    return events.flatMap((parts) => {
      const match = matchOf(parts, table, catalog)
      const quantities = parts.columns.filter((column) => NUMBER.has(column.type.name) && isQuantity(column))
      const [addend, ...others] = quantities
      if (match.length === 0 || !addend || others.length > 0) return []
      const part = timeOf(parts)
      const total = table.columns.find((column) => isSince(column)) ?? null
      const resets = table.columns.some(({ name }) =>
        wordsOf(name).some((word) => /^(?:reset|renova|renew|refill|rollover|reinicio|period|window)/.test(word)),
      )
      const since = part && total ? { part, total } : null
      return [
        {
          ...PLAIN,
          total: counter,
          parts,
          addend,
          match,
          since,
          unclear: since || !resets ? null : 'nothing says since when it counts',
        },
      ]
    })
  })
}

function isMetric({ name, type }: Column): boolean {
  return type.typcategory === 'S' && /metri|meter|measure|dimension|feature|kpi|medidor/i.test(name)
}

/** A time that lies behind: `reset_at` alone may be the next. */
function isSince({ name, type }: Column): boolean {
  return (
    /^(?:timestamptz|timestamp)$/.test(type.name) &&
    /^(?:last reset(?: at)?|(?:current )?(?:period|window|cycle) start(?:ed at)?|ultimo reinicio|reiniciado em|zuletzt zurueckgesetzt)$/.test(
      wordsOf(name).join(' '),
    )
  )
}

/** Balances of accounts whose movements are rows. */
function balancesOf(catalog: Catalog): readonly StoredSum[] {
  const roles = rolesOf(catalog)
  return roles.tablesIn('ledger account').flatMap((table) => {
    const balances = table.columns.filter(({ name, type }) => NUMBER.has(type.name) && isBalance(name))
    const [total] = balances
    if (!total) return []
    const links = roles.linksTo(table).filter(({ from }) => roles.of(from)?.role === 'ledger entry')
    const [link, ...more] = links
    if (
      !link ||
      new Set(links.map(({ from }) => from)).size > 1 ||
      link.columns.length !== table.primaryKey?.columns.length
    )
      return []
    const match = link.columns.map((column, at) => [column, table.primaryKey!.columns[at]!] as const)
    const sum = amountsOf(link.from, catalog)
    const unclear =
      more.length > 0 ? 'an entry names two accounts' : balances.length > 1 ? 'there are several balances' : sum.unclear
    return [{ ...PLAIN, ...sum, total, parts: link.from, match, unclear }]
  })
}

/** How many rows of a child there are, called after both: `seats_assigned` beside `seat_assignments`. */
function rowCountsOf(catalog: Catalog): readonly StoredSum[] {
  const roles = rolesOf(catalog)
  const owners: readonly Role[] = ['subscription', 'subscription item', 'usage limit', 'coupon', 'plan']
  return roles.tablesIn(...owners).flatMap((table) =>
    table.columns.flatMap((total) => {
      if (!/^int[248]$/.test(total.type.name) || table.foreignKeys.some(({ columns }) => columns.includes(total)))
        return []
      const words = wordsOf(total.name).filter(
        (word) => !/^(?:count|total|number|num|current|of|anzahl|cantidad|quantidade)$/.test(word),
      )
      const linked = roles
        .linksTo(table)
        .filter(
          ({ from }) =>
            words.length > 0 && words.every((word) => wordsOf(from.name).some((other) => alike(word, other))),
        )
      const [link, ...more] = linked
      const isCount = words.length > 1 || mentions(wordsOf(total.name), 'count')
      if (!link || more.length > 0 || !isCount || link.columns.length !== table.primaryKey?.columns.length) return []
      const match = link.columns.map((column, at) => [column, table.primaryKey!.columns[at]!] as const)
      const ends = link.from.columns.some(
        ({ name, notNull, type }) => !notNull && type.typcategory === 'D' && !mentions(wordsOf(name), 'foreign'),
      )
      return [
        { ...PLAIN, total, parts: link.from, match, unclear: ends ? 'rows that have ended may count or not' : null },
      ]
    }),
  )
}

const PLAIN = { addend: null, since: null, direction: null, subtrahend: null, unclear: null } as const

/** `assigned` and `assignment`, `seat` and `seats`. */
function alike(a: string, b: string): boolean {
  const stem = Math.min(a.length, b.length, 6)
  return stem >= 4 && a.slice(0, stem) === b.slice(0, stem)
}

/** Columns of two tables that are equal where rows belong together: those by which both belong to a third, and what is measured. */
function matchOf(parts: Table, table: Table, catalog: Catalog): StoredSum['match'] {
  const roles = rolesOf(catalog)
  const direct = roles.linksFrom(parts).find(({ to }) => to === table)
  if (direct && direct.columns.length === table.primaryKey?.columns.length)
    return direct.columns.map((column, at) => [column, table.primaryKey!.columns[at]!] as const)
  const owners = roles.linksFrom(table).flatMap((own) => {
    const other = roles
      .linksFrom(parts)
      .find(({ to, columns }) => to === own.to && columns.length === own.columns.length)
    return other ? other.columns.map((column, at) => [column, own.columns[at]!] as const) : []
  })
  if (owners.length === 0) return []
  const metered = table.columns.flatMap((column) => {
    const same = parts.column(column.name)
    return same && isMetric(column) && same.type.name === column.type.name ? [[same, column] as const] : []
  })
  // Without what is measured, usage of everything would be added up.
  if (metered.length === 0 && table.columns.some((column) => isMetric(column))) return []
  return [...new Map([...owners, ...metered].map((pair) => [pair[1], pair])).values()]
}

function amountsOf(parts: Table, catalog: Catalog): Pick<StoredSum, 'addend' | 'subtrahend' | 'direction' | 'unclear'> {
  const plain = { addend: null, subtrahend: null, direction: null, unclear: null }
  const called = (pattern: RegExp) =>
    parts.columns.find(({ name, type }) => NUMBER.has(type.name) && wordsOf(name).some((word) => pattern.test(word)))
  const [debit, credit] = [
    called(/^(?:debit|debits|soll|debe|debito|debet)$/),
    called(/^(?:credit|credits|haben|haber|credito)$/),
  ]
  if (debit && credit && debit !== credit) return { ...plain, addend: debit, subtrahend: credit }
  const amounts = parts.columns.filter(
    (column) =>
      NUMBER.has(column.type.name) &&
      holdsMoney(column) !== 'no' &&
      mentions(wordsOf(column.name), 'amount') &&
      !isBalance(column.name),
  )
  const [addend, ...more] = amounts
  if (!addend || more.length > 0)
    return { ...plain, addend: addend ?? null, unclear: 'no one amount is plainly what an entry moves' }
  const sides = parts.columns
    .filter(({ type }) => type.typcategory === 'S' || type.category === 'enum')
    .map((column) => ({ column, values: valuesAllowed(column, catalog) }))
    .find(({ values }) => values.length === 2 && values.some((value) => ADDS.test(value)))
  if (sides)
    return {
      ...plain,
      addend,
      direction: { column: sides.column, adds: sides.values.filter((value) => ADDS.test(value)) },
    }
  return { ...plain, addend }
}

const ADDS = /^(?:credit|cr|in|inbound|haben|haber|credito|entrada|inflow)$/i

function isBalance(name: string): boolean {
  return mentions(wordsOf(name), 'balance') || wordsOf(name).join(' ') === 'available'
}

function isQuantity({ name }: Column): boolean {
  const words = wordsOf(name)
  return (
    mentions(words, 'quantity', 'used') ||
    words.some((word) =>
      /^(?:unit|units|value|kwh|bytes|second|minute|duration|menge|verbrauch|consumo|quantidade)$/.test(word),
    )
  )
}

function timeOf({ columns }: Table): Column | null {
  const times = columns.filter(({ type }) => /^(?:timestamptz|timestamp)$/.test(type.name))
  return (
    times.find(({ name }) => /occurred|happened|event|measured|used|ocorrido|ocurrido|gemessen|start/i.test(name)) ??
    (times.length === 1 ? times[0]! : null)
  )
}

/** Writers check a version of the row before they change it, and keep the total so. */
function isGuarded({ columns }: Table): boolean {
  return columns.some(
    ({ name, type }) => /^int[48]$/.test(type.name) && /^(?:version|lock_?version|revision|row_?version)$/i.test(name),
  )
}

/** A view reads both, or a trigger on the parts writes the total. */
export function isReconciled({ total, parts }: Pick<StoredSum, 'total' | 'parts'>, { views }: Catalog): boolean {
  const escaped = total.table.name.replaceAll(/\W/g, String.raw`\$&`)
  const updates = new RegExp(String.raw`\b(?:update|into)\s+(?:"?\w+"?\.)?"?${escaped}\b`, 'i')
  return (
    views.some(({ dependsOn, dependsOnColumns }) => dependsOn.includes(parts) && dependsOnColumns.includes(total)) ||
    [...parts.triggers, ...parts.partitions.flatMap(({ triggers }) => triggers)].some(({ function: routine }) =>
      updates.test(routine?.source ?? ''),
    )
  )
}
