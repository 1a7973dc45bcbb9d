import type { Column, Table } from '../../evidence/catalog/model.js'
import type { CodedTable } from '../../evidence/sample/codes.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import { wordsOf } from '../names.js'
import { CIPHERTEXT, isReadable, sealedId } from '../sealed.js'
import type { Proposition } from './proposition.js'

const TEXT = /^(?:text|varchar|bpchar|citext)$/
const NAMED =
  /^(?:name|title|label|code|slug|email|number|sku|key|subject|description|login|username|nom|nombre|bezeichnung|titel)$/

/** With or without the spaces that it is printed with. */
export const IBAN = '^[A-Z]{2}[0-9]{2}( ?[A-Z0-9]){11,30}$'

const SECRET = /(?:^| )(?:key|secret|token|schluessel|clave|chave|cle|jeton|geheimnis)$/

const FORMATS: readonly (readonly [of: RegExp, pattern: string, what: string])[] = [
  [/(?:^| )iban(?: number)?$/, IBAN, 'IBAN'],
  [/^(?:currency|currency code|waehrung|devise|moneda)$/, '^[A-Z]{3}$', 'currency code'],
  [/^(?:country code|country iso|iso country)$/, '^[A-Z]{2}$', 'country code'],
  [/(?:^| )e ?mail(?: address)?$/, '^[^@[:space:]]+@[^@[:space:]]+$', 'e-mail address'],
  [/(?:^| )slug$/, '^[a-z0-9]+(-[a-z0-9]+)*$', 'slug'],
]

/** Identity of the proposition that all values of a column are of a form. */
export function formatId(column: Column, pattern: string): string {
  return idOf('format', column, `${quoteIdentifier(column.name)} ~ ${quoteLiteral(pattern)}`)
}

function idOf(family: string, { address }: Column, expression: string): string {
  return `${family} ${address} ${expression}`
}

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
      id: idOf(family, column, expression),
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
      ...(SECRET.test(joined) && isReadable(column)
        ? [
            {
              ...make('sealed', `${name} ~ ${quoteLiteral(CIPHERTEXT)}`, `${column.name} can be read`, 2),
              id: sealedId(column),
            },
          ]
        : []),
    ]
  })
}
