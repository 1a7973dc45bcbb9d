import type { Column, Table } from '../../evidence/catalog/model.js'
import { stripEnding, splitName } from '../../evidence/catalog/naming.js'
import type { CodedTable } from '../../evidence/sample/codes.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import type { Proposition } from './proposition.js'

/** So many rows of each kind must be there. */
const FEWEST = 10
const SILENT = new Set('at on date time id by is has the of and value name code type status'.split(' '))
const TIMES = /^(?:date|timestamp|timestamptz)$/

interface Pattern {
  readonly column: Column
  /** 1 where the row has a value. */
  readonly filled: Uint8Array
  readonly count: number
}

/** What is null together, or instead of each other, and what a state or a flag goes along with. */
export function proposeNulls(table: Table, coded: CodedTable | null): readonly Proposition[] {
  if (!coded) return []
  const patterns = table.columns.flatMap((column): readonly Pattern[] => {
    const seen = coded.columns.get(column.name)
    if (!seen || column.notNull || column.inherited || column.generated) return []
    if (seen.nulls < FEWEST || coded.rows - seen.nulls < FEWEST) return []
    const filled = Uint8Array.from(seen.codes, (code) => (code < 0 ? 0 : 1))
    return [{ column, filled, count: coded.rows - seen.nulls }]
  })
  const together = pairs(patterns).flatMap(([a, b]): readonly Proposition[] => {
    if (!sharesWord(a.column, b.column) || a.count !== b.count || !a.filled.every((one, row) => one === b.filled[row]))
      return []
    return [
      make(
        'together',
        [a.column, b.column],
        `(${isNull(a)}) = (${isNull(b)})`,
        `only one of ${a.column.name} and ${b.column.name} is filled`,
      ),
    ]
  })
  return [...together, ...proposeArcs(table, coded, patterns), ...proposeStates(table, coded, patterns)]
}

/** References, or values of one kind, of which each row has exactly one. */
function proposeArcs(table: Table, coded: CodedTable, patterns: readonly Pattern[]): readonly Proposition[] {
  const references = patterns.filter(({ column }) => isReference(table, column))
  const all = exactlyOne(references, coded.rows)
  const groups = all ? [references] : pairs(references).filter((pair) => exactlyOne(pair, coded.rows))
  return groups.map((group) =>
    make(
      'arc',
      group.map(({ column }) => column),
      `num_nonnulls(${group.map(({ column }) => quoteIdentifier(column.name)).join(', ')}) = 1`,
      `not exactly one of ${group.map(({ column }) => column.name).join(', ')} is filled`,
    ),
  )
}

function exactlyOne(group: readonly Pattern[], rows: number): boolean {
  if (group.length < 2 || group.reduce((sum, { count }) => sum + count, 0) !== rows) return false
  for (let row = 0; row < rows; row++) {
    let sum = 0
    for (const { filled } of group) sum += filled[row]!
    if (sum !== 1) return false
  }
  return true
}

/** `approved_at` beside a status that may be «approved», or beside a flag `is_approved`. */
function proposeStates(table: Table, coded: CodedTable, patterns: readonly Pattern[]): readonly Proposition[] {
  const times = patterns.filter(({ column }) => TIMES.test(column.type.name))
  return times.flatMap(({ column }) => {
    const stem = splitName(column.name).filter((word) => !/^(?:at|on|date|time|timestamp)$/.test(word))
    const [word, ...more] = stem
    if (!word || more.length > 0) return []
    const time = quoteIdentifier(column.name)
    const states = table.columns.filter(
      ({ name, type }) =>
        /(?:^|_)(?:status|state)$/.test(splitName(name).join('_')) &&
        (type.typcategory === 'S' || type.category === 'enum') &&
        (type.category !== 'enum' || type.definition?.labels.includes(word)),
    )
    const flags = table.columns.filter(
      ({ name, type }) =>
        type.name === 'bool' &&
        splitName(name)
          .filter((one) => one !== 'is')
          .join() === word,
    )
    const conditions = [
      ...states.map((state) => [state, `${quoteIdentifier(state.name)} = ${quoteLiteral(word)}`] as const),
      ...flags.map((flag) => [flag, quoteIdentifier(flag.name)] as const),
    ]
    return conditions.flatMap(([other, condition]): readonly Proposition[] => {
      if ((coded.columns.get(other.name)?.distinct ?? 0) < 2) return []
      const group = `state ${column.address} ${other.name}`
      const kinds = ['inState', 'filled']
      const tallies = { inState: condition, filled: `${time} is not null` }
      return [
        {
          ...make(
            'state',
            [other, column],
            `(${condition}) = (${time} is not null)`,
            `${other.name} and ${column.name} do not agree`,
          ),
          group,
          rank: 2,
          tallies,
          kinds,
        },
        {
          ...make(
            'state',
            [other, column],
            `not (${condition}) or ${time} is not null`,
            `${other.name} says ${word} and ${column.name} is empty`,
          ),
          group,
          rank: 1,
          applies: condition,
          tallies,
          kinds,
        },
      ]
    })
  })
}

function make(family: string, columns: readonly Column[], expression: string, contradiction: string): Proposition {
  const table = columns[0]!.table
  const id = `${family} ${table.address} ${expression}`
  return { id, family, table, columns, expression, contradiction, group: id, rank: 1, byName: 0 }
}

function isReference(table: Table, column: Column): boolean {
  return (
    table.foreignKeys.some(({ columns }) => columns.includes(column)) ||
    stripEnding(splitName(column.name)).ending === 'id'
  )
}

function isNull({ column }: Pattern): string {
  return `${quoteIdentifier(column.name)} is null`
}

function sharesWord(a: Column, b: Column): boolean {
  const words = new Set(splitName(a.name).filter((word) => !SILENT.has(word)))
  return splitName(b.name).some((word) => words.has(word))
}

function pairs<T>(items: readonly T[]): readonly (readonly [T, T])[] {
  return items.flatMap((first, at) => items.slice(at + 1).map((second) => [first, second] as const))
}
