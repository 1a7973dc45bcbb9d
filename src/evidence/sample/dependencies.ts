import { quoteIdentifier } from '../../quote.js'
import type { Column, Table } from '../catalog/model.js'
import { splitName, stripEnding, wordForms } from '../catalog/naming.js'
import type { CodedColumn, CodedTable } from './codes.js'
import { type Depth, groundsFrom, notLookedAt, whyNotAll } from './grounds.js'
import { type LookAt, saw } from './look.js'
import { type Codes, type DependencyMeasure, measureDependency, mismatches } from './measures.js'
import type { Counterexample, Grounds } from './model.js'
import { clip } from './predicates.js'
import type { SampleTable } from './tables.js'

/** Columns that say something about what another column names, and not about the row. */
export interface EmbeddedEntity {
  readonly table: string
  /** Column names; more than one only for a part of a composite key. */
  readonly determinant: readonly string[]
  readonly dependents: readonly Dependent[]
  /** Other columns that tell the same thing one to one. */
  readonly equivalents: readonly string[]
  /** 2NF: the determinant is a part of a key · BCNF: a dependent is part of one · 3NF: neither. */
  readonly breaks: '2NF' | '3NF' | 'BCNF'
  /** Names and shape agree with the rows; what is not is not worth a person's time. */
  readonly strong: boolean
  readonly grounds: Grounds
}

export interface Dependent {
  readonly name: string
  /** Values of the determinant for which it has more than one value. */
  readonly exceptions: number
}

/** Pairs that chance would break less often prove nothing. */
const LEAST_BY_CHANCE = 30
const STRONG_BY_CHANCE = 50
/** Different values of a description beside those of what it describes. */
const DESCRIBES = 0.4
const NEARLY_ALL = 0.8
const LEAST_TESTED = 5
const STRONG_GROUPS = 6
/** Share of rows that may contradict what still holds. */
const MOST_WRONG = 0.01
const LEAST_MU = 0.95
const NAMED = 5

/** Names of numbers that measure something: equal ones are equal by chance. */
const MEASURE =
  /^(?:price|qty|quantity|amount|total|sum|subtotal|bytes|length|size|weight|rate|percent|pct|score|count|rating|discount|tax|cost|fee|balance|width|height|depth|duration|age|year|month|day|hour|minute|second|week|quarter|position|rank|level|order|sort|version|seconds|minutes|hours|days|units|stock|points|limit|credits?|usage|lat|lon|lng|latitude|longitude)$/
const BOOKKEEPING =
  /(?:^|_)(?:(?:created|updated|modified|inserted|deleted)(?:at|on|date|time)?|rowguid|row_version|xmin|tenant)(?:_|$)/i
const DETERMINES = /^(?:int[248]|uuid|text|varchar|bpchar|citext)$/
/** Words that two columns share without being about the same thing. */
const SILENT = new Set('id name code type status state at on date time number no key value is has the of by'.split(' '))

/** What single columns, and parts of composite keys, determine in the rows that were looked at. */
export function mineDependencies(table: Table, coded: CodedTable): readonly Mined[] {
  const keys = keysOf(table)
  const prime = new Set(keys.flat())
  const single = new Set(keys.flatMap((key) => (key.length === 1 ? key : [])))
  const columnsOf = (name: string) => coded.columns.get(name)
  const dependents = table.columns.filter((column) => {
    const seen = columnsOf(column.name)
    return seen && seen.distinct >= 2 && !single.has(column) && !isBookkeeping(column) && !column.generated
  })
  const parts = keys.flatMap(properParts)
  const determinants = [
    ...table.columns
      .filter((column) => !single.has(column) && mayDetermine(column, columnsOf(column.name), coded.rows))
      .map((column) => [column]),
    ...parts.filter((part) => part.length > 1 || !mayDetermine(part[0]!, columnsOf(part[0]!.name), coded.rows)),
  ]
  return determinants.flatMap((determinant): readonly Mined[] => {
    const x = combine(determinant.map((column) => columnsOf(column.name)))
    if (!x || x.distinct < 4 || x.distinct > 0.9 * (coded.rows - x.nulls)) return []
    const seen = new Int32Array(x.distinct)
    const votes = new Int32Array(x.distinct)
    const found = dependents.flatMap((column): readonly Found[] => {
      if (determinant.includes(column)) return []
      const { codes, distinct } = columnsOf(column.name)!
      const limit = Math.ceil(2 * MOST_WRONG * coded.rows)
      if (mismatches(x.codes, codes, seen, votes, limit) > limit) return []
      const measure = measureDependency(x.codes, codes, x.distinct)
      const real = measure.expectedByChance >= LEAST_BY_CHANCE && measure.tested >= LEAST_TESTED
      const holds = measure.g3 === 0 || (measure.muPlus >= LEAST_MU && measure.g3 <= MOST_WRONG)
      return real && holds ? [{ column, distinct, measure }] : []
    })
    return found.length === 0
      ? []
      : [{ determinant, found, prime, isPart: parts.some((part) => same(part, determinant)) }]
  })
}

