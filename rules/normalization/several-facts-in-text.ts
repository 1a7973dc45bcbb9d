import {
  afterReview,
  type Column,
  type Compound,
  compoundId,
  compoundIn,
  COMPOUNDS,
  type Grounds,
  groupBy,
  hasWrittenType,
  moneyOf,
  type PartRead,
  partsRead,
  quoteLiteral,
  rule,
  type Sample,
  type SplitColumn,
  splitColumns,
  weakest,
} from '../../src/kit.js'

/** With more different words it is a name rather than a unit. */
const MOST_WORDS = 20
/** So often each of them must come on average. */
const FEWEST_EACH = 4

/** What parts of one value are split at: of addresses of mail and files, hosts, versions, times, parameters. */
const OF_ONE_VALUE = /[@./\\:?&=%]/

const NUMBERS: Readonly<Record<string, 'numeric' | 'bigint'>> = {
  numeric: 'numeric',
  int2: 'bigint',
  int4: 'bigint',
  int8: 'bigint',
  float8: 'numeric',
}

/** One column, as it is told by a finding. */
type Told = {
  readonly column: string
  readonly says: string
  readonly by: string
  readonly separator: string
  readonly parts: readonly { readonly name: string; readonly type: 'numeric' | 'bigint' | 'text' }[]
}

interface Found {
  readonly column: Column
  readonly told: Omit<Told, 'column'>
  /** What rows told; absent where it is declared. */
  readonly grounds?: Grounds
}

export default rule({
  severity: 'warning',
  complexity: 'high',
  breaks: '1NF',
  docs: {
    summary: 'Keep each fact in a column of its own, with its own type.',
    why: 'A text that says several things can be neither summed nor compared, 9 kg sorts behind 10 kg, no constraint holds the number or the unit, and each reader takes it apart in its own way.',
    bad: `create table parcel (id bigint primary key, weight text not null check (weight ~ '^[0-9]+([.][0-9]+)? (kg|g|lb)$'));`,
    good: `create table parcel (id bigint primary key, weight numeric not null check (weight >= 0), weight_unit text not null check (weight_unit in ('kg', 'g', 'lb')));`,
    unless: 'The text is shown as it was written, and nobody computes with what it says.',
    references: ['https://en.wikipedia.org/wiki/First_normal_form'],
  },
  needs: ['catalog'],
  uses: ['sample', 'workload'],
  // Queries that read the column are listed with the fix.
  reveals: ['queries/unknown-name'],

  *detect({ catalog, sample, workload }) {
    const read = groupBy(partsRead(catalog, workload), ({ column }) => column)
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const found = table.columns.flatMap((column) =>
        hasWrittenType(column)
          ? (byCheck(column) ?? byReaders(column, read.get(column) ?? []) ?? byRows(column, sample) ?? [])
          : [],
      )
      const seen = found.flatMap(({ grounds }) => grounds ?? [])
      if (found.length === 0) continue
      yield {
        on: table,
        related: found.map(({ column }) => column),
        facts: { columns: found.map(({ column, told }): Told => ({ column: column.name, ...told })) },
        ...(seen.length > 0 ? { grounds: weakest(seen) } : {}),
      }
    }
  },

  message: ({ on, facts: { columns } }) =>
    `${on} says several things in one text: ${columns.map(({ column, says, by }) => `${column} ${says} (${by})`).join('; ')}.`,

  advice: ({ facts: { columns } }) =>
    `Keep ${columns.map(({ column, parts }) => `${printParts(parts)} in the place of ${column}`).join(', and ')}.`,

  fix: ({ on, facts: { columns }, catalog, target }) => {
    const splits = columns.flatMap(({ column: name, separator, parts }): SplitColumn[] => {
      const column = on.column(name)
      return column ? [{ column, separator, parts }] : []
    })
    const questions = splits.map(
      ({ column, separator, parts }) =>
        `Is every ${column} ${printParts(parts)}, split at ${quoteLiteral(separator)}, and are these the right names?`,
    )
    return afterReview(
      `${questions.join(' ')} The steps make each a column.`,
      splits.length > 0 ? splitColumns(splits, { catalog, target }) : [],
    )
  },
})

function printParts(parts: Told['parts']): string {
  return parts.map(({ name, type }) => `${name} (${type})`).join(', ')
}

/** A CHECK holds the text to the form. */
function byCheck(column: Column): Found | null {
  for (const { name, expression, columns } of column.table.checks) {
    const [, pattern] = /~ '((?:[^']|'')*)'::text$/.exec(expression.replace(/\)+$/, '')) ?? []
    const compound = columns.length === 1 && columns[0] === column && pattern ? compoundIn(pattern) : null
    if (compound) return { column, told: tell(compound, column, `the CHECK ${name} asks for it`) }
  }
  return null
}

/** Somebody reads one part here and another there. */
function byReaders(column: Column, read: readonly PartRead[]): Found | null {
  const [first] = read
  if (!first || read.some(({ separator }) => separator !== first.separator)) return null
  const positions = [...new Set(read.map(({ position }) => position))].toSorted((a, b) => a - b)
  if (positions.length < 2 || OF_ONE_VALUE.test(first.separator)) return null
  const parts = Array.from({ length: positions.at(-1)! }, (_, at) => {
    const own = read.filter(({ position }) => position === at + 1)
    const names = [...new Set(own.flatMap(({ name }) => (name === 'split_part' ? [] : (name ?? []))))]
    const types = [...new Set(own.map(({ type }) => NUMBERS[type ?? ''] ?? 'text'))]
    return {
      name: names.length === 1 ? names[0]! : nameOf(column, String(at + 1)),
      type: types.length === 1 ? types[0]! : ('text' as const),
    }
  })
  const by = [...new Set(read.map((one) => one.by))].slice(0, 3).join(', ')
  const says = `has parts that are read apart, ${positions.join(' and ')}, split at ${quoteLiteral(first.separator)}`
  return { column, told: { says, by: `by ${by}`, separator: first.separator, parts } }
}

/** Every row is written so. */
function byRows(column: Column, sample: Sample | null): Found | null {
  for (const compound of COMPOUNDS) {
    const { grounds, tallies } = sample?.predicate(compoundId(column, compound)) ?? {}
    if (grounds?.verdict !== 'holds' || grounds.support === 0) continue
    const words = tallies?.['words']
    if (words !== undefined && (words > MOST_WORDS || words * FEWEST_EACH > grounds.support)) continue
    const by = `all of ${grounds.support.toLocaleString('en')} rows`
    return { column, told: tell(compound, column, by), grounds }
  }
  return null
}

function tell(compound: Compound, column: Column, by: string): Found['told'] {
  const { says, separator, parts } = moneyOf(compound, column)
  return {
    says: `is ${says}`,
    by,
    separator,
    parts: parts.map(({ called, type }) => ({ name: nameOf(column, called), type })),
  }
}

/** The column's name with a word behind it, as names are written here. */
function nameOf({ name }: Column, called: string): string {
  const word = name.toLowerCase().endsWith(called) ? 'value' : called
  if (!/[A-Z]/.test(name)) return `${name}_${word}`
  return name === name.toUpperCase()
    ? `${name}_${word.toUpperCase()}`
    : name + word.charAt(0).toUpperCase() + word.slice(1)
}
