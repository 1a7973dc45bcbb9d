import type { Catalog, Column, Table } from '../evidence/catalog/model.js'
import type { JsonFact } from '../evidence/sample/json.js'
import type { Workload } from '../evidence/workload/model.js'
import { isForeignPlural } from './translation.js'
import { means, mentions, wordsOf } from './names.js'
import { viewsReading } from './views.js'

/** What the catalog tells of a JSON column that keeps records of its own. */
export interface Records {
  /** list: an array of like objects · attributes: one object, of which some keys are read as columns are · object: one with the same keys in nearly every row · usage: what metered usage is told apart by. */
  readonly shape: 'list' | 'attributes' | 'object' | 'usage'
  /** `rows`, `type`, `default`, `check`, `comment`, `view`, `index`, `name`: where it was seen. */
  readonly seenIn: readonly string[]
  /** Keys that indexes, generated columns, CHECKs and views read, in order; of rows, keys that nearly all have. */
  readonly keys: readonly string[]
}

const JSON_TYPES = new Set(['json', 'jsonb', '_json', '_jsonb'])

/** Objects with a fixed set of keys, as a rule; those with an open set are configuration and other people's messages. */
const ATTRIBUTES =
  /^(?:property|attribute|dimension|detail|characteristic|eigenschaft|merkmal|propriete|propiedad|atributo|propriedade)$/

const RETIRED = /^(?:legacy|old|deprecated|retired|backup|alt|ancien|snapshot|cache|cached|draft|preview|raw)$/

/** What others sent, kept as it came. */
const RECEIVED = /^(?:payload|response|request|webhook|callback|message|nachricht|mensaje|mensagem|reponse|respuesta)$/

/** At most this many other words than the records' own, so that `item_availability_rules_by_day` is not one. */
const LONGEST = 4

/**
 * The records that a JSON column keeps, or null where names, defaults and conditions do not tell so plainly. What its rows hold,
 * where that is known, decides: names only tell whose documents they are.
 */
export function recordsIn(
  column: Column,
  catalog: Catalog,
  workload: Workload | null,
  held: JsonFact | undefined,
): Records | null {
  const { type, name, table } = column
  if (!JSON_TYPES.has(type.name) || column.generated || table.name === name) return null
  const words = wordsOf(name)
  const last = words.at(-1) ?? ''
  if (words.some((word) => RETIRED.test(word)) || mentions(words, 'foreign')) return null
  if (held) return recordsHeld(column, held, keysReadOf(column, catalog, workload))
  if (words.length > LONGEST) return null
  if (ATTRIBUTES.test(last)) return attributesOf(column, keysReadOf(column, catalog, workload))
  if (mentions(words, 'open') || means(wordsOf(table.name).at(-1) ?? '', 'audit')) return null
  // Romance languages put the head first: `lignes_facture`.
  const head = isPlural(name, last) && means(last, 'record') ? last : words.find((word) => means(word, 'record'))
  const first = wordsOf(name)[0]
  if (!head || (head !== last && head !== first) || !isPlural(name, head)) return null
  const seenIn = listSeenIn(column, catalog)
  // Without a sign of an array, only a name that is nothing but the list will do.
  if (
    seenIn.length === 0 &&
    (type.name === 'json' ||
      !/^(?:line item|item|line|tier|entry|posten|staffel|ligne|partida|iten)$/.test(words.join(' ')))
  )
    return null
  return { shape: 'list', seenIn: [...seenIn, 'name'], keys: keysReadOf(column, catalog, workload).names }
}

/** Configuration is one object with few keys, and none the worse for it. */
const CONFIGURATION =
  /^(?:setting|preference|option|config|configuration|feature|flag|metadata|meta|extra|state|context|filter|query|schema|layout|theme|template|einstellung|preferencia|opcion|configuracion|configuracao)$/

/** Fewer objects may be alike by chance. */
const ENOUGH = 50

/** What the rows hold, unless it is configuration: records in an array, or an object of which parts are read or which is alike in nearly every row. */
function recordsHeld(
  { name }: Column,
  { decision, keys, records, documents }: JsonFact,
  read: ReturnType<typeof keysReadOf>,
): Records | null {
  const steady = keys.filter(({ present }) => present >= 0.9 * records).map((key) => key.name)
  const words = wordsOf(name)
  if (words.some((word) => CONFIGURATION.test(word) || (RECEIVED.test(word) && read.names.length === 0))) return null
  if (decision === 'table') return { shape: 'list', seenIn: ['rows', ...read.seenIn], keys: steady }
  if (decision === 'keep') return null
  if (read.names.length > 0) return { shape: 'attributes', seenIn: ['rows', ...read.seenIn], keys: read.names }
  if (documents < ENOUGH || steady.length < 2) return null
  return { shape: 'object', seenIn: ['rows'], keys: steady }
}

