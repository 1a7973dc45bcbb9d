import { quoteIdentifier } from '../../quote.js'
import type { Column, Table } from '../catalog/model.js'
import { splitName, stripEnding } from '../catalog/naming.js'
import type { CodedColumn, CodedTable } from './codes.js'
import { type Depth, groundsFrom, whyNotAll } from './grounds.js'
import { type LookAt, saw } from './look.js'
import type { Grounds } from './model.js'
import type { SampleTable } from './tables.js'

/** Columns that no two rows have alike, though nothing keeps it so. */
export interface KeyFact {
  readonly columns: readonly string[]
  /** primary key: the table has none · unique: by its name it tells rows apart. */
  readonly as: 'primary key' | 'unique'
  /** SQL of the rows that it is about; null for all. */
  readonly where: string | null
  readonly grounds: Grounds
}

const FEWEST = 100
/** Names of texts and numbers that are made to tell rows apart. */
const TELLS_APART =
  /^(?:email|mail|slug|code|sku|number|token|uuid|guid|barcode|ean|isbn|iban|login|username|handle|reference|key|hash|fingerprint|serial|nummer|numero|kennung)$/
const NO_KEY = /(?:^|_)(?:phone|fax|street|address|zip|postal|postcode|line|house|account|bank|description|note)(?:_|$)/
const TENANT =
  /^(?:tenant|organization|organisation|org|workspace|account|company|team|merchant|mandant|customer|shop|store)$/
const DELETED = /^(?:deleted|removed|archived|discarded)(?:_(?:at|on|date))?$/

interface Candidate {
  readonly columns: readonly Column[]
  readonly as: KeyFact['as']
  readonly live: Column | null
}

/** Tries what could be a key: on the coded rows, and of larger tables on all of them where that is asked for. */
export async function examineKeys(
  place: SampleTable,
  coded: CodedTable,
  look: LookAt,
  depth: Depth,
): Promise<readonly KeyFact[]> {
  const facts: KeyFact[] = []
  for (const candidate of candidatesOf(place.table, coded)) {
    if (!isDistinct(candidate, coded)) continue
    const { columns, as, live } = candidate
    const where = live === null ? null : `${quoteIdentifier(live.name)} is null`
    const names = columns.map(({ name }) => quoteIdentifier(name))
    const filled = [...names.map((name) => `${name} is not null`), ...(where ? [where] : [])].join(' and ')
    const sql = `select count(*) as n, count(*) - count(distinct (${names.join(', ')})) as bad from ${place.relation} where ${filled}`
    const seen = {
      place,
      rows: coded.rows,
      support: coded.rows,
      violations: 0,
      sql,
      milliseconds: coded.milliseconds,
      at: coded.at,
      whyNotHigher: whyNotAll(place, depth),
      wouldFalsify: `Two rows of ${place.table.address} with the same ${columns.map(({ name }) => name).join(', ')}.`,
    }
    const fact = (grounds: Grounds): KeyFact => ({ columns: columns.map(({ name }) => name), as, where, grounds })
    if (coded.whole) {
      facts.push(fact(groundsFrom({ ...seen, whole: true })))
      continue
    }
    // Of a sample alone nothing is unique.
    if (place.rowSecurity || place.sizeBytes > depth.verifyBytes) continue
    const result = await look<{ n: string; bad: string }>(sql)
    const [row] = saw(result) ? result.rows : []
    if (!saw(result) || !row || Number(row.bad) > 0) continue
    facts.push(
      fact(
        groundsFrom({
          ...seen,
          whole: true,
          rows: Number(row.n),
          support: Number(row.n),
          milliseconds: result.milliseconds,
          at: result.at,
        }),
      ),
    )
  }
  return facts
}

