import type { Column, Table } from '../evidence/catalog/model.js'
import { rememberFor } from '../evidence/remember.js'
import { quoteIdentifier } from '../quote.js'
import { checksOf, ordersColumns } from './conditions.js'
import { means, wordsOf } from './names.js'
import { type Period, periodsOf, refusesBoth, sideOf } from './period.js'

/** A date that belongs inside a period of its own row, and the end of the period that it must not pass. */
export interface InnerDate {
  readonly inner: Column
  readonly bound: Column
  /** Between inner and bound. */
  readonly operator: '>=' | '<='
  readonly of: 'trial' | 'proration'
}

const TRIAL = /^(?:trial|testphase|testzeitraum|probe\w*|prueba|essai|experimentacao|teste)$/
const PRORATION = /^(?:prorat\w*|prorrat\w*|rateio|anteilig\w*|zeitanteilig\w*)$/
/** Whether a word says that something is charged for a part of a period. */
export function isProration(word: string): boolean {
  return PRORATION.test(word)
}

/** A period that is renewed: a trial that is over lies before it. */
const RENEWED =
  /^(?:current|period|periodo|periode|billing|invoice|aktuell\w*|abrechnung\w*|laufend\w*|actual|atual|actuel\w*|courant\w*|facturacion|cobranca|facturation)$/

/** Dates of trials and prorations beside the period that they lie in, as far as names and types tell. */
export const innerDatesOf = rememberFor((table: Table): readonly InnerDate[] => {
  const dates = table.columns.flatMap((column) => {
    const words = wordsOf(column.name)
    const of = words.some((word) => TRIAL.test(word))
      ? ('trial' as const)
      : words.some((word) => PRORATION.test(word)) || /pro rata/.test(words.join(' '))
        ? ('proration' as const)
        : null
    return of && isMoment(column, words) ? [{ column, of }] : []
  })
  return dates.flatMap(({ column, of }) => {
    const type = column.type.name
    const around = periodsOf(table).filter(
      ({ start, end }) => start.type.name === type && !dates.some(({ column: own }) => own === start || own === end),
    )
    const [period, ...more] = of === 'trial' && around.length > 1 ? around.filter(isWhole) : around
    return period && more.length === 0 ? boundsOf(column, of, period) : []
  })
})

/** Whether a CHECK puts both in order, or a trigger that can refuse rows knows both. */
export function isHeldInside({ inner, bound }: InnerDate): boolean {
  return (
    checksOf(inner.table).some((check) => ordersColumns(check, inner, bound)) ||
    refusesBoth(inner.table, [inner, bound])
  )
}

/** The condition in SQL. */
export function insideOf({ inner, operator, bound }: InnerDate): string {
  return `${quoteIdentifier(inner.name)} ${operator} ${quoteIdentifier(bound.name)}`
}

/** Identity of the proposition that the date lies inside. */
export function innerDateId({ inner, operator, bound }: InnerDate): string {
  return `inside ${inner.address} ${operator} ${bound.name}`
}

function isMoment({ type, generated }: Column, words: readonly string[]): boolean {
  if (!/^(?:date|timestamp|timestamptz)$/.test(type.name) || generated) return false
  return (
    sideOf(words) !== null ||
    words.every((word) => PRORATION.test(word) || word === 'pro' || word === 'rata' || means(word, 'date'))
  )
}

/** Start and end of the whole agreement. */
function isWhole({ start, end }: Period): boolean {
  return ![...wordsOf(start.name), ...wordsOf(end.name)].some((word) => RENEWED.test(word))
}

/** A trial that is over lies before the period that is billed now, and one that is broken off lasts longer than what was. */
function boundsOf(inner: Column, of: InnerDate['of'], period: Period): readonly InnerDate[] {
  const { start, end, nature } = period
  const side = sideOf(wordsOf(inner.name))
  const lower: InnerDate = { inner, bound: start, operator: '>=', of }
  const upper: InnerDate = { inner, bound: end, operator: '<=', of }
  if (of === 'proration') return side === 'start' ? [lower] : side === 'end' ? [upper] : [lower, upper]
  if (!isWhole(period)) return side === 'end' ? [upper] : []
  return side === 'start' ? [lower] : nature === 'planned' ? [upper] : []
}
