import type { Column, Table } from '../evidence/catalog/model.js'
import { rememberFor } from '../evidence/remember.js'
import { means, mentions, wordsOf } from './names.js'

/** A count of what was used, and the column of the same row that says how much may be. */
export interface UsageLimit {
  readonly counter: Column
  readonly limit: Column
  /** Usage that somebody pays for or is granted, rather than attempts or a number of rows. */
  readonly metered: boolean
}

const NUMERIC = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'money'])

/** Distances between attempts, and references to them. */
const NO_COUNT = /^(?:id|between|since|delay|backoff|interval|timeout|after|before)$/

interface Side {
  readonly column: Column
  readonly words: readonly string[]
  /** What is counted: `seat` in `seats_used`. */
  readonly stem: string
  /** The name says that it is used up, not only that it is a count. */
  readonly consumed: boolean
  readonly metered: boolean
}

/** Counters beside their limits, by name, where exactly one column can be the limit. */
export const usageLimitsOf = rememberFor((table: Table): readonly UsageLimit[] => {
  const sides = table.columns.flatMap((column): readonly Side[] => {
    if (!NUMERIC.has(column.type.name) || column.generated || column.identity) return []
    const words = wordsOf(column.name)
    if (mentions(words, 'rate', 'remaining') || words.some((word) => NO_COUNT.test(word))) return []
    const metered = mentions(words, 'used')
    return [{ column, words, stem: stemOf(words, table), consumed: metered || mentions(words, 'attempt'), metered }]
  })
  if (sides.length < 2) return []
  const limits = sides.filter(({ words }) => mentions(words, 'limit') && !words.includes('min'))
  const counters = sides.filter(({ words }) => !mentions(words, 'limit') && mentions(words, 'used', 'attempt', 'count'))
  return counters.flatMap((counter) => {
    const named = limits.filter((limit) => limit.stem === counter.stem && (counter.consumed || counter.stem !== ''))
    const lone = counters.filter(({ consumed }) => consumed).length === 1 && limits.length === 1 ? limits : []
    const loose = counter.consumed ? lone.filter((limit) => limit.stem === '' || counter.stem === '') : []
    const bare = counter.consumed && counter.stem !== '' ? sides.filter((side) => isBare(side, counter)) : []
    const [limit, ...more] = [named, loose, bare].find((found) => found.length > 0) ?? []
    return limit && more.length === 0
      ? [{ counter: counter.column, limit: limit.column, metered: counter.metered }]
      : []
  })
})

/** `seats` beside `seats_used` */
function isBare({ words }: Side, counter: Side): boolean {
  return words.join(' ') === counter.stem
}

function stemOf(words: readonly string[], table: Table): string {
  const tableWords = wordsOf(table.name)
  return words
    .filter((word) => !means(word, 'used', 'attempt', 'count', 'limit', 'amount', 'quantity'))
    .filter((word) => !/^(?:current|total|allowed|per|of|value|so|far|de|do|da)$/.test(word))
    .filter((word) => !tableWords.includes(word))
    .toSorted()
    .join(' ')
}
