/** What an element's key was seen to hold; counts are of elements. */
export interface KeyProfile {
  readonly name: string
  /** Elements that have the key, with whatever value. */
  readonly present: number
  readonly nulls: number
  readonly strings: number
  readonly numbers: number
  readonly booleans: number
  readonly objects: number
  readonly arrays: number
  /** Distinct values among the scalar ones. */
  readonly distinct: number
  /** Numbers without a fraction. */
  readonly integers: number
  /** Most digits before the point of any number. */
  readonly digits: number
  /** Most digits after it. */
  readonly scale: number
  readonly negatives: number
  /** Texts that are an instant with its offset, a date, a uuid. */
  readonly instants: number
  readonly dates: number
  readonly uuids: number
  /** Longest text, in characters. */
  readonly longest: number
}

/** Counts over the documents of one place: a column, or a key of its elements. */
export interface Census {
  /** Documents that are neither SQL NULL nor JSON null. */
  readonly documents: number
  readonly arrays: number
  readonly objects: number
  /** Elements of arrays, or the objects themselves. */
  readonly elements: number
  /** Elements that are objects. */
  readonly records: number
  /** Distinct keys of records. */
  readonly distinctKeys: number
  /** Records whose set of keys is one of the eight most frequent sets. */
  readonly covered: number
}

/** table: records in an array · columns: an object with a fixed set of keys · keep: neither, or an open set of keys. */
export type JsonDecision = 'table' | 'columns' | 'keep'

const MOSTLY = 0.95
const STEADY = 0.9
/** Of the records this share has one of eight sets of keys. */
const COVERED = 0.9
/** More keys than this are no columns. */
const MOST_COLUMNS = 15
/** Half of the keys are rarer than this where the set of keys is open. */
const RARE = 0.3

/** What is best done with documents of such a shape, and why in one sentence. */
export function decideJson(
  census: Census,
  keys: readonly KeyProfile[],
): { readonly decision: JsonDecision; readonly reason: string } {
  const { documents, arrays, objects, elements, records, distinctKeys, covered } = census
  const keep = (reason: string) => ({ decision: 'keep' as const, reason })
  const isList = arrays >= MOSTLY * documents
  if (!isList && objects < MOSTLY * documents) return keep('The documents are of several kinds.')
  if (elements === 0 || records < MOSTLY * elements) return keep('The elements are no objects.')
  const presences = keys.map(({ present }) => present / records).toSorted((a, b) => a - b)
  const median = presences[Math.floor(presences.length / 2)] ?? 0
  const steady = presences.filter((presence) => presence >= STEADY).length
  if (distinctKeys > keys.length || median < RARE)
    return keep(`The set of keys is open: ${distinctKeys} different ones in ${records} objects.`)
  if (covered < COVERED * records) return keep('The objects have many different sets of keys.')
  if (isList) {
    if (elements < documents) return keep('Most arrays are empty.')
    if (steady < 2) return keep('Fewer than two keys are in nine of ten elements.')
    return { decision: 'table', reason: `${steady} keys are in at least nine of ten elements.` }
  }
  if (distinctKeys > MOST_COLUMNS) return keep(`The objects have ${distinctKeys} keys, too many for columns.`)
  if (steady === 0) return keep('No key is in nine of ten objects.')
  return { decision: 'columns', reason: `${steady} of ${distinctKeys} keys are in at least nine of ten objects.` }
}

/** The type that holds a key's values, how they are written in JSON, and how many are written otherwise. */
export interface KeyType {
  /** A type in SQL; null where none holds nearly all values. */
  readonly type: string | null
  readonly writtenAs: 'number' | 'boolean' | 'string'
  /** Values, JSON null aside, that are no such value. */
  readonly deviants: number
}

/** Most digits of a number that a column holds whatever comes. */
const WIDE = 19

export function typeOfKey(key: KeyProfile): KeyType {
  const { present, nulls, strings, numbers, booleans } = key
  const values = present - nulls
  const is = (type: string | null, writtenAs: KeyType['writtenAs'], fitting: number): KeyType => ({
    type: values > 0 && fitting >= MOSTLY * values ? type : null,
    writtenAs,
    deviants: values - fitting,
  })
  if (numbers >= strings && numbers >= booleans && numbers > 0) return is(typeOfNumbers(key), 'number', numbers)
  if (booleans > strings) return is('boolean', 'boolean', booleans)
  if (strings === 0) return is(null, 'string', 0)
  // A type other than text must fit every value: one that does not is a reject, not a text.
  if (key.uuids === strings) return is('uuid', 'string', strings)
  if (key.instants === strings) return is('timestamptz', 'string', strings)
  if (key.dates === strings) return is('date', 'string', strings)
  return is('text', 'string', strings)
}

function typeOfNumbers({ integers, numbers, digits, scale }: KeyProfile): string {
  if (integers === numbers) return digits <= 8 ? 'integer' : digits <= 18 ? 'bigint' : 'numeric'
  const places = Math.max(2, scale)
  return digits + places <= WIDE ? `numeric(${WIDE}, ${places})` : 'numeric'
}