function candidatesOf(table: Table, coded: CodedTable): readonly Candidate[] {
  if (coded.rows < FEWEST) return []
  const own = (column: Column) => !column.inherited && !column.generated
  const primary = table.primaryKey === null && !hasKey(table) ? primaryCandidates(table, coded) : []
  const live = table.columns.find(({ name }) => DELETED.test(splitName(name).join('_'))) ?? null
  const tenant = table.columns.find(
    (column) => TENANT.test(stripEnding(splitName(column.name)).core.join('_')) && isReference(table, column),
  )
  const named = table.columns.filter((column) => {
    const words = splitName(column.name)
    return (
      own(column) &&
      TELLS_APART.test(words.at(-1) ?? '') &&
      !NO_KEY.test(words.join('_')) &&
      !isReference(table, column)
    )
  })
  const unique = named.flatMap((column): readonly Candidate[] => {
    if (isKnown(table, [column])) return []
    const alone: Candidate = { columns: [column], as: 'unique', live: null }
    if (isDistinct(alone, coded)) return primary.some((one) => one.columns[0] === column) ? [] : [alone]
    const within = tenant && tenant !== column ? [tenant, column] : null
    const variants: readonly Candidate[] = [
      ...(live ? [{ columns: [column], as: 'unique' as const, live }] : []),
      ...(within && !isKnown(table, within) ? [{ columns: within, as: 'unique' as const, live: null }] : []),
      ...(within && live && !isKnown(table, within) ? [{ columns: within, as: 'unique' as const, live }] : []),
    ]
    return variants.filter((one) => isDistinct(one, coded)).slice(0, 1)
  })
  return [...primary, ...unique]
}

/** `id`, else what is made to tell rows apart, else two references that are never the same pair. */
function primaryCandidates(table: Table, coded: CodedTable): readonly Candidate[] {
  const filled = table.columns.filter((column) => coded.columns.get(column.name)?.nulls === 0)
  const topic = splitName(table.name)
    .map((word) => word.replace(/s$/, ''))
    .join('_')
  const singles = filled.filter((column) => {
    const words = splitName(column.name)
    const { core, ending } = stripEnding(words)
    return ending !== 'none' && (core.length === 0 || core.map((word) => word.replace(/s$/, '')).join('_') === topic)
  })
  const references = filled.filter(
    (column) => isReference(table, column) || stripEnding(splitName(column.name)).ending === 'id',
  )
  const pairs = references.flatMap((first, at) => references.slice(at + 1).map((second) => [first, second]))
  const all: readonly (readonly Column[])[] = [
    ...singles.map((column) => [column]),
    ...(references.length <= 4 ? pairs : []),
  ]
  const found = all.find((columns) => isDistinct({ columns, as: 'primary key', live: null }, coded))
  return found ? [{ columns: found, as: 'primary key', live: null }] : []
}

function hasKey({ indexes }: Table): boolean {
  return indexes.some(
    ({ unique, valid, predicate, keys }) =>
      unique && valid && predicate === null && keys.every(({ column }) => column?.notNull),
  )
}

function isReference({ foreignKeys }: Table, column: Column): boolean {
  return foreignKeys.some(({ columns }) => columns.length === 1 && columns[0] === column)
}

/** A unique index is over these columns, or over some of them. */
function isKnown(table: Table, columns: readonly Column[]): boolean {
  return table.indexes.some(
    ({ unique, keys }) =>
      unique &&
      keys.every(({ column, expression }) =>
        columns.some((one) => one === column || (column === null && expression.includes(one.name))),
      ),
  )
}

function isDistinct({ columns, live }: Candidate, coded: CodedTable): boolean {
  const parts = columns.map(({ name }) => coded.columns.get(name))
  const gone = live === null ? undefined : coded.columns.get(live.name)
  if (parts.some((part) => part === undefined) || (live !== null && !gone)) return false
  const seen = new Set<number | string>()
  let rows = 0
  for (let row = 0; row < coded.rows; row++) {
    if (gone && gone.codes[row]! >= 0) continue
    const codes = (parts as readonly CodedColumn[]).map((part) => part.codes[row]!)
    if (codes.some((code) => code < 0)) continue
    rows++
    const key = codes.length === 1 ? codes[0]! : codes.join()
    if (seen.has(key)) return false
    seen.add(key)
  }
  return rows >= FEWEST
}
