import type { Catalog, Column } from '../evidence/catalog/model.js'
import { means, mentions, wordsOf } from './names.js'

/** What the catalog tells of a JSON column that keeps records of its own. */
export interface Records {
  /** list: an array of like objects · attributes: one object, of which some keys are read as columns are · usage: what metered usage is told apart by. */
  readonly shape: 'list' | 'attributes' | 'usage'
  /** `type`, `default`, `check`, `comment`, `view`, `index`, `name`: where it was seen. */
  readonly seenIn: readonly string[]
  /** Keys that indexes, generated columns, CHECKs and views read, in order. */
  readonly keys: readonly string[]
}

const JSON_TYPES = new Set(['json', 'jsonb', '_json', '_jsonb'])

/** Objects with a fixed set of keys, as a rule; those with an open set are configuration and other people's messages. */
const ATTRIBUTES =
  /^(?:property|attribute|dimension|detail|characteristic|eigenschaft|merkmal|propriete|propiedad|atributo|propriedade)$/

const RETIRED = /^(?:legacy|old|deprecated|retired|backup|alt|ancien|snapshot|cache|cached|draft|preview|raw)$/

/** At most this many other words than the records' own, so that `item_availability_rules_by_day` is not one. */
const LONGEST = 4

/** The records that a JSON column keeps, or null where names, defaults and conditions do not tell so plainly. */
export function recordsIn(column: Column, catalog: Catalog): Records | null {
  const { type, name, table } = column
  if (!JSON_TYPES.has(type.name) || column.generated || table.name === name) return null
  const words = wordsOf(name)
  const last = words.at(-1) ?? ''
  if (words.length > LONGEST || words.some((word) => RETIRED.test(word)) || mentions(words, 'foreign')) return null
  const keys = keysReadOf(column, catalog)
  if (ATTRIBUTES.test(last)) return attributesOf(column, keys)
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
  return { shape: 'list', seenIn: [...seenIn, 'name'], keys: keys.names }
}

function attributesOf(column: Column, { names, seenIn }: ReturnType<typeof keysReadOf>): Records | null {
  const { table } = column
  if (names.length > 0 && (seenIn.some((place) => place !== 'view') || names.length > 1))
    return { shape: 'attributes', seenIn, keys: names }
  const tableWords = wordsOf(table.name)
  const measured = table.columns.some(
    ({ name, type }) => type.typcategory === 'N' && mentions(wordsOf(name), 'quantity', 'used', 'amount', 'unit'),
  )
  const isUsage = mentions(tableWords, 'used') && /^(?:event|record|reading|entry|log)$/.test(tableWords.at(-1) ?? '')
  return isUsage && measured ? { shape: 'usage', seenIn: ['name'], keys: [] } : null
}

function listSeenIn(column: Column, { views }: Catalog): readonly string[] {
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
    ...(views.some(
      ({ dependsOnColumns, definition }) =>
        dependsOnColumns.includes(column) &&
        new RegExp(String.raw`jsonb?_(?:array_elements|to_recordset)\([^)]*\b${escape(name)}\b`).test(definition),
    )
      ? ['view']
      : []),
  ]
}

/** Keys that the schema itself takes out of the column. */
function keysReadOf(column: Column, { views }: Catalog) {
  const { table, name } = column
  const texts: readonly (readonly [string, readonly string[]])[] = [
    [
      'index',
      table.indexes.flatMap(({ keys, predicate }) => [...keys.map(({ expression }) => expression), predicate ?? '']),
    ],
    ['column', table.columns.flatMap(({ generated }) => generated?.expression ?? [])],
    ['check', table.checks.map(({ expression }) => expression)],
    [
      'view',
      views.filter(({ dependsOnColumns }) => dependsOnColumns.includes(column)).map(({ definition }) => definition),
    ],
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

/** The word stands in the name in the plural, as lists do. */
function isPlural(name: string, word: string): boolean {
  const plain = name.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
  return (
    new RegExp(`${word.replace(/y$/, '(?:y|ie)')}(?:s|es|n|en|e)(?![a-z])`).test(plain) || /^(?:posten)$/.test(word)
  )
}

function escape(text: string): string {
  return text.replaceAll(/\W/g, String.raw`\$&`)
}