interface Found {
  readonly column: Column
  /** Distinct values in all rows that were looked at. */
  readonly distinct: number
  readonly measure: DependencyMeasure
}

/** A determinant with all that it determines. */
export interface Mined {
  readonly determinant: readonly Column[]
  readonly found: readonly Found[]
  readonly prime: ReadonlySet<Column>
  readonly isPart: boolean
}

/** One entity for each determinant: of columns that determine each other one stays, and what another determinant tells is left to it. */
export function shapeEntities(
  table: Table,
  mined: readonly Mined[],
  parentsOf: ParentsOf = (column) => declaredParents(column),
): readonly Shaped[] {
  const determines = (from: Mined, to: readonly Column[]) =>
    to.every((column) => from.determinant.includes(column) || from.found.some((one) => one.column === column))
  const isSame = (a: Mined, b: Mined) => a === b || (determines(a, b.determinant) && determines(b, a.determinant))
  const classes: Mined[][] = []
  for (const one of mined) {
    const known = classes.find(([first]) => isSame(first!, one))
    if (known) known.push(one)
    else classes.push([one])
  }
  const chosen = classes.map((members) => members.toSorted((a, b) => rankOf(table, b) - rankOf(table, a))[0]!)
  const membersOf = (one: Mined) => classes.find((members) => members.includes(one))!
  return chosen.flatMap((one): readonly Shaped[] => {
    const equivalents = membersOf(one)
      .flatMap(({ determinant }) => (determinant.length === 1 ? determinant : []))
      .filter((column) => !one.determinant.includes(column))
    const between = chosen.filter(
      (other) => other !== one && determines(one, other.determinant) && !determines(other, one.determinant),
    )
    const smaller = chosen.filter(
      (other) =>
        other !== one &&
        other.determinant.length < one.determinant.length &&
        other.determinant.every((column) => one.determinant.includes(column)),
    )
    const told = new Set([...between, ...smaller].flatMap(({ found }) => found.map(({ column }) => column)))
    const own = one.found.filter(({ column }) => !told.has(column) || equivalents.includes(column))
    if (own.length === 0) return []
    const primes = own.filter(({ column }) => one.prime.has(column))
    const plain = own.filter(({ column }) => !one.prime.has(column))
    const all = plain.length > 0 ? plain : primes
    // What nearly holds, of a column that is about something else, is a habit of the data.
    const about = all.filter(
      (found) => found.measure.badGroups === 0 || isKin(one.determinant, found, parentsOf) || describes(found),
    )
    if (about.length === 0) return []
    const breaks = plain.length === 0 ? 'BCNF' : one.isPart ? '2NF' : '3NF'
    return [
      {
        determinant: one.determinant,
        dependents: about,
        equivalents,
        breaks,
        strong: isStrong(table, one, about, parentsOf),
      },
    ]
  })
}

export interface Shaped {
  readonly determinant: readonly Column[]
  readonly dependents: readonly Found[]
  readonly equivalents: readonly Column[]
  readonly breaks: EmbeddedEntity['breaks']
  readonly strong: boolean
}

