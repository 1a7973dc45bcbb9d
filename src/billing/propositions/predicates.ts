import type { Table } from '../../evidence/catalog/model.js'
import type { CodedTable } from '../../evidence/sample/codes.js'
import { equationId, equationsOf, formulaOf, isKept } from '../arithmetic.js'
import { quoteIdentifier } from '../../quote.js'
import { innerDateId, innerDatesOf, insideOf, isHeldInside } from '../inner-dates.js'
import { isOrdered, type Period, periodsOf } from '../period.js'
import type { ChoiceValues } from '../../evidence/sample/choices.js'
import { proposeAmounts } from './amounts.js'
import { proposeCompounds } from './compounds.js'
import { proposeConditional } from './conditional.js'
import { proposeDays } from './days.js'
import { isEnforced } from './enforced.js'
import { proposeFilled } from './filled.js'
import { proposeNulls } from './nulls.js'
import { proposePairs } from './pairs.js'
import type { Proposition } from './proposition.js'
import { proposeTexts } from './texts.js'
import { proposeWritten } from './written.js'

/** Identity of the proposition that a period is in order. */
export function orderId({ start, end }: Pick<Period, 'start' | 'end'>): string {
  return `order ${end.address} ${start.name}`
}

/** What may be true of each row of a table, by its names, types and keys, and by its rows where they were looked at. */
export function proposePredicates(
  table: Table,
  coded: CodedTable | null,
  choices?: ChoiceValues,
): readonly Proposition[] {
  const states = proposeNulls(table, coded)
  const byState = new Set(states.filter(({ family }) => family === 'state').flatMap(({ columns }) => columns.at(-1)!))
  const proposed = [
    ...proposeAmounts(table, coded),
    ...proposePairs(table, coded),
    ...states,
    // What a state explains by its name is said once.
    ...proposeConditional(table, coded, choices).filter(({ columns }) => !byState.has(columns.at(-1)!)),
    ...proposeTexts(table, coded),
    ...proposeFilled(table, coded),
  ]
  // Where a table keeps one of a group, somebody has thought about it.
  const settled = new Set(proposed.flatMap(({ group, expression }) => (isEnforced(expression, table) ? [group] : [])))
  return [
    ...proposePeriods(table),
    ...proposeInnerDates(table),
    ...proposeEquations(table),
    ...proposeDays(table),
    ...proposeWritten(table, coded),
    ...proposeCompounds(table, coded),
    ...proposed.filter(({ group }) => !settled.has(group)),
  ]
}

/** The rule about periods chooses between > and >= itself. */
function proposePeriods(table: Table): readonly Proposition[] {
  return periodsOf(table).flatMap((period): readonly Proposition[] => {
    if (period.end.inherited || isOrdered(period) !== 'no') return []
    const [start, end] = [quoteIdentifier(period.start.name), quoteIdentifier(period.end.name)]
    return [
      {
        id: orderId(period),
        family: 'period',
        contradiction: `${period.end.name} lies before ${period.start.name}`,
        table,
        columns: [period.start, period.end],
        expression: `${end} >= ${start}`,
        tallies: { equal: `${end} = ${start}` },
        group: orderId(period),
        rank: 1,
        byName: 0,
      },
    ]
  })
}

/** The rule about dates outside of their period speaks of them. */
function proposeInnerDates(table: Table): readonly Proposition[] {
  return innerDatesOf(table).flatMap((date): readonly Proposition[] => {
    if (date.inner.inherited || isHeldInside(date)) return []
    return [
      {
        id: innerDateId(date),
        family: 'inside',
        contradiction: `${date.inner.name} lies ${date.operator === '>=' ? 'before' : 'after'} ${date.bound.name}`,
        table,
        columns: [date.inner, date.bound],
        expression: insideOf(date),
        group: innerDateId(date),
        rank: 1,
        byName: 0,
      },
    ]
  })
}

/** The rule about derived amounts speaks of them. */
function proposeEquations(table: Table): readonly Proposition[] {
  return equationsOf(table).flatMap((equation): readonly Proposition[] => {
    const { target, plus, minus } = equation
    if (target.inherited || isKept(equation) !== 'no') return []
    const parts = [...plus, ...minus]
    const formula = formulaOf(equation, ({ name }) => quoteIdentifier(name))
    return [
      {
        id: equationId(equation),
        family: 'arithmetic',
        contradiction: `${target.name} is not ${formulaOf(equation, ({ name }) => name)}`,
        table,
        columns: [target, ...parts],
        expression: `${quoteIdentifier(target.name)} = ${formula}`,
        group: equationId(equation),
        rank: 1,
        byName: 0,
      },
    ]
  })
}
