import type { Table } from '../../evidence/catalog/model.js'
import type { CodedTable } from '../../evidence/sample/codes.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import { wordsOf } from '../names.js'
import type { Proposition } from './proposition.js'

const TEXT = /^(?:text|varchar|bpchar|citext)$/
const NAMED =
  /^(?:name|title|label|code|slug|email|number|sku|key|subject|description|login|username|nom|nombre|bezeichnung|titel)$/

const FORMATS: readonly (readonly [of: RegExp, pattern: string, what: string])[] = [
  [/^(?:currency|currency code|waehrung|devise|moneda)$/, '^[A-Z]{3}$', 'currency code'],
  [/^(?:country code|country iso|iso country)$/, '^[A-Z]{2}$', 'country code'],
  [/(?:^| )e ?mail(?: address)?$/, '^[^@[:space:]]+@[^@[:space:]]+$', 'e-mail address'],
  [/(?:^| )slug$/, '^[a-z0-9]+(-[a-z0-9]+)*$', 'slug'],
]

/** Texts that are never blank, or always of one form. */
export function proposeTexts(table: Table, coded: CodedTable | null): readonly Proposition[] {
  if (!coded) return []
  return table.columns.flatMap((column): readonly Proposition[] => {
    if (!TEXT.test(column.type.name) || column.type.category !== 'base' || column.generated || column.inherited)
      return []
    if (table.foreignKeys.some(({ columns }) => columns.includes(column))) return []
    const words = wordsOf(column.name)
    const name = quoteIdentifier(column.name)
    const make = (family: string, expression: string, contradiction: string, rank: number): Proposition => ({
      id: `${family} ${column.address} ${expression}`,
      family,
      table,
      columns: [column],
      expression,
      contradiction,
      group: `text ${column.address}`,
      rank,
      byName: 0,
    })
    const joined = words.join(' ').replace(/\be mail\b/, 'email')
    const format = FORMATS.find(([of]) => of.test(joined))
    return [
      ...(format
        ? [make('format', `${name} ~ ${quoteLiteral(format[1])}`, `${column.name} is no ${format[2]}`, 2)]
        : []),
      ...(column.notNull && NAMED.test(words.at(-1) ?? '')
        ? [make('blank', `btrim(${name}) <> ''`, `${column.name} is blank`, 1)]
        : []),
    ]
  })
}
