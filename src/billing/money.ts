import type { Column, Table } from '../evidence/catalog/model.js'
import { rememberFor } from '../evidence/remember.js'
import type { Answer } from './answer.js'
import { means, mentions, wordsOf } from './names.js'

const NUMERIC = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'money'])

/** Whether the column's values are amounts of money: by type, else by name, where words with other uses need company. */
export function holdsMoney(column: Column): Answer {
  if (column.type.name === 'money') return 'yes'
  if (!NUMERIC.has(column.type.name)) return 'no'
  const words = wordsOf(column.name)
  if (mentions(words, 'rate', 'quantity', 'count', 'identity') || isSpan(words)) return 'no'
  if (isPlainlyMoney(words)) return 'yes'
  if (
    !mentions(
      words,
      'amount',
      'charge',
      'cost',
      'tax',
      'shipping',
      'surcharge',
      'total',
      'net',
      'gross',
      'paid',
      'due',
      'adjustment',
      'budget',
    )
  )
    return mentions(words, 'discount') ? 'unknown' : 'no'
  return isAboutMoney(column.table) ? 'yes' : 'unknown'
}

/** Whether the table tells of money: a currency beside it, a document of billing by name, or a column that is plainly money. */
const isAboutMoney = rememberFor(
  (table: Table): boolean =>
    means(wordsOf(table.name).at(-1) ?? '', 'document', 'record') ||
    table.columns.some((column) =>
      NUMERIC.has(column.type.name)
        ? isPlainlyMoney(wordsOf(column.name))
        : mentions(wordsOf(column.name), 'currency') && !mentions(wordsOf(column.name), 'rate'),
    ),
)

/** Names that are money wherever they stand. */
function isPlainlyMoney(words: readonly string[]): boolean {
  if (mentions(words, 'rate', 'quantity', 'count', 'identity') || isSpan(words)) return false
  if (mentions(words, 'price', 'fee', 'earning', 'subtotal', 'coin', 'coinage')) return true
  if (mentions(words, 'cost')) return mentions(words, 'unit', 'shipping')
  return mentions(words, 'amount') && mentions(words, 'tax', 'discount', 'net', 'gross', 'paid', 'due', 'shipping')
}

/** It counts days or months; not what a month costs: `monatspreis`, `price_per_month`. */
function isSpan(words: readonly string[]): boolean {
  if (means(words.at(-1) ?? '', 'price', 'fee')) return false
  return words.some((word, at) => means(word, 'span') && !/^(?:per|pro|por|par)$/.test(words[at - 1] ?? ''))
}
