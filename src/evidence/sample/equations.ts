import { quoteIdentifier } from '../../quote.js'
import type { Column } from '../catalog/model.js'
import type { CodedTable } from './codes.js'
import { type Depth, groundsFrom, whyNotAll } from './grounds.js'
import { type LookAt, saw } from './look.js'
import type { Grounds } from './model.js'
import type { SampleTable } from './tables.js'

/**
 * How a number follows from others of its row: sum: `plus` added, `minus` taken off · product: `plus` multiplied, and a share of
 * `minus` taken off · markup: the first of `plus` with a share of the second added. Rounded to the target's digits.
 */
export interface MinedEquation {
  readonly target: string
  readonly form: 'sum' | 'product' | 'markup'
  readonly plus: readonly string[]
  readonly minus: readonly string[]
}

/** An equation that rows bear out, each of its operands mattering. */
export interface EquationFact extends MinedEquation {
  /** Digits after the point that it is rounded to. */
  readonly scale: number
  readonly grounds: Grounds
}

/** Rows that equations are sought in. */
const SOUGHT_IN = 4000
/** Rows that most of them fail on. */
const FIRST = 60
/** Of those, rows that may differ. */
const FIRST_DIFFERING = 6
/** Numbers of one table among which equations are sought; fewer for those of four. */
const MOST_NUMBERS = 24
const MOST_FOR_FOUR = 10
/** Columns of one result, under the 1,664 that PostgreSQL allows. */
const MOST_COUNTS = 1200
const FEWEST_ROWS = 20
const FEWEST_NONZERO = 10
const FEWEST_VALUES = 5
/** Share of rows that may differ. */
const DIFFERING = 0.1
/** In fewer of the rows an operand does not matter. */
const MATTERING = 0.02
/** A target that is as good as a line over one operand is that operand in another unit. */
const STRAIGHT = 0.999_999_9

interface Numbers {
  readonly columns: readonly Column[]
  /** Those between 0 and 1. */
  readonly shares: ReadonlySet<Column>
  readonly scales: ReadonlyMap<Column, number>
}

/** Equations between the numbers of a row that all, or all but some, of the rows bear out. Counts alone leave the database. */
export async function findEquations(
  place: SampleTable,
  coded: CodedTable,
  look: LookAt,
  depth: Depth,
): Promise<readonly EquationFact[]> {
  const candidates = place.table.columns.filter((column) => mayTakePart(column, coded))
  if (candidates.length < 3 || coded.rows < FEWEST_ROWS) return []
  const numbers = await readNumbers(place, candidates.slice(0, MOST_NUMBERS), look)
  if (!numbers) return []
  const likely: MinedEquation[] = []
  const all = equationsAmong(numbers, (name) => (coded.columns.get(name)?.distinct ?? 0) >= FEWEST_VALUES)
  for (let at = 0; at < all.length; at += MOST_COUNTS) {
    const some = all.slice(at, at + MOST_COUNTS)
    const counts = some.map((one, index) => `count(*) filter (where ${differs(one, numbers)})::int as c${index}`)
    const result = await look<Record<string, number>>(
      `select ${counts.join(', ')} from ${rowsOf(place, numbers, FIRST)}`,
    )
    if (!saw(result)) return []
    likely.push(...some.filter((_, index) => (result.rows[0]?.[`c${index}`] ?? FIRST) <= FIRST_DIFFERING))
  }
  const found = (await measure(place, numbers, likely.slice(0, 100), look, depth, false)) ?? []
  const goOn = !place.whole && found.length > 0 && place.sizeBytes <= depth.verifyBytes
  return (goOn ? await measure(place, numbers, found, look, depth, true) : null) ?? found
}

/** Exact numbers that are measures: no key, and no reference. */
function mayTakePart({ name, type, table, identity, generated, inherited }: Column, coded: CodedTable): boolean {
  const isKey = (columns: readonly Column[]) => columns.some((column) => column.name === name)
  return (
    /^(?:int[248]|numeric)$/.test(type.name) &&
    !identity &&
    !generated &&
    !inherited &&
    !isKey(table.primaryKey?.columns ?? []) &&
    !table.foreignKeys.some(({ columns }) => isKey(columns)) &&
    (coded.columns.get(name)?.distinct ?? 0) >= 2
  )
}

async function readNumbers(place: SampleTable, columns: readonly Column[], look: LookAt): Promise<Numbers | null> {
  const asked = columns.flatMap(({ name }, at) => [
    `bool_and(${quoteIdentifier(name)} between 0 and 1) as s${at}`,
    `coalesce(max(pg_catalog.scale(${quoteIdentifier(name)}::numeric)), 0) as d${at}`,
  ])
  const from = place.from(columns)
  const result = await look<Record<string, boolean | number | null>>(
    `select ${asked.join(', ')} from (select * from ${from} limit ${SOUGHT_IN}) as t`,
  )
  if (!saw(result)) return null
  const [row = {}] = result.rows
  return {
    columns,
    shares: new Set(columns.filter(({ type }, at) => type.name === 'numeric' && row[`s${at}`] === true)),
    scales: new Map(columns.map((column, at) => [column, column.type.scale ?? Number(row[`d${at}`] ?? 0)])),
  }
}

