import { columnsIn } from '../evidence/catalog/expression.js'
import type { Column, ForeignKey, Index, Table } from '../evidence/catalog/model.js'
import { checksOf, holdsRowsWithout, isFilledByCheck, isFilledIn } from './conditions.js'
import { means, wordsOf } from './names.js'

/** A nullable column of a unique key, and what its absence means there. */
export interface Gap {
  readonly column: Column
  /** deletion: null says that the row is live · qualifier: null stands for «any» or «none», as a value would. */
  readonly meaning: 'deletion' | 'qualifier'
}

const TIMES = new Set(['date', 'timestamp', 'timestamptz'])

const DELETION =
  /^(?:deleted|removed|archived|discarded|cancell?ed|geloscht|geloescht|supprime|eliminado|borrado|excluido)$/

/** Texts and numbers that tell variants of one thing apart. */
const QUALIFIER =
  /^(?:region|locale|language|lang|currency|country|channel|variant|kind|type|category|metric|dimension|scope|tier|level|environment|env|platform|interval|month|year|quarter|period|version|sprache|waehrung|land|langue|devise|pays|idioma|moneda|pais|moeda|gueltig|valid|effective|from|until|start|end)$/

const NAME = /^(?:name|key|slug|title|label|bezeichnung|nom|nombre|nome)$/

const TENANT = /^(?:organi[sz]ation|org|tenant|account|team|workspace|company|project|firma|entreprise|empresa)$/

const ORDINAL = /^(?:position|ordinal|sort|rank|line|sequence|seq|no|nr|number|index|order|row)$/

/**
 * Nullable columns through which a composite unique index lets equal rows in, although its other columns are known. Columns
 * that are optional identifiers of the row (`external_id`, `slug`) are none: without one there is nothing to be unique.
 */
export function gapsOf(index: Index): readonly Gap[] {
  const { table } = index
  if (table.kind !== 'table' || index.keys.length < 2) return []
  const nullable = index.keys.flatMap(({ column }) => (column && !isFilled(column, index) ? column : []))
  const known = index.keys.flatMap(({ column }) => (column && !nullable.includes(column) ? column : []))
  if (known.every(({ name }) => ORDINAL.test(wordsOf(name).at(-1) ?? ''))) return []
  return nullable.flatMap((column) => {
    const meaning = meaningOf(column, known)
    if (meaning === 'deletion' && rulesLiveRows(column, known, table)) return []
    return meaning && !isCovered(column, index, table) && !isOneOf(column, table) ? [{ column, meaning }] : []
  })
}

function isFilled(column: Column, index: Index): boolean {
  return column.notNull || isFilledByCheck(column) || isFilledIn(index, column)
}

function meaningOf(column: Column, known: readonly Column[]): Gap['meaning'] | null {
  const { type } = column
  const words = wordsOf(column.name)
  if (words.some((word) => DELETION.test(word))) return TIMES.has(type.name) ? 'deletion' : null
  const [reference] = referencesOf(column)
  if (reference) return isScope(reference, known) ? 'qualifier' : null
  if (type.category === 'enum' || type.name === 'bool') return 'qualifier'
  const [first = '', last = ''] = [words[0], words.at(-1)]
  if (means(last, 'identity') && !QUALIFIER.test(last))
    return QUALIFIER.test(first) && /^(?:code|key)$/.test(last) ? 'qualifier' : null
  return QUALIFIER.test(last) || QUALIFIER.test(first) ? 'qualifier' : null
}

/**
 * A missing reference says something of its own: the top of a tree, what belongs to everybody, a link that holds anywhere.
 * Elsewhere a row that belongs to nothing yet has nobody to be unique for.
 */
function isScope({ table, referencedTable }: ForeignKey, known: readonly Column[]): boolean {
  const named = known.some(({ name }) => NAME.test(wordsOf(name).at(-1) ?? ''))
  if (referencedTable === table) return named
  const links = known.filter((column) => referencesOf(column).length > 0)
  if (links.length === known.length) return links.length > 1
  const onlyNames = known.every(({ name }) => NAME.test(wordsOf(name).at(-1) ?? ''))
  return onlyNames && wordsOf(referencedTable.name).some((word) => TENANT.test(word))
}

function referencesOf(column: Column): readonly ForeignKey[] {
  return column.table.foreignKeys.filter(({ columns }) => columns.length === 1 && columns[0] === column)
}

/** Another unique index keeps the rows apart that have no value here. */
function isCovered(column: Column, { keys, name }: Index, { indexes }: Table): boolean {
  const others = keys.flatMap((key) => (key.column && key.column !== column ? key.column : []))
  return indexes.some(
    (other) =>
      other.unique &&
      other.valid &&
      other.name !== name &&
      (other.predicate === null || holdsRowsWithout(other, column)) &&
      other.keys.every((key) =>
        key.column
          ? others.includes(key.column) || (other.nullsNotDistinct && key.column === column)
          : /coalesce/i.test(key.expression) && key.expression.includes(column.name),
      ),
  )
}

/** A unique index on live rows says what may repeat among them, such as versions of one key. */
function rulesLiveRows(deletion: Column, known: readonly Column[], { indexes }: Table): boolean {
  return indexes.some(
    (other) =>
      other.unique &&
      other.predicate !== null &&
      holdsRowsWithout(other, deletion) &&
      known.every((column) => other.keys.some((key) => key.column === column)),
  )
}

/** A CHECK says when the column has a value, such as one of several owners. */
function isOneOf(column: Column, table: Table): boolean {
  return checksOf(table).some((check) => {
    const columns = columnsIn(check)
    return columns.includes(column.name) && columns.length > 1 && /null/i.test(JSON.stringify(check))
  })
}
