import type { Catalog, Column, Table } from '../evidence/catalog/model.js'
import { groupBy } from '../evidence/catalog/group.js'
import { parseExpression } from '../evidence/catalog/expression.js'
import { rememberFor } from '../evidence/remember.js'
import type { Answer } from './answer.js'
import { checksOf, confines, literalsComparedWith } from './conditions.js'
import { means, mentions, wordsOf } from './names.js'
import { viewsReading } from './views.js'

/** What the catalog tells of a status column's values. */
export interface StatusValues {
  /** The default first; then those of conditions in indexes, CHECKs and views; each once. */
  readonly values: readonly string[]
  /** `default`, `index`, `check`, `view`, `enum`: where they were seen. */
  readonly seenIn: readonly string[]
  /** An enum names all of them. */
  readonly complete: boolean
}

const TEXT = new Set(['text', 'varchar', 'bpchar', 'citext'])

/** Words that mean nothing but a status; the others also mean a federal state, a condition, or the text of a message. */
const PLAIN = /^(?:status|statut|situacao|estatus)$/

/** In Romance languages the head stands first: `estado_pedido`. */
const ROMANCE = /^(?:statut|estado|etat|situacao|estatus)$/

/** Longest status that anybody declares. */
const LONGEST = 50

/** Whether type and name let a column hold a status; what its values say is not looked at. */
export function mayHoldStatus({ type, name, generated }: Column): boolean {
  if (!TEXT.has(type.name) || type.category !== 'base' || generated) return false
  return means(headOf(wordsOf(name)) ?? '', 'status', 'state')
}

function headOf(words: readonly string[]): string | undefined {
  return ROMANCE.test(words[0] ?? '') ? words[0] : words.at(-1)
}

/** Whether the column is a text that holds one of few states of its row's life. */
export function holdsStatus(column: Column, { values, seenIn }: StatusValues): Answer {
  const { type, table } = column
  if (!mayHoldStatus(column)) return 'no'
  const words = wordsOf(column.name)
  const head = headOf(words) ?? ''
  if (mentions(words, 'foreign', 'previous', 'audit') || means(wordsOf(table.name).at(-1) ?? '', 'audit'))
    return 'unknown'
  if (isKeyAlone(column)) return 'no'
  const used = seenIn.some((place) => place !== 'default')
  const coded = values.some((value) => /^[\p{L}\d_ -]{2,40}$/u.test(value))
  if (!PLAIN.test(head)) return coded && !isAddress(table) ? 'yes' : 'unknown'
  const short = type.length !== null && type.length <= LONGEST
  if (coded || used) return 'yes'
  return (column.notNull || short) && !mirrorsProvider(table) ? 'yes' : 'unknown'
}

/** Whether something leaves the column a set of values: a CHECK, a domain's, or a foreign key. */
export function isConfined(column: Column): boolean {
  const { table, type } = column
  return (
    table.foreignKeys.some(({ columns }) => columns.includes(column)) ||
    (type.domain?.checks.length ?? 0) > 0 ||
    checksOf(table).some((check) => confines(check, column))
  )
}

/** The values that defaults, conditions and enums of the catalog name for a column. */
export function statusValuesOf(column: Column, catalog: Catalog): StatusValues {
  const { table } = column
  const predicates = table.indexes.flatMap(({ predicate }) => predicate ?? [])
  const places: readonly (readonly [place: string, found: readonly string[]])[] = [
    ['default', defaultOf(column)],
    ['index', predicates.flatMap((predicate) => literalsComparedWith(parseExpression(predicate, table), column))],
    ['check', checksOf(table).flatMap((check) => literalsComparedWith(check, column))],
    ['view', viewsReading(column, catalog).flatMap((definition) => literalsInText(definition, column.name))],
  ]
  const seen = [...new Set(places.flatMap(([, found]) => found))].filter((value) => value !== '')
  const labels = labelsFor(column, catalog, seen)
  return {
    values: labels ?? seen,
    seenIn: [...places.flatMap(([place, found]) => (found.length > 0 ? place : [])), ...(labels ? ['enum'] : [])],
    complete: labels !== null,
  }
}

/** The row stands for one at a payment provider or the like, whose words its status may repeat. */
function mirrorsProvider({ columns }: Table): boolean {
  return columns.some(({ name }) => mentions(wordsOf(name), 'foreign'))
}

/** A postal address, whose state is a part of a country. */
function isAddress({ columns }: Table): boolean {
  return columns.some(({ name }) =>
    /^(?:city|zip|postal|postcode|country|county|street|stadt|ort|plz|ville|pays|ciudad|pais|cidade|cep)$/.test(
      wordsOf(name)[0] ?? '',
    ),
  )
}

function isKeyAlone({ table, name }: Column): boolean {
  return table.indexes.some(
    ({ unique, keys, predicate }) =>
      unique && predicate === null && keys.length === 1 && keys[0]?.column?.name === name,
  )
}

function defaultOf(column: Column): readonly string[] {
  const match = /^'((?:[^']|'')+)'::/.exec(column.default ?? '')
  return match?.[1] ? [match[1].replaceAll("''", "'")] : []
}

/** Literals that stand right of the column in a comparison, as the server prints views. */
function literalsInText(definition: string, name: string): readonly string[] {
  const escaped = name.replaceAll(/\W/g, String.raw`\$&`)
  const literal = String.raw`'(?:[^']|'')*'(?:::[\w ]+)?`
  const comparison = new RegExp(
    String.raw`\b${escaped}"?\)*(?:::[\w ]+?)?\)*\s*(?:=|<>)\s*(?:(?:ANY|ALL)\s*\(+ARRAY\[)?(${literal}(?:,\s*${literal})*)`,
    'g',
  )
  return [...definition.matchAll(comparison)].flatMap(([, list = '']) =>
    [...list.matchAll(/'((?:[^']|'')*)'/g)].map(([, value = '']) => value.replaceAll("''", "'")),
  )
}

/** The labels of an enum that was made for this column by name and knows all its values. */
function labelsFor(column: Column, catalog: Catalog, seen: readonly string[]): readonly string[] | null {
  const enums = enumsByWords(catalog)
  if (enums.size === 0) return null
  const own = [...wordsOf(column.table.name), ...wordsOf(column.name)].join(' ')
  const candidates = (enums.get(own) ?? []).filter(({ labels }) => seen.every((value) => labels.includes(value)))
  return candidates.length === 1 ? (candidates[0]?.labels ?? null) : null
}

const enumsByWords = rememberFor(({ types }: Catalog) =>
  groupBy(
    types.filter(({ variety }) => variety === 'enum'),
    ({ name }) => wordsOf(name).join(' '),
  ),
)
