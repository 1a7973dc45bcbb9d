import type { Column } from '../evidence/catalog/model.js'
import type { Grounds, Sample } from '../evidence/sample/model.js'
import { mentions, wordsOf } from './names.js'

/** Fewer rows, or fewer values among them, may stand at midnight by chance. */
export const FEWEST_DAYS = 5
const FEWEST_VALUES = 3

/** A name that ends so means an instant. */
const INSTANT = /(?:^| )(?:at|on time|time|timestamp|ts|datetime|zeit|zeitpunkt|heure|hora|uhrzeit)$/

/** The beginning of a day, a month … of now, or today. */
const TODAY = /CURRENT_DATE|date_trunc\('(?:day|week|month|quarter|year)'|\)::date\b|\('now'::text\)::date/i
const CLOCK = /\bnow\(\)|CURRENT_TIMESTAMP|LOCALTIMESTAMP|clock_timestamp|statement_timestamp|timeofday/i

/** What says that a column of wall clocks holds days: the catalog, its rows, or a name that is no instant's in any language. */
export type DaySign =
  { readonly by: 'catalog' } | { readonly by: 'rows'; readonly grounds: Grounds } | { readonly by: 'name' }

/** Identity of the proposition that each value of a column is the beginning of a day. */
export function dayId(column: { readonly address: string }): string {
  return `day ${column.address}`
}

/** A timestamp without time zone whose name and default do not say that it is an instant. */
export function mayHoldDays({ type, name, inherited, generated, default: value }: Column): boolean {
  if (type.name !== 'timestamp' || inherited || generated || INSTANT.test(wordsOf(name).join(' '))) return false
  return value === null || TODAY.test(value) || !CLOCK.test(value)
}

/** Why a column of type timestamp holds days and no instants; null where nothing says so, or a row says otherwise. */
export function holdsDays(column: Column, sample: Sample | null): DaySign | null {
  if (!mayHoldDays(column)) return null
  const grounds = sample?.predicate(dayId(column))?.grounds
  const looked = grounds !== undefined && grounds.support > 0
  if (looked && grounds.verdict !== 'holds') return null
  if (isDeclared(column)) return { by: 'catalog' }
  const distinct = sample?.table(column.table)?.columns.get(column.name)?.distinct ?? 0
  if (looked && grounds.support >= FEWEST_DAYS && distinct >= FEWEST_VALUES) return { by: 'rows', grounds }
  const words = wordsOf(column.name)
  return mentions(words, 'birth') && !mentions(words, 'zone') ? { by: 'name' } : null
}

/** A default that is a day, or a CHECK that lets nothing but days in. */
function isDeclared(column: Column): boolean {
  return (
    TODAY.test(column.default ?? '') ||
    column.table.checks.some(
      ({ columns, expression, enforced }) =>
        enforced && columns.length === 1 && columns[0] === column && isMidnight(expression),
    )
  )
}

/** `c = date_trunc('day', c)`, `c::date = c`, `c::time = '00:00'`, either way round and without alternatives. */
function isMidnight(expression: string): boolean {
  if (/\bOR\b/.test(expression)) return false
  return (
    /(?:^|[^<>!])= date_trunc\('(?:day|month|quarter|year)'|date_trunc\('(?:day|month|quarter|year)'::text, [^)]+\) = /.test(
      expression,
    ) ||
    /\)?::date\)?(?:::timestamp without time zone)? = |(?:^|[^<>!])= \(?\(?[\w"]+\)?::date/.test(expression) ||
    /::time without time zone\)? = '00:00:00'/.test(expression)
  )
}
