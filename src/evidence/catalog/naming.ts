import { remember } from '../remember.js'

/** Words of an identifier in lower case: `customerId`, `customer_id` and `CUSTOMER-ID` are the same. */
export const splitName: (name: string) => readonly string[] = remember(50_000, (name) =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean),
)

const IDENTIFIERS = new Set(['id', 'uuid', 'guid', 'fk', 'oid', 'pk', 'ref'])
const CODES = new Set(['code', 'slug', 'key', 'number', 'no', 'nr', 'iso'])

/** What a column's name is about, without the word that says that it identifies: `customer_id`, `id_cliente`, `tax_code`. */
export function stripEnding(words: readonly string[]): {
  readonly core: readonly string[]
  readonly ending: 'id' | 'code' | 'none'
  readonly suffix: string | null
} {
  const last = words.at(-1) ?? ''
  if (IDENTIFIERS.has(last)) return { core: stripFirst(words.slice(0, -1)), ending: 'id', suffix: last }
  if (IDENTIFIERS.has(words[0] ?? '') && words.length > 1)
    return { core: words.slice(1), ending: 'id', suffix: words[0]! }
  if (CODES.has(last)) return { core: words.slice(0, -1), ending: 'code', suffix: last }
  const joined = /^(.{3,}?)(id|uuid|key|code)$/.exec(last)
  if (joined?.[2] === 'code') return { core: [...words.slice(0, -1), joined[1]!], ending: 'code', suffix: 'code' }
  if (joined) return { core: [...words.slice(0, -1), joined[1]!], ending: 'id', suffix: 'id' }
  return { core: words, ending: 'none', suffix: null }
}

function stripFirst(words: readonly string[]): readonly string[] {
  return words[0] === 'fk' || words[0] === 'id' ? words.slice(1) : words
}

const IRREGULAR: Readonly<Record<string, string>> = {
  people: 'person',
  children: 'child',
  men: 'man',
  women: 'woman',
  indices: 'index',
  indexes: 'index',
  vertices: 'vertex',
  criteria: 'criterion',
  data: 'datum',
  analyses: 'analysis',
  bases: 'basis',
}

/** The spellings under which the same thing is found: the last word as it is, and in every singular that it may be the plural of. */
export function wordForms(words: readonly string[]): readonly string[] {
  const last = words.at(-1)
  if (last === undefined) return []
  const start = words.slice(0, -1).map(simplest)
  return [...new Set([last, ...singulars(last)])].flatMap((form) => [
    [...start, form].join('_'),
    [...start, form].join(''),
  ])
}

function simplest(word: string): string {
  return singulars(word)[0] ?? word
}

/** Every singular that a word may be the plural of; none for what is no plural. */
export function singulars(word: string): readonly string[] {
  const irregular = IRREGULAR[word]
  if (irregular) return [irregular]
  if (word.length < 3 || /(?:ss|us|is)$|^(?:series|species|means|news|lens)$/.test(word)) return []
  if (word.endsWith('ies')) return [`${word.slice(0, -3)}y`, word.slice(0, -1)]
  if (/(?:sh|ch|x|z|ss|us|s)es$/.test(word)) return [word.slice(0, -2), word.slice(0, -1)]
  if (word.endsWith('s')) return [word.slice(0, -1)]
  if (word.endsWith('en')) return [word.slice(0, -1), word.slice(0, -2)]
  return []
}