function attributesOf(column: Column, { names, seenIn }: ReturnType<typeof keysReadOf>): Records | null {
  const { table } = column
  if (
    names.length > 0 &&
    (seenIn.some((place) => !/view|workload/.test(place)) || names.length > 1 || isUsageOf(table))
  )
    return { shape: 'attributes', seenIn, keys: names }
  return isUsageOf(table) ? { shape: 'usage', seenIn: ['name'], keys: [] } : null
}

/** Rows are measured usage: the name says so, and a number says how much. */
function isUsageOf({ name, columns }: Table): boolean {
  const words = wordsOf(name)
  const measured = columns.some(
    (column) => column.type.typcategory === 'N' && mentions(wordsOf(column.name), 'quantity', 'used', 'amount', 'unit'),
  )
  return measured && mentions(words, 'used') && /^(?:event|record|reading|entry|log)$/.test(words.at(-1) ?? '')
}

function listSeenIn(column: Column, catalog: Catalog): readonly string[] {
  const { name, table, type } = column
  const arrayCheck = new RegExp(String.raw`jsonb?_(?:typeof|array_length)\(\(?"?${escape(name)}`)
  return [
    ...(type.name.startsWith('_') ? ['type'] : []),
    ...(/^'\s*\[\s*\]\s*'/.test(column.default ?? '') ? ['default'] : []),
    ...(table.checks.some(({ expression }) => arrayCheck.test(expression) && /'array'|array_length/.test(expression))
      ? ['check']
      : []),
    ...(/\b(?:array|list) of\b|\bone (?:object|entry) (?:per|for each)\b/i.test(column.comment ?? '')
      ? ['comment']
      : []),
    ...(viewsReading(column, catalog).some((definition) =>
      new RegExp(String.raw`jsonb?_(?:array_elements|to_recordset)\([^)]*\b${escape(name)}\b`).test(definition),
    )
      ? ['view']
      : []),
  ]
}

/** Keys that the schema itself takes out of the column. */
function keysReadOf(column: Column, catalog: Catalog, workload: Workload | null) {
  const { table, name } = column
  const texts: readonly (readonly [string, readonly string[]])[] = [
    [
      'index',
      table.indexes.flatMap(({ keys, predicate }) => [...keys.map(({ expression }) => expression), predicate ?? '']),
    ],
    ['column', table.columns.flatMap(({ generated }) => generated?.expression ?? [])],
    ['check', table.checks.map(({ expression }) => expression)],
    ['view', viewsReading(column, catalog)],
    ['workload', queriesOn(column, workload)],
  ]
  const read = new RegExp(String.raw`\b${escape(name)}"?\)*\s*(?:->>?|\?)\s*'([^']+)'`, 'g')
  const found = texts.map(
    ([place, sources]) =>
      [place, sources.flatMap((source) => [...source.matchAll(read)].map(([, key = '']) => key))] as const,
  )
  return {
    names: [...new Set(found.flatMap(([, keys]) => keys))].toSorted(),
    seenIn: found.flatMap(([place, keys]) => (keys.length > 0 ? place : [])),
  }
}

/** Queries that name the table and no second column of this name; their text is enough to see a key taken out of it. */
function queriesOn({ table }: Column, workload: Workload | null): readonly string[] {
  const named = new RegExp(String.raw`\b${escape(table.name)}\b`, 'i')
  return (workload?.queries ?? []).map(({ sql }) => sql).filter((sql) => named.test(sql))
}

/** The word stands in the name in the plural, as lists do. */
function isPlural(name: string, word: string): boolean {
  const plain = name.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
  return (
    new RegExp(`${word.replace(/y$/, '(?:y|ie)')}(?:s|es|n|en|e)(?![a-z])`).test(plain) ||
    /^(?:posten)$/.test(word) ||
    plain.split(/[^a-z]+/).some(isForeignPlural)
  )
}

function escape(text: string): string {
  return text.replaceAll(/\W/g, String.raw`\$&`)
}
