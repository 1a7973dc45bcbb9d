import type { Catalog, Column, Table } from '../evidence/catalog/model.js'
import { columnsFedBySequences } from '../evidence/catalog/sequence-use.js'
import { mentions, wordsOf } from './names.js'
import { ownRolesOf } from './roles/own.js'
import { tenancyOf } from './tenant.js'

const NUMBER =
  /^(?:number|no|nr|num|nummer|numero|folio|correlativo|consecutivo|rechnungsnummer|gutschriftnummer|invoicenumber|invnumber)$/
/** Numbers of somebody or something else. */
const OTHER =
  /^(?:purchase|po|order|customer|account|tax|vat|phone|page|line|sequence|version|contract|vertrag|kunde|kunden|check|cheque|transaction|reference|attempt|retry|days?|of)$/

/** The column with the number of an invoice or a credit note; null where none or several could be it, or where suppliers number the documents. */
export function documentNumberOf(table: Table): Column | null {
  if (isReceived(table)) return null
  const [number, ...more] = table.columns.filter(isNumber)
  return number && more.length === 0 ? number : null
}

/** Columns of who issues a document, within whom its number is unique: the tenant, or the organization where customers are somebody else. */
export function issuerOf(table: Table, catalog: Catalog): readonly Column[] {
  const roles = ownRolesOf(catalog)
  const tenant = tenancyOf(catalog)?.columnOf(table)
  const customer = roles.linkTo(table, 'customer')?.columns[0]
  // Where tenants are the customers, the house itself issues.
  if (tenant && tenant !== customer) return roles.tablesIn('customer').length > 0 ? [tenant] : []
  const issuer = roles.linkTo(table, 'organization')
  return customer && issuer && issuer.columns[0]?.notNull ? issuer.columns.slice(0, 1) : []
}

/** The series that a number is drawn from: what stands beside it in a unique key over plain columns, else who issues. */
export function seriesOf(number: Column, catalog: Catalog): readonly Column[] {
  const { table } = number
  const key = table.indexes.find(
    ({ unique, valid, keys }) =>
      unique && valid && keys.every(({ column }) => column) && keys.some(({ column }) => column === number),
  )
  if (!key) return issuerOf(table, catalog)
  return key.keys.flatMap(({ column }) => (column && column !== number ? column : []))
}

/** How a number comes from a sequence, which leaves a gap for each transaction that is rolled back; null where it does not. */
export function sequenceUseOf(number: Column, catalog: Catalog): 'identity' | 'default' | 'trigger' | null {
  const { table } = number
  const before = table.triggers.filter(
    ({ timing, events, forEach, enabled }) =>
      timing === 'before' && forEach === 'row' && events.includes('insert') && enabled !== 'disabled',
  )
  const sources = before
    .map(({ function: routine }) => routine?.source ?? '')
    .filter((source) => assigns(source, number))
  if (sources.some((source) => /\bnextval\s*\(/i.test(source))) return 'trigger'
  // Another source of numbers, which is not looked into.
  if (sources.length > 0) return null
  if (number.identity) return 'identity'
  const fed = [...columnsFedBySequences(catalog).values()].some((columns) => columns.includes(number))
  return fed || /\bnextval\s*\(/i.test(number.default ?? '') ? 'default' : null
}

const WITHOUT_GAPS =
  /gap-?less|(?:without|no) gaps?\b|\bconsecutive|l(?:ü|ue)ckenlos|fortlaufend|sin (?:huecos|saltos)|correlativ|consecutiv|sans (?:trou|rupture|interruption)|continue\b|sem (?:lacunas|saltos|falhas)|senza (?:salti|lacune)|progressiv[ao]/i
const IN_NAME = /^(?:correlativo|consecutivo|gapless|fortlaufend\w*|laufende)$/
const SERIES = /^(?:serie|series|fiscal series|punto (?:de )?venta|ponto (?:de )?venda|establecimiento)$/
/** Where tax law wants the numbers of a series without gaps. */
const LAWS: Readonly<Record<string, string>> = {
  FR: 'France',
  ES: 'Spain',
  IT: 'Italy',
  PT: 'Portugal',
  BR: 'Brazil',
}

/** What says in the catalog that numbers must have no gaps, in words; empty where nothing does. */
export function reasonsForNoGaps(number: Column, catalog: Catalog): readonly string[] {
  const { table } = number
  const issuers = ownRolesOf(catalog).tablesIn('organization')
  const countries = [table, ...issuers].flatMap(({ columns }) =>
    columns.filter(({ name }) => /^(?:country|pais|pays|paese|land)$/.test(wordsOf(name)[0] ?? '')),
  )
  return [
    ...[number, table].flatMap((each) => (WITHOUT_GAPS.test(each.comment ?? '') ? [`the comment on ${each}`] : [])),
    ...(wordsOf(number.name).some((word) => IN_NAME.test(word)) ? ['its name'] : []),
    ...table.columns
      .filter(({ name, type }) => SERIES.test(wordsOf(name).join(' ')) && type.typcategory !== 'D')
      .map(({ name }) => `a fiscal series beside it, ${name}`),
    ...countries.flatMap((country) => {
      const law = LAWS[/^'([A-Z]{2})'/.exec(country.default ?? '')?.[1] ?? '']
      return law ? [`the law of ${law}, the default of ${country}`] : []
    }),
  ]
}

function assigns(source: string, { name }: Column): boolean {
  const escaped = name.toLowerCase().replaceAll(/\W/g, String.raw`\$&`)
  return new RegExp(String.raw`\bnew\."?${escaped}"?\s*:?=|\binto\s+new\."?${escaped}"?\b`).test(source.toLowerCase())
}

function isNumber(column: Column): boolean {
  const { name, type, table, generated } = column
  const words = wordsOf(name)
  if (!/^(?:text|varchar|bpchar|citext|int[48]|numeric)$/.test(type.name) || generated !== null) return false
  if (!NUMBER.test(words.at(-1) ?? '') && !NUMBER.test(words[0] ?? '')) return false
  if (words.some((word) => OTHER.test(word)) || mentions(words, 'foreign')) return false
  // `number_of_items` counts; a number that is a key of another table is its.
  return !table.foreignKeys.some(({ columns }) => columns.includes(column))
}

/** Documents of suppliers, who each have their own numbers. */
function isReceived({ name, columns }: Table): boolean {
  const received =
    /^(?:ap|payable|vendor|supplier|purchase|kreditor|lieferant|eingang|eingangsrechnung|proveedor|compra|fornecedor|fournisseur|achat)$/
  return [name, ...columns.map((column) => column.name)].some((each) =>
    wordsOf(each).some((word) => received.test(word)),
  )
}