function isStrong(
  table: Table,
  { determinant, isPart }: Mined,
  dependents: readonly Found[],
  parentsOf: ParentsOf,
): boolean {
  const groups = Math.max(...dependents.map(({ measure }) => measure.groups))
  const chance = Math.max(...dependents.map(({ measure }) => measure.expectedByChance))
  if (groups < STRONG_GROUPS || chance < STRONG_BY_CHANCE) return false
  const kin = dependents.filter((one) => isKin(determinant, one, parentsOf))
  const telling = kin.length > 0 || dependents.some((one) => describes(one))
  if (isPart) return telling
  const [column] = determinant as [Column]
  return isIdentifier(table, column) && (kin.length > 0 || (telling && dependents.length >= 2))
}

export function declaredParents(column: Column): readonly Table[] {
  return column.table.foreignKeys.flatMap(({ columns, referencedTable }) =>
    columns.length === 1 && columns[0] === column ? [referencedTable] : [],
  )
}

/** Tables that a column may reference: declared, or by its name. */
export type ParentsOf = (column: Column) => readonly Table[]

/**
 * Whether a column is about what the determinant names: it has the word for it, or the name of the table that is referenced, or that
 * table has a column of its name. Another identifier of the same thing is a copy, and says nothing of it.
 */
function isKin(determinant: readonly Column[], found: Found, parentsOf: ParentsOf): boolean {
  const { column } = found
  const words = topicOf(column)
  const [only, ...more] = determinant as [Column, ...Column[]]
  const nouns = determinant.flatMap((one) => nounOf(one) ?? [])
  const isCopy = stripEnding(splitName(column.name)).ending !== 'none' && nouns.includes(nounOf(column) ?? '')
  if (isCopy) return false
  if (nouns.some((noun) => words.includes(noun))) return true
  if (more.length > 0) return false
  return parentsOf(only).some((parent) => {
    const name = splitName(parent.name)
    if (wordForms(name).some((form) => words.join('_').startsWith(form))) return true
    return parent.column(column.name) !== undefined && (!isGenericName(column.name) || describes(found))
  })
}

/** What a column identifies: the last word of its name that is no ending. */
function nounOf({ name }: Column): string | undefined {
  return stripEnding(splitName(name).map((word) => word.replace(/s$/, ''))).core.at(-1)
}

/** A text that is often another for each thing describes it, and so does anything that nearly always is; flags and kinds agree by habit. */
function describes({ column, distinct, measure }: Found): boolean {
  const isText = column.type.typcategory === 'S' && column.type.category !== 'enum'
  return distinct >= STRONG_GROUPS && distinct >= (isText ? DESCRIBES : NEARLY_ALL) * measure.groups
}

/** Names that tables have without meaning the same. */
function isGenericName(name: string): boolean {
  return /^(?:id|name|code|type|status|state|kind|note|notes|comment|description|position|enabled|active|created_at|updated_at)$/i.test(
    name,
  )
}

/** What a column is about, without what it says of it. */
function topicOf({ name, table }: Column): readonly string[] {
  const own = new Set(splitName(table.name))
  const words = splitName(name).map((word) => word.replace(/s$/, ''))
  return stripEnding(words).core.filter((word) => !SILENT.has(word) && !own.has(word))
}

function isIdentifier(table: Table, column: Column): boolean {
  if (table.foreignKeys.some(({ columns }) => columns.length === 1 && columns[0] === column)) return true
  return stripEnding(splitName(column.name)).ending !== 'none' || column.type.name === 'uuid'
}

/** Foreign key before identifier before code before number before text. */
function rankOf(table: Table, { determinant, isPart }: Mined): number {
  const [column, ...more] = determinant as [Column, ...Column[]]
  if (more.length > 0 || isPart) return 6
  if (table.foreignKeys.some(({ columns }) => columns.length === 1 && columns[0] === column)) return 5
  const { ending } = stripEnding(splitName(column.name))
  if (ending === 'id' || column.type.name === 'uuid') return 4
  if (ending === 'code') return 3
  return column.type.name.startsWith('int') ? 2 : 1
}

function mayDetermine(column: Column, seen: CodedColumn | undefined, rows: number): boolean {
  if (!seen || seen.distinct < 4 || seen.nulls > 0.9 * rows) return false
  if (!(DETERMINES.test(column.type.name) || column.type.category === 'enum') || isBookkeeping(column)) return false
  const { core, ending } = stripEnding(splitName(column.name))
  return ending !== 'none' || !core.some((word) => MEASURE.test(word))
}

