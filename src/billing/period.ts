import type { Column, Table } from '../evidence/catalog/model.js'
import { remember, rememberFor } from '../evidence/remember.js'
import type { Answer } from './answer.js'
import { checksOf, isRangeOf, ordersColumns } from './conditions.js'
import { means, mentions, wordsOf } from './names.js'

/** Two columns of one table and type, the second being the end of what begins with the first. */
export interface Period {
  readonly start: Column
  readonly end: Column
  /** planned: start and end of a term, a price, a booking · recorded: when something began and ended, as it happened. */
  readonly nature: 'planned' | 'recorded'
  /** What it is a period of, as far as both names say: `trial`, `current period`, or nothing. */
  readonly of: string
}

const TIMES = new Set(['date', 'timestamp', 'timestamptz'])

interface Boundary {
  readonly column: Column
  readonly side: 'start' | 'end'
  readonly recorded: boolean
  readonly expires: boolean
  readonly stem: string
  /** The stem without words that only say «valid», or the table's own name. */
  readonly core: string
}

/** Pairs of start and end by name, where exactly one column can be each. */
export const periodsOf = rememberFor((table: Table): readonly Period[] => {
  const boundaries = table.columns.flatMap((column) => boundaryOf(column) ?? [])
  if (boundaries.length < 2) return []
  const exact = pair(boundaries, 'stem')
  const paired = new Set(exact.flatMap(({ start, end }) => [start, end]))
  return [
    ...exact,
    ...pair(
      boundaries.filter(({ column }) => !paired.has(column)),
      'core',
    ),
  ]
})

/** Whether the table keeps the end from lying before the start; `unknown` where a trigger that can refuse a row knows both. */
export function isOrdered({ start, end }: Period): Answer {
  const { table } = start
  if (checksOf(table).some((check) => ordersColumns(check, start, end))) return 'yes'
  const whole = table.indexes.filter(({ predicate, valid }) => predicate === null && valid)
  const expressions = [
    ...whole.flatMap(({ keys }) => keys.flatMap(({ column, expression }) => (column ? [] : expression))),
    ...table.columns.flatMap(({ generated }) => generated?.expression ?? []),
  ]
  if (expressions.some((expression) => isRangeOf(expression, start, end))) return 'yes'
  return refusesBoth(table, [start, end]) ? 'unknown' : 'no'
}

/** Whether a trigger of the table can refuse a row and knows these columns. */
export function refusesBoth(table: Table, columns: readonly Column[]): boolean {
  return table.triggers.some(({ function: routine }) => refuses(routine?.source ?? '', columns))
}

/** Which end of a period the words of a name speak of; null for neither or both. */
export function sideOf(words: readonly string[]): 'start' | 'end' | null {
  const starts = words.some((word) => means(word, 'start', 'started'))
  const ends = words.some((word) => means(word, 'end', 'ended', 'expiry'))
  return starts === ends ? null : starts ? 'start' : 'end'
}

function refuses(source: string, columns: readonly Column[]): boolean {
  const body = source.toLowerCase()
  return body.includes('raise') && columns.every(({ name }) => body.includes(`.${name.toLowerCase()}`))
}

function pair(boundaries: readonly Boundary[], by: 'stem' | 'core'): readonly Period[] {
  const keyOf = (boundary: Boundary) => `${boundary[by]} ${boundary.column.type.name}`
  return [...new Set(boundaries.map(keyOf))].flatMap((key) => {
    const group = boundaries.filter((boundary) => keyOf(boundary) === key)
    const [start, ...moreStarts] = group.filter(({ side }) => side === 'start')
    const [end, ...moreEnds] = group.filter(({ side }) => side === 'end')
    if (!start || !end || moreStarts.length + moreEnds.length > 0) return []
    // What was begun does not end when it, or what came of it, expires.
    if (start.recorded && end.expires) return []
    const nature = start.recorded || end.recorded ? 'recorded' : 'planned'
    return [{ start: start.column, end: end.column, nature, of: end.core }]
  })
}

function boundaryOf(column: Column): Boundary | null {
  if (!TIMES.has(column.type.name) || column.generated) return null
  const named = boundaryByName(column.name)
  if (!named) return null
  const { rest, ...boundary } = named
  const tableWords = wordsOf(column.table.name)
  return {
    ...boundary,
    column,
    stem: rest.join(' '),
    core: rest.filter((word) => !means(word, 'effective') && !tableWords.includes(word)).join(' '),
  }
}

/** Which end of a period a name is about, and the words of it that say of what. */
const boundaryByName = remember(5_000, (name) => {
  const words = wordsOf(name)
  const starts = words.filter((word) => means(word, 'start', 'started'))
  const ends = words.filter((word) => means(word, 'end', 'ended', 'expiry'))
  const validFrom = starts.length + ends.length === 0 && mentions(words, 'effective')
  if (!validFrom && starts.length > 0 === ends.length > 0) return null
  return {
    side: ends.length > 0 ? ('end' as const) : ('start' as const),
    recorded: mentions(words, 'started', 'ended'),
    expires: mentions(words, 'expiry'),
    rest: words.filter((word) => !starts.includes(word) && !ends.includes(word) && !means(word, 'date')),
  }
})
