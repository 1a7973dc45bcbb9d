import { allOf, columnsIn, type Expression, negate, parseExpression } from './expression.js'
import { implies } from './implication.js'
import type { CheckConstraint, Column, Table } from './model.js'
import { remember, rememberFor } from '../remember.js'

/** What is wrong with a CHECK as a statement of logic, at most one thing for each. */
export type CheckDefect =
  /** No row fails it, whatever it holds. */
  | { readonly kind: 'always true'; readonly check: CheckConstraint }
  /** No row fails it, because these columns are never null. */
  | { readonly kind: 'beside not null'; readonly check: CheckConstraint; readonly columns: readonly Column[] }
  /** No row makes it true, alone or together with `other`; `refusesAll` when NULLs cannot get past it either. */
  | {
      readonly kind: 'never true'
      readonly check: CheckConstraint
      readonly other: CheckConstraint | null
      readonly refusesAll: boolean
    }
  /** Every row that `by` lets pass passes it too. */
  | { readonly kind: 'implied'; readonly check: CheckConstraint; readonly by: CheckConstraint; readonly equal: boolean }

interface Read {
  readonly check: CheckConstraint
  readonly expression: Expression
  readonly columns: readonly Column[]
}

const FALSE: Expression = { kind: 'constant', value: false }

/** What is wrong with each of a table's own enforced CHECK constraints by itself. */
export const findCheckDefects = rememberFor((table: Table): readonly CheckDefect[] =>
  [...judgeEachAlone(table)].flatMap(([{ check }, defect]) => (defect && !check.inherited ? defect : [])),
)

const judgeEachAlone = rememberFor(
  (table: Table): ReadonlyMap<Read, CheckDefect | null> =>
    new Map(readChecks(table).map((read) => [read, judgeAlone(read)])),
)

/**
 * What is wrong with a table's own CHECK constraints together, where each is sound by itself: no row passes two of them, or
 * one implies another. Of two that say the same, the one that is validated or first by name stays.
 */
export const findCheckConflicts = rememberFor((table: Table): readonly CheckDefect[] => {
  if (table.checks.length < 2) return []
  const sound = [...judgeEachAlone(table)].flatMap(([read, defect]) => (defect ? [] : read)).toSorted(byRank)
  const clashing = new Set<CheckConstraint>()
  const given = new Set<CheckConstraint>()
  return sound.flatMap((read, at): readonly CheckDefect[] => {
    const { check } = read
    const clash = sound.slice(0, at).find((other) => excludes(other, read))
    if (clash && !clashing.has(clash.check)) {
      clashing.add(clash.check).add(check)
      return check.inherited
        ? []
        : [{ kind: 'never true', check, other: clash.check, refusesAll: refuses([read, clash]) }]
    }
    if (check.inherited || clash) return []
    const by = sound.find(
      (other, place) =>
        place !== at &&
        !given.has(other.check) &&
        makesSuperfluous(other, read) &&
        (place < at || !follows(read, other)),
    )
    if (!by) return []
    given.add(check)
    return [{ kind: 'implied', check, by: by.check, equal: follows(read, by) }]
  })
})

function readChecks(table: Table): readonly Read[] {
  return table.checks
    .filter(({ enforced }) => enforced)
    .map((check) => {
      const expression = parseExpression(check.expression, table)
      return { check, expression, columns: columnsIn(expression).flatMap((name) => table.column(name) ?? []) }
    })
}

function judgeAlone(read: Read): CheckDefect | null {
  const { check, expression, columns } = read
  // CHECK (false) says on purpose that a parent table holds no rows.
  if (expression.kind === 'constant' && expression.value === false) return null
  const filled = columns.filter(({ notNull }) => notNull)
  const lets = reachOf(expression)(JSON.stringify(filled.map(({ name }) => name)))
  if (lets === 'all') return { kind: 'always true', check }
  if (lets === 'all filled') return { kind: 'beside not null', check, columns: filled }
  if (lets === 'some') return null
  const refusesAll = refuses([read])
  if (!refusesAll && implies(expression, FALSE) !== 'yes') return null
  return { kind: 'never true', check, other: null, refusesAll }
}

/** Which rows an expression lets pass, by the names of those of its columns that are never null: tables share expressions. */
const reachOf = rememberFor((expression: Expression) =>
  remember(100, (names): 'all' | 'all filled' | 'some' | 'none' => {
    const filled = filledIn((JSON.parse(names) as readonly string[]).map((name) => ({ name })))
    const whereFilled = (condition: Expression) => allOf([condition, ...filled])
    if (implies(whereFilled(negate(expression)), FALSE) === 'yes') {
      return filled.length === 0 || implies(negate(expression), FALSE) === 'yes' ? 'all' : 'all filled'
    }
    return implies(whereFilled(expression), FALSE) === 'yes' ? 'none' : 'some'
  }),
)

/** Both can be true, but never for one row. */
function excludes(a: Read, b: Read): boolean {
  if (!a.columns.some((column) => b.columns.includes(column))) return false
  if (isConstant(a) || isConstant(b)) return false
  return implies(allOf([a.expression, b.expression]), FALSE) === 'yes'
}

function isConstant({ expression }: Read): boolean {
  return expression.kind === 'constant'
}

/** No row passes, as the columns are declared. */
function refuses(reads: readonly Read[]): boolean {
  const filled = reads.flatMap(({ columns }) => columns.filter(({ notNull }) => notNull))
  const failed: Expression = { kind: 'or', parts: reads.map(({ expression }) => negate(expression)) }
  return implies({ kind: 'and', parts: filledIn([...new Set(filled)]) }, failed) === 'yes'
}

function makesSuperfluous(by: Read, read: Read): boolean {
  if (!by.check.validated && read.check.validated) return false
  // Children of the table keep only the CHECKs that they inherit.
  if (isNotInherited(by.check) && !isNotInherited(read.check)) return false
  return follows(by, read)
}

function isNotInherited({ definition }: CheckConstraint): boolean {
  return /\bNO INHERIT\b/.test(definition)
}

/** A row that passes `a` passes `b`. */
function follows(a: Read, b: Read): boolean {
  if (!b.columns.every((column) => a.columns.includes(column)) || isConstant(a)) return false
  const filled = filledIn(a.columns.filter(({ notNull }) => notNull))
  return implies(allOf([negate(b.expression), ...filled]), negate(a.expression)) === 'yes'
}

function filledIn(columns: readonly Pick<Column, 'name'>[]): readonly Expression[] {
  return columns.map(({ name }) => ({ kind: 'isNotNull', operand: { kind: 'column', name } }))
}

/** Those that stay come first. */
function byRank(a: Read, b: Read): number {
  const rank = ({ check }: Read) => `${check.inherited ? 0 : 1}${check.validated ? 0 : 1}${check.name}`
  return rank(a) < rank(b) ? -1 : 1
}
