import type { Catalog, Column, Table } from '../evidence/catalog/model.js'
import { equationsOf, isKept } from './arithmetic.js'
import { isNeverNegative } from './conditions.js'
import { means, mentions, wordsOf } from './names.js'
import { ownRolesOf } from './roles/own.js'
import { amountOf, settlementsOf } from './settlement.js'
import { statusValuesOf } from './status.js'

/** What takes money back instead of asking for it, in several languages, without accents. */
const OPPOSITE =
  /credit|refund|return|revers|rever[st]|correct|adjust|rectif|gutschr|storno|stornier|erstatt|abono|devol|avoir|rembours|estorn|reembols|chargeback|void|opposite|negativ/i
const KIND = /^(?:type|kind|art|typ|tipo|categoria|category|class|direction|sign|document|doctype|nature|sens)$/

/**
 * What an invoice or a payment comes to and what was paid of it, where none of these can be less than nothing: corrections are not
 * rows of the same table.
 */
export function documentTotalsOf(table: Table, catalog: Catalog): readonly Column[] {
  const role = ownRolesOf(catalog).of(table)?.role
  if ((role !== 'invoice' && role !== 'payment') || mayBeOpposite(table, catalog)) return []
  const settled = settlementsOf(table)
  const whole = amountOf(table)
  const totals = [...(whole ? [whole] : []), ...settled.flatMap((one) => [one.whole, one.settled])]
  return [...new Set(totals)].filter(
    (column) =>
      column.generated === null &&
      !mentions(wordsOf(column.name), 'balance', 'remaining', 'budget', 'due', 'rate') &&
      !/negativ/i.test(column.comment ?? '') &&
      !isSumOfAmounts(column),
  )
}

/** Whether some invoices of a table may be credit notes, whose amounts are below nothing. */
export function mayTakeBack(table: Table, catalog: Catalog): boolean {
  return ownRolesOf(catalog).of(table)?.role === 'invoice' && mayBeOpposite(table, catalog)
}

/** Rows of the table may take back what others ask for. */
function mayBeOpposite(table: Table, catalog: Catalog): boolean {
  if (table.foreignKeys.some(({ referencedTable }) => referencedTable === table)) return true
  return table.columns.some((column) => {
    const words = wordsOf(column.name)
    if (column.type.name === 'bool') return OPPOSITE.test(column.name)
    if (!KIND.test(words.at(-1) ?? '') && !KIND.test(words[0] ?? '')) return false
    if (words.length > 1 && !words.some((word) => means(word, 'document'))) return false
    const labels = column.type.definition?.labels ?? []
    const values = labels.length > 0 ? labels : statusValuesOf(column, catalog).values
    return values.length < 2 || values.some((value) => OPPOSITE.test(value))
  })
}

/** Kept equal to a sum of what is never negative. */
function isSumOfAmounts(column: Column): boolean {
  return equationsOf(column.table).some(
    (equation) =>
      equation.target === column &&
      equation.minus.length === 0 &&
      isKept(equation) === 'yes' &&
      equation.plus.every((part) => isNeverNegative(part) === 'yes'),
  )
}
