import type { Column, Table } from '../evidence/catalog/model.js'
import { groupBy } from '../evidence/catalog/group.js'
import type { EquationFact } from '../evidence/sample/equations.js'
import type { Grounds } from '../evidence/sample/model.js'
import { type Equation, equationsOf, playersOf } from './arithmetic.js'

/** An equation and the rows that bear it out. */
export interface MinedEquation {
  readonly equation: Equation
  readonly grounds: Grounds
}

/** What is computed stands here before what it is computed from. */
const COMPUTED_FIRST = ['remaining', 'due', 'total', 'gross', 'amount', 'net', 'balance', 'subtotal']

/** Behind every column of a table. */
const COMPUTED = 10_000

/**
 * Equations that rows told and names did not: one for each set of columns, with the target that its name, or else its place at the end,
 * makes the computed one. What follows from two others is left out.
 */
export function minedEquationsOf(table: Table, facts: readonly EquationFact[]): readonly MinedEquation[] {
  const named = new Set(equationsOf(table).map(({ target, plus, minus }) => setOf([target, ...plus, ...minus])))
  const sets = groupBy(facts, ({ target, plus, minus }) => [target, ...plus, ...minus].toSorted().join('\0'))
  const known = [...new Set([...named, ...sets.keys()])].map((set) => set.split('\0'))
  const computed = new Set<string>()
  const largestFirst = [...sets].map(([set, forms]) => ({ set, forms, names: set.split('\0') }))
  return largestFirst
    .toSorted((a, b) => b.names.length - a.names.length)
    .flatMap(({ set, forms, names }) => {
      if (named.has(set) || followsFromTwo(names, known)) return []
      // What is computed already is more likely a part of this one.
      const rank = (fact: EquationFact) => rankOf(table, fact) + (computed.has(fact.target) ? COMPUTED : 0)
      const [best] = forms.flatMap(solve).toSorted((a, b) => rank(a) - rank(b) || a.minus.length - b.minus.length)
      const equation = best && resolve(table, best)
      if (!equation) return []
      computed.add(best.target)
      return [{ equation, grounds: best.grounds }]
    })
}

/** A sum solved for each of its columns; a product as it is. */
function solve(fact: EquationFact): readonly EquationFact[] {
  const { target, form, plus, minus } = fact
  if (form !== 'sum') return [fact]
  const without = (names: readonly string[], name: string) => names.filter((one) => one !== name)
  return [
    fact,
    ...plus.map((name) => ({ ...fact, target: name, plus: [target, ...minus], minus: without(plus, name) })),
    ...minus.map((name) => ({ ...fact, target: name, plus, minus: [target, ...without(minus, name)] })),
  ]
}

function setOf(columns: readonly Column[]): string {
  return columns
    .map(({ name }) => name)
    .toSorted()
    .join('\0')
}

/** due = subtotal + tax - paid says nothing beside total = subtotal + tax and due = total - paid. */
function followsFromTwo(set: readonly string[], known: readonly (readonly string[])[]): boolean {
  const wanted = set.toSorted().join('\0')
  const smaller = known.filter(({ length }) => length < set.length)
  return smaller.some((one, at) =>
    smaller.slice(at + 1).some((other) => {
      const shared = one.filter((name) => other.includes(name))
      const rest = [...one, ...other].filter((name) => !shared.includes(name))
      return shared.length === 1 && rest.toSorted().join('\0') === wanted
    }),
  )
}

function rankOf(table: Table, { target }: EquationFact): number {
  const part = playersOf(table).find(({ column }) => column.name === target)?.part
  const named = part ? COMPUTED_FIRST.indexOf(part) : -1
  const place = table.columns.findIndex(({ name }) => name === target)
  return named >= 0 ? named : COMPUTED_FIRST.length + table.columns.length - place
}

function resolve(table: Table, { target, form, plus, minus }: EquationFact): Equation | null {
  const find = (names: readonly string[]) =>
    form === 'markup'
      ? names.flatMap((name) => table.column(name) ?? [])
      : table.columns.filter(({ name }) => names.includes(name))
  const column = table.column(target)
  return column ? { target: column, form, plus: find(plus), minus: find(minus), confidence: 0.9 } : null
}
