import type { Catalog, Column, Table } from '../evidence/catalog/model.js'
import { type Player, playersOf } from './arithmetic.js'
import { holdsMoney } from './money.js'
import { means, mentions, wordsOf } from './names.js'
import { statesOf } from './states.js'
import { plainState } from './translation.js'

/** What a row comes to, and a column beside it that says how much of that is settled. */
export interface Settlement {
  readonly whole: Column
  readonly settled: Column
}

const REFUNDED = /^(?:refund|refunded|erstattet|erstatteter|rembourse|reembolsad[oa]|estornad[oa]|devuelt[oa])$/

/** What was paid of a document, or refunded of a payment, beside what the row comes to, where exactly one column can be each. */
export function settlementsOf(table: Table): readonly Settlement[] {
  const players = playersOf(table)
  return [...new Set(players.map(({ group }) => group))].flatMap((group) => {
    const own = players.filter((player) => player.group === group)
    const whole = wholeOf(own)
    const settled = own.filter(
      ({ part, column }) =>
        part === 'paid' || (part === 'adjustment' && wordsOf(column.name).some((word) => REFUNDED.test(word))),
    )
    return whole ? settled.map(({ column }) => ({ whole, settled: column })) : []
  })
}

/** The column that says what a document or a payment comes to; null where none or several could. */
export function amountOf(table: Table): Column | null {
  const players = playersOf(table)
  const groups = [...new Set(players.map(({ group }) => group))]
  const wholeIn = (group: string) => wholeOf(players.filter((player) => player.group === group))
  // Amounts that are said to be of nothing else, in whatever unit.
  const plainly = groups.filter((group) =>
    group.split(' ').every((word) => word === '' || means(word, 'coin', 'coinage')),
  )
  for (const some of [plainly, groups]) {
    const [lone, ...more] = some.flatMap((group) => wholeIn(group) ?? [])
    if (lone) return more.length === 0 ? lone : null
  }
  // What one unit costs is not what the row comes to.
  const plain = table.columns.filter(
    (column) => holdsMoney(column) === 'yes' && !mentions(wordsOf(column.name), 'unit', 'price'),
  )
  return plain.length === 1 ? (plain[0] ?? null) : null
}

/** The column that the lines of a document add up to: what stands before taxes, else the total where nothing is added to the lines. */
export function netOf(table: Table): Column | null {
  const players = playersOf(table)
  const groups = [...new Set(players.map(({ group }) => group))].map((group) =>
    players.filter((player) => player.group === group),
  )
  const added = players.some(({ part }) => /^(?:tax|discount|shipping|surcharge|fee|adjustment)$/.test(part))
  for (const part of ['subtotal', 'net'] as const) {
    const found = groups.flatMap((group) => group.filter((player) => player.part === part))
    if (found.length > 0) return found.length === 1 ? (found[0]?.column ?? null) : null
  }
  return added ? null : amountOf(table)
}

/** The total before the gross amount before the amount. */
function wholeOf(players: readonly Player[]): Column | null {
  for (const part of ['total', 'gross', 'amount'] as const) {
    const [first, ...more] = players.filter((player) => player.part === part)
    if (first) return more.length === 0 ? first.column : null
  }
  return null
}

const FAILED =
  /^(?:fail\w*|declin\w*|reject\w*|void\w*|cancel\w*|error\w*|expired|abandoned|fehlgeschlagen|abgelehnt|storniert|fallid[oa]|rechazad[oa]|anulad[oa]|recusad[oa]|cancelad[oa]|estornad[oa]|echoue|refuse|annule|chargeback|returned)$/i

/** The status of a payment, and its values under which no money has moved; null where the values are not known. */
export function failuresOf(
  status: Column | undefined,
  catalog: Catalog,
): { readonly status: Column; readonly failed: readonly string[] } | null {
  if (!status) return null
  const failed = statesOf(status, catalog).filter((value) => FAILED.test(plainState(value)))
  return failed.length > 0 ? { status, failed } : null
}