/** Every equation that is tried; sums once, whichever of their columns they are solved for. */
export function equationsAmong(
  { columns, shares }: Pick<Numbers, 'columns' | 'shares'>,
  isTarget: (name: string) => boolean,
): readonly MinedEquation[] {
  const rates = columns.filter((column) => shares.has(column)).map(({ name }) => name)
  const names = columns.filter((column) => !shares.has(column)).map(({ name }) => name)
  const all: MinedEquation[] = []
  const add = (target: string, form: MinedEquation['form'], plus: readonly string[], minus: readonly string[] = []) => {
    if (isTarget(target)) all.push({ target, form, plus, minus })
  }
  for (const target of names) {
    const others = names.filter((name) => name !== target)
    for (const [at, a] of others.entries()) {
      for (const rate of rates) {
        add(target, 'markup', [a, rate])
        add(target, 'product', [a, rate])
        add(target, 'product', [a], [rate])
      }
      for (const [next, b] of others.entries()) {
        if (next <= at) continue
        add(target, 'sum', [a, b])
        add(target, 'product', [a, b])
        for (const rate of rates) add(target, 'product', [a, b], [rate])
        if (names.length > MOST_FOR_FOUR) continue
        for (const [last, c] of others.entries()) {
          if (last > next) add(target, 'sum', [a, b, c])
          // A sum solved for another column is the same sum.
          if (last !== at && last !== next && target > c) add(target, 'sum', [a, b], [c])
        }
      }
    }
  }
  return all
}

/** The value in SQL, without rounding. */
function valueOf({ form, plus, minus }: MinedEquation, of: (name: string) => string): string {
  const [first = '', second = ''] = plus.map(of)
  if (form === 'markup') return `${first} * (1 + ${second})`
  if (form === 'sum') return [plus.map(of).join(' + '), ...minus.map(of)].join(' - ')
  return [...plus.map(of), ...minus.map((name) => `(1 - ${of(name)})`)].join(' * ')
}

const exact = (name: string) => `${quoteIdentifier(name)}::numeric`

function scaleOf({ target }: MinedEquation, { columns, scales }: Numbers): number {
  const column = columns.find(({ name }) => name === target)
  return (column && scales.get(column)) ?? 0
}

function differs(equation: MinedEquation, numbers: Numbers): string {
  return `${exact(equation.target)} <> pg_catalog.round(${valueOf(equation, exact)}, ${scaleOf(equation, numbers)})`
}

function rowsOf(place: SampleTable, { columns }: Numbers, most: number): string {
  return `(select * from ${place.from(columns)} limit ${most}) as t`
}

/** Counts over more rows, or all, what differs and whether each operand matters; null where nobody could look. */
async function measure(
  place: SampleTable,
  numbers: Numbers,
  equations: readonly MinedEquation[],
  look: LookAt,
  depth: Depth,
  all: boolean,
): Promise<readonly EquationFact[] | null> {
  if (equations.length === 0) return []
  const operands = ({ plus, minus }: MinedEquation) => [...plus, ...minus]
  const counts = equations.flatMap((one, at) => [
    `count(*) filter (where (${differs(one, numbers)}) is not null)::float8 as n${at}`,
    `count(*) filter (where ${differs(one, numbers)})::float8 as bad${at}`,
    `count(*) filter (where ${exact(one.target)} <> 0)::float8 as nonzero${at}`,
    ...operands(one).flatMap((name, index) => [
      `count(*) filter (where ${exact(name)} <> ${neutralIn(one, index)} and ${exact(one.target)} is not null)::float8 as m${at}_${index}`,
      `regr_r2(${quoteIdentifier(one.target)}::float8, ${quoteIdentifier(name)}::float8) as r${at}_${index}`,
    ]),
  ])
  const from = all ? place.relation : rowsOf(place, numbers, place.whole ? 1_000_000 : SOUGHT_IN)
  const result = await look<Record<string, number | null>>(`select ${counts.join(', ')} from ${from}`)
  if (!saw(result)) return null
  const [row = {}] = result.rows
  return equations.flatMap((equation, at): readonly EquationFact[] => {
    const [n, bad, nonzero] = [`n${at}`, `bad${at}`, `nonzero${at}`].map((name) => row[name] ?? 0) as [
      number,
      number,
      number,
    ]
    const matters = operands(equation).every((_, index) => {
      const moved = row[`m${at}_${index}`] ?? 0
      return moved >= Math.max(FEWEST_VALUES, MATTERING * n) && (row[`r${at}_${index}`] ?? 0) < STRAIGHT
    })
    if (n < FEWEST_ROWS || nonzero < FEWEST_NONZERO || bad > DIFFERING * n || !matters) return []
    const wrong = differs(equation, numbers)
    const { plus, minus, target, form } = equation
    return [
      {
        target,
        form,
        plus,
        minus,
        scale: scaleOf(equation, numbers),
        grounds: groundsFrom({
          place,
          whole: all || place.whole,
          rows: n,
          support: n,
          violations: bad,
          sql: `select count(*) from ${all || place.whole ? place.relation : place.from(numbers.columns)} where ${wrong}`,
          milliseconds: result.milliseconds,
          at: result.at,
          whyNotHigher: whyNotAll(place, depth),
          wouldFalsify: `One row of ${place.table.address} for which ${wrong}.`,
        }),
      },
    ]
  })
}

/** The number that an operand changes nothing with. */
function neutralIn({ form, plus }: MinedEquation, index: number): 0 | 1 {
  if (form === 'sum') return 0
  return form === 'product' && index < plus.length ? 1 : form === 'markup' && index === 0 ? 1 : 0
}