function isBookkeeping({ name, type, default: value }: Column): boolean {
  return (
    BOOKKEEPING.test(splitName(name).join('_')) ||
    (type.name.startsWith('timestamp') && /now\(\)|CURRENT_TIMESTAMP/i.test(value ?? ''))
  )
}

/** Keys that the catalog tells. */
function keysOf(table: Table): readonly (readonly Column[])[] {
  return table.indexes.flatMap(({ unique, valid, predicate, keys }) => {
    const columns = keys.flatMap(({ column }) => column ?? [])
    return unique && valid && predicate === null && columns.length === keys.length ? [columns] : []
  })
}

/** Proper subsets of a composite key, but for the empty one; of a wide key single columns only. */
function properParts(key: readonly Column[]): readonly (readonly Column[])[] {
  if (key.length < 2) return []
  if (key.length > 4) return key.map((column) => [column])
  return Array.from({ length: 2 ** key.length - 2 }, (_, bits) => key.filter((_column, at) => ((bits + 1) >> at) & 1))
}

function same(a: readonly Column[], b: readonly Column[]): boolean {
  return a.length === b.length && a.every((column) => b.includes(column))
}

/** Several columns as one: NULL where one of them is. */
function combine(columns: readonly (CodedColumn | undefined)[]): CodedColumn | null {
  const [first, ...rest] = columns
  if (!first) return null
  return rest.reduce<CodedColumn | null>((left, right) => {
    if (!left || !right) return null
    const codes: Codes = new Int32Array(left.codes.length)
    const known = new Map<number, number>()
    let nulls = 0
    for (let row = 0; row < codes.length; row++) {
      const [a, b] = [left.codes[row]!, right.codes[row]!]
      if (a < 0 || b < 0) {
        codes[row] = -1
        nulls++
        continue
      }
      const key = a * right.distinct + b
      let code = known.get(key)
      if (code === undefined) known.set(key, (code = known.size))
      codes[row] = code
    }
    return { codes, distinct: known.size, nulls }
  }, first)
}

/** The statement that tells whether each value of the determinant has one value of each dependent. */
export function dependencySql(
  from: string,
  determinant: readonly string[],
  dependents: readonly string[],
): { readonly count: string; readonly list: string } {
  const x = determinant.map(quoteIdentifier)
  const bad = dependents.map((name) => {
    const a = quoteIdentifier(name)
    return `(min(${a}::text) is distinct from max(${a}::text) or (bool_or(${a} is null) and bool_or(${a} is not null)))`
  })
  const filled = x.map((name) => `${name} is not null`).join(' and ')
  const groups = (columns: string) => `select ${columns} from ${from} where ${filled} group by ${x.join(', ')}`
  return {
    count: `select count(*) as groups, count(*) filter (where rows > 1) as tested, coalesce(sum(rows), 0) as n${dependents.map((_, at) => `, count(*) filter (where b${at}) as b${at}`).join('')} from (${groups(`count(*) as rows${bad.map((one, at) => `, ${one} as b${at}`).join('')}`)}) as g`,
    list: `${groups(x.map((name, at) => `${name}::text as k${at}`).join(', '))} having ${bad.join(' or ')} order by ${x.join(', ')}`,
  }
}

/** Gives each entity its grounds: what the coded rows told, or, of larger tables where it is asked for, what all rows do. */
export async function examineEntities(
  place: SampleTable,
  coded: CodedTable,
  shaped: readonly Shaped[],
  look: LookAt,
  depth: Depth,
): Promise<readonly EmbeddedEntity[]> {
  const entities: EmbeddedEntity[] = []
  for (const one of shaped) {
    const entity = await examine(place, coded, one, look, depth)
    if (entity) entities.push(entity)
  }
  return entities
}

