import type { Column, Table } from '../../evidence/catalog/model.js'
import type { CodedColumn, CodedTable } from '../../evidence/sample/codes.js'
import type { ChoiceValues } from '../../evidence/sample/choices.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import type { Proposition } from './proposition.js'

/** So many rows must be filled, and so many empty. */
const FEWEST = 10
/** Columns with more values tell no kinds apart. */
const MOST_KINDS = 12
/** More ways to choose the kinds that fill a column are not tried. */
const MOST_TRIED = 20

/** A column that tells kinds of rows apart, with all that it may say. */
interface Kind {
  readonly column: Column
  readonly seen: CodedColumn
  /** SQL that is true for rows of the kinds at these places of its values. */
  readonly values: readonly string[]
}

/**
 * Columns that are filled exactly for some kinds of rows: `rate` where `kind` is `percentage`. Which kinds, no code tells: every
 * choice of as many is proposed, and rows refute all but one.
 */
export function proposeConditional(
  table: Table,
  coded: CodedTable | null,
  choices: ChoiceValues = new Map(),
): readonly Proposition[] {
  if (!coded) return []
  const kinds = table.columns.flatMap((column) => kindOf(column, coded, choices) ?? [])
  return table.columns.flatMap((column): readonly Proposition[] => {
    const seen = coded.columns.get(column.name)
    if (!seen || column.notNull || column.generated || column.inherited) return []
    if (seen.nulls < FEWEST || coded.rows - seen.nulls < FEWEST) return []
    const telling = kinds
      .filter((kind) => kind.column !== column)
      .flatMap((kind) => {
        const filled = filledKinds(kind.seen, seen)
        return filled === null ? [] : [{ kind, filled }]
      })
      .toSorted((a, b) => a.kind.values.length - b.kind.values.length)
    const [first] = telling
    return first ? propose(table, column, first.kind, first.filled) : []
  })
}

function kindOf(column: Column, { columns }: CodedTable, choices: ChoiceValues): Kind | null {
  const seen = columns.get(column.name)
  if (!seen || seen.nulls > 0 || seen.distinct < 2 || seen.distinct > MOST_KINDS) return null
  const values =
    column.type.name === 'bool'
      ? ['true', 'false']
      : column.type.category === 'enum'
        ? (column.type.definition?.labels ?? []).map(quoteLiteral)
        : (choices.get(column.name) ?? []).map(quoteLiteral)
  return values.length >= 2 && values.length <= MOST_KINDS ? { column, seen, values } : null
}

/** How many kinds fill a column, where each kind fills it in all of its rows or in none; null where one does otherwise. */
function filledKinds(kind: CodedColumn, { codes }: CodedColumn): number | null {
  const state = new Int8Array(kind.distinct)
  for (let row = 0; row < codes.length; row++) {
    const now = codes[row]! < 0 ? 1 : 2
    const of = kind.codes[row]!
    if (state[of] === 0) state[of] = now
    else if (state[of] !== now) return null
  }
  return state.filter((one) => one === 2).length
}

function propose(table: Table, column: Column, { column: by, values }: Kind, filled: number): readonly Proposition[] {
  const name = quoteIdentifier(column.name)
  const group = `conditional ${column.address} ${by.name}`
  return subsets(values, filled).map((kinds): Proposition => {
    const condition = conditionOf(by, kinds)
    const expression = `(${condition}) = (${name} is not null)`
    return {
      id: `${group} ${condition}`,
      family: 'conditional',
      table,
      columns: [by, column],
      expression,
      contradiction: `${column.name} is ${kinds.length === values.length ? 'empty' : `not filled exactly where ${condition}`}`,
      group,
      rank: 1,
      byName: 0,
      tallies: { kept: condition, empty: `${name} is null` },
      kinds: ['kept', 'empty'],
    }
  })
}

function conditionOf({ name, type }: Column, kinds: readonly string[]): string {
  const column = quoteIdentifier(name)
  if (type.name === 'bool') return kinds[0] === 'true' ? column : `not ${column}`
  return kinds.length === 1 ? `${column} = ${kinds[0]}` : `${column} in (${kinds.join(', ')})`
}

/** All choices of so many of the values; none where they are too many to be tried. */
function subsets(values: readonly string[], size: number): readonly (readonly string[])[] {
  const found = values.reduce<readonly (readonly string[])[]>(
    (some, value) => [...some, ...some.filter((one) => one.length < size).map((one) => [...one, value])],
    [[]],
  )
  const chosen = found.filter((one) => one.length === size)
  return chosen.length <= MOST_TRIED ? chosen : []
}
