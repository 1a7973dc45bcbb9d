import type { Catalog, Column } from '../evidence/catalog/model.js'
import { weakest } from '../evidence/sample/grounds.js'
import type { Grounds, Sample } from '../evidence/sample/model.js'

/** Types whose values stand in columns of text. */
export type Written = 'json' | 'boolean'

const TEXT = /^(?:text|varchar|bpchar|citext)$/
/** What is limited to less holds no documents. */
const SHORT = 100

/** Of a value in SQL: it is written as such a type's values are, in the languages of the house. */
export const WRITTEN: Readonly<Record<Written, (value: string) => string>> = {
  json: (value) => String.raw`${value} ~ '^\s*(\{\s*("|\})[\s\S]*|\[[\s\S]*\])\s*$'`,
  boolean: (value) =>
    `lower(btrim(${value}::text)) in ('true', 'false', 't', 'f', 'yes', 'no', 'y', 'n', 'on', 'off', 'ja', 'nein', 'j', 'oui', 'non', 'si', 'sí', 's', 'sim', 'não', 'nao')`,
}

/** Identity of the proposition that a column's texts are values of another type. */
export function writtenId(column: { readonly address: string }, as: Written): string {
  return `${as} ${column.address}`
}

/** A column of text that nothing else rests on. */
export function hasWrittenType({ type, table, inherited, generated, name }: Column): boolean {
  if (!TEXT.test(type.name) || type.category !== 'base' || type.domain || inherited || generated) return false
  return (
    !table.foreignKeys.some(({ columns }) => columns.some((column) => column.name === name)) &&
    !table.indexes.some(({ unique, keys }) => unique && keys.some(({ column }) => column?.name === name))
  )
}

/** Tables with columns of text whose values are all of another type, as detections of a rule. */
export function* tablesWrittenAs(as: Written, { tables }: Catalog, sample: Sample | null) {
  for (const table of tables) {
    if (table.partitionOf || table.variety === 'foreign') continue
    const found = table.columns.flatMap((column) => {
      const grounds = writtenAs(column, as, sample)
      return grounds ? [{ column, grounds }] : []
    })
    if (found.length === 0) continue
    yield {
      on: table,
      related: found.map(({ column }) => column),
      facts: { columns: found.map(({ column: { name, type } }) => ({ name, type: type.sql })) },
      grounds: weakest(found.map(({ grounds }) => grounds)),
    }
  }
}

/** What the rows say of a column's texts being values of this type; null where one is not, or too few were seen. */
function writtenAs(column: Column, as: Written, sample: Sample | null): Grounds | null {
  if (as === 'json' && column.type.length !== null && column.type.length < SHORT) return null
  const grounds = sample?.predicate(writtenId(column, as))?.grounds
  return grounds?.verdict === 'holds' && grounds.support > 0 ? grounds : null
}