async function examine(
  place: SampleTable,
  coded: CodedTable,
  shaped: Shaped,
  look: LookAt,
  depth: Depth,
): Promise<EmbeddedEntity | null> {
  const { determinant, dependents, equivalents, breaks, strong } = shaped
  const determinantNames = determinant.map(({ name }) => name)
  const names = dependents.map(({ column }) => column.name)
  const all = dependencySql(place.relation, determinantNames, names)
  const wouldFalsify = `One ${determinantNames.join(', ')} with two values of ${names.join(' or ')}.`
  const entity = (found: readonly Dependent[], grounds: Grounds): EmbeddedEntity => ({
    table: place.table.address,
    determinant: determinantNames,
    dependents: found,
    equivalents: equivalents.map(({ name }) => name),
    breaks,
    strong,
    grounds,
  })
  const measured = {
    place,
    rows: coded.rows,
    support: Math.max(...dependents.map(({ measure }) => measure.tested)),
    violations: Math.max(...dependents.map(({ measure }) => measure.badGroups)),
    // Few rows are wrong, though they may be spread over many groups.
    verdict: dependents.some(({ measure }) => measure.badGroups > 0) ? ('holds with exceptions' as const) : undefined,
    expectedByChance: Math.round(Math.max(...dependents.map(({ measure }) => measure.expectedByChance))),
    sql: all.count,
    milliseconds: coded.milliseconds,
    at: coded.at,
    wouldFalsify,
    whyNotHigher: whyNotAll(place, depth),
  }
  const exceptions = (verified: boolean) => listExceptions(all.list, determinantNames, verified, look)
  const seen = dependents.map(({ column, measure }) => ({ name: column.name, exceptions: measure.badGroups }))
  if (coded.whole)
    return entity(
      seen,
      groundsFrom({ ...measured, whole: true, counterexamples: await exceptions(measured.violations > 0) }),
    )
  if (!strong || place.rowSecurity || place.sizeBytes > depth.verifyBytes)
    return entity(seen, groundsFrom({ ...measured, whole: false }))
  const result = await look<Record<string, string>>(all.count)
  if (!saw(result)) {
    const { whyNotHigher } = notLookedAt(result.obstacle, all.count, wouldFalsify)
    return entity(seen, groundsFrom({ ...measured, whole: false, whyNotHigher: whyNotHigher! }))
  }
  const [row = {}] = result.rows
  const tested = Number(row['tested'])
  const counted = names.map((name, at) => ({ name, exceptions: Number(row[`b${at}`]) }))
  const standing: Dependent[] = []
  for (const one of counted) {
    const few = one.exceptions <= MOST_WRONG * tested
    if (few || (await wrongShare(place.relation, determinantNames, one.name, look)) <= MOST_WRONG) standing.push(one)
  }
  if (standing.length === 0) return null
  const violations = Math.max(...standing.map((one) => one.exceptions))
  return entity(
    standing,
    groundsFrom({
      ...measured,
      whole: true,
      rows: Number(row['n']),
      support: tested,
      violations,
      verdict: violations > 0 ? 'holds with exceptions' : undefined,
      milliseconds: result.milliseconds,
      at: result.at,
      counterexamples: await exceptions(violations > 0),
    }),
  )
}

/** Share of rows that say something else than most rows of their group; 1 where nobody could look. */
async function wrongShare(
  relation: string,
  determinant: readonly string[],
  dependent: string,
  look: LookAt,
): Promise<number> {
  const x = determinant.map(quoteIdentifier)
  const filled = x.map((name) => `${name} is not null`).join(' and ')
  const result = await look<{ wrong: number | null }>(
    `select (1 - sum(most) / sum(rows))::float8 as wrong from (select sum(n) as rows, max(n) as most from (select ${x.join(', ')}, count(*) as n from ${relation} where ${filled} group by ${x.join(', ')}, ${quoteIdentifier(dependent)}::text) as v group by ${x.join(', ')}) as g`,
  )
  return saw(result) ? (result.rows[0]?.wrong ?? 1) : 1
}

async function listExceptions(
  sql: string,
  names: readonly string[],
  any: boolean,
  look: LookAt,
): Promise<readonly Counterexample[]> {
  if (!any) return []
  const result = await look<Record<string, string | null>>(`${sql} limit ${NAMED}`)
  if (!saw(result)) return []
  return result.rows.map((row) => ({
    key: Object.fromEntries(names.map((name, at) => [name, clip(row[`k${at}`] ?? '')])),
    values: null,
  }))
}
