import { splitName } from '../../evidence/catalog/naming.js'
import type { Catalog, Column, Table } from '../../evidence/catalog/model.js'
import { singularOf } from '../names.js'
import { type Language, languageOf } from './language.js'

/** Tables that billing may come to need, in singular and plural. Where the language puts the owner last, `of` says so. */
const PARTS = {
  item: { en: 'item items', de: 'position positionen', es: 'partida partidas', fr: 'ligne lignes', pt: 'item itens' },
  line: { en: 'line lines', de: 'position positionen', es: 'linea lineas', fr: 'ligne lignes', pt: 'item itens' },
  counter: {
    en: 'counter counters',
    de: 'zaehler zaehler',
    es: 'contador contadores',
    fr: 'compteur compteurs',
    pt: 'contador contadores',
  },
  price: { en: 'price prices', de: 'preis preise', es: 'precio precios', fr: 'prix prix', pt: 'preco precos' },
  allocation: {
    en: 'allocation allocations',
    de: 'zuordnung zuordnungen',
    es: 'aplicacion aplicaciones',
    fr: 'affectation affectations',
    pt: 'alocacao alocacoes',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<Language, string>>>>

/** Tables with a name of their own, in singular and plural. */
const TABLES = {
  'credit note': {
    en: 'credit_note credit_notes',
    de: 'gutschrift gutschriften',
    es: 'nota_credito notas_credito',
    fr: 'avoir avoirs',
    pt: 'nota_credito notas_credito',
  },
  'audit trail': {
    en: 'audit_trail audit_trail',
    de: 'aenderungsprotokoll aenderungsprotokoll',
    es: 'historial_cambios historial_cambios',
    fr: 'journal_audit journal_audit',
    pt: 'historico_auditoria historico_auditoria',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<Language, string>>>>

const COLUMNS = {
  amount: { en: 'amount', de: 'betrag', es: 'importe', fr: 'montant', pt: 'valor' },
  'unit price': {
    en: 'unit_price',
    de: 'einzelpreis',
    es: 'precio_unitario',
    fr: 'prix_unitaire',
    pt: 'preco_unitario',
  },
  quantity: { en: 'quantity', de: 'menge', es: 'cantidad', fr: 'quantite', pt: 'quantidade' },
  description: { en: 'description', de: 'beschreibung', es: 'descripcion', fr: 'description', pt: 'descricao' },
  'line number': { en: 'line_no', de: 'position_nr', es: 'linea_no', fr: 'ligne_no', pt: 'linha_no' },
  number: { en: 'number', de: 'nummer', es: 'numero', fr: 'numero', pt: 'numero' },
  'last number': {
    en: 'last_number',
    de: 'letzte_nummer',
    es: 'ultimo_numero',
    fr: 'dernier_numero',
    pt: 'ultimo_numero',
  },
  interval: { en: 'interval', de: 'intervall', es: 'intervalo', fr: 'intervalle', pt: 'intervalo' },
  reason: { en: 'reason', de: 'grund', es: 'motivo', fr: 'motif', pt: 'motivo' },
  'issued at': { en: 'issued_at', de: 'ausgestellt_am', es: 'emitida_en', fr: 'emise_le', pt: 'emitida_em' },
  'applied at': { en: 'applied_at', de: 'zugeordnet_am', es: 'aplicado_en', fr: 'affecte_le', pt: 'alocado_em' },
  'idempotency key': {
    en: 'idempotency_key',
    de: 'idempotenzschluessel',
    es: 'clave_idempotencia',
    fr: 'cle_idempotence',
    pt: 'chave_idempotencia',
  },
  currency: { en: 'currency', de: 'waehrung', es: 'moneda', fr: 'devise', pt: 'moeda' },
} as const satisfies Readonly<Record<string, Readonly<Record<Language, string>>>>

export type Part = keyof typeof PARTS
export type NamedTable = keyof typeof TABLES
export type NamedColumn = keyof typeof COLUMNS

/** Languages that name the part before the whole: `itens_fatura`. */
const PART_FIRST: readonly Language[] = ['es', 'fr', 'pt']

/** Letters that a house puts before the name of every table: `t_bill`. */
const PREFIX = /^(t|tbl|tab|tb)_/i

type Case = 'snake' | 'camel' | 'pascal' | 'upper'

/** What a table of parts of this one is called here: `subscription_items`, `InvoiceLine`, `itens_fatura`, `t_bill_line`. */
export function partName(owner: Table, part: Part, catalog: Catalog): string {
  const language = languageOf(catalog, owner.schema)
  const isSeveral = isPlural(owner.name)
  const word = PARTS[part][language].split(' ')[isSeveral ? 1 : 0]!
  const stem = stemOf(owner)
  return tableName(PART_FIRST.includes(language) ? [word, ...stem] : [...stem, word], owner, catalog)
}

/** What a table of this kind is called here, beside its neighbour. */
export function namedTable(table: NamedTable, neighbour: Table, catalog: Catalog): string {
  const words = TABLES[table][languageOf(catalog, neighbour.schema)].split(' ')[isPlural(neighbour.name) ? 1 : 0]!
  return tableName(words.split('_'), neighbour, catalog)
}

/** What such a column is called in a table like this one. */
export function namedColumn(column: NamedColumn, neighbour: Table, catalog: Catalog): string {
  return columnName(COLUMNS[column][languageOf(catalog, neighbour.schema)].split('_'), neighbour)
}

/** Words as the name of a column of a table like this one. */
export function columnName(words: readonly string[], neighbour: Table): string {
  return inCase(words, caseOf(neighbour.columns.map(({ name }) => name)))
}

/** What columns that reference this table are called: as most do by now, else after the table and its key. */
export function referenceName(table: Table, key: Column): string {
  const names = table.referencedBy.flatMap(({ columns, referencedColumns }) =>
    columns.filter((_, at) => referencedColumns[at]?.name === key.name).map(({ name }) => name),
  )
  const stem = stemOf(table)
  const called = names.filter((name) => stem.some((word) => splitName(name).map(singularOf).includes(word)))
  const [most] = [...new Set(called)].toSorted(
    (a, b) =>
      called.filter((name) => name === b).length - called.filter((name) => name === a).length || a.length - b.length,
  )
  if (most) return most
  const own = splitName(key.name)
  return own.some((word) => stem.includes(singularOf(word))) ? key.name : columnName([...stem, ...own], table)
}

/** The words of a table's name in the singular, without the house's prefix. */
export function stemOf({ name }: Table): readonly string[] {
  return splitName(name.replace(PREFIX, '')).map(singularOf)
}

function tableName(words: readonly string[], neighbour: Table, { tables, views }: Catalog): string {
  const prefix = PREFIX.exec(neighbour.name)?.[0] ?? ''
  const style = caseOf(tables.filter(({ schema }) => schema === neighbour.schema).map((table) => table.name))
  const taken = new Set(
    [...tables, ...views].filter(({ schema }) => schema === neighbour.schema).map((relation) => relation.name),
  )
  const name = prefix + inCase(words, style === 'camel' && /^[A-Z]/.test(neighbour.name) ? 'pascal' : style)
  for (let number = 0; ; number++) if (!taken.has(`${name}${number || ''}`)) return `${name}${number || ''}`
}

function isPlural(name: string): boolean {
  return splitName(name.replace(PREFIX, '')).some((word) => singularOf(word) !== word)
}

/** The style of most names that show one. */
function caseOf(names: readonly string[]): Case {
  const count = (pattern: RegExp) => names.filter((name) => pattern.test(name)).length
  const styles: readonly (readonly [Case, number])[] = [
    ['snake', count(/^[^A-Z]*_[^A-Z]*$/)],
    ['camel', count(/^[a-z]+[A-Z]/)],
    ['pascal', count(/^[A-Z]+[a-z]/)],
    ['upper', count(/^[A-Z][A-Z_]+$/)],
  ]
  const [style, most] = styles.toSorted((a, b) => b[1] - a[1])[0]!
  return most > 0 ? style : 'snake'
}

function inCase(words: readonly string[], style: Case): string {
  const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)
  if (style === 'upper') return words.join('_').toUpperCase()
  if (style === 'snake') return words.join('_')
  const [first = '', ...rest] = words
  return [style === 'pascal' ? capital(first) : first, ...rest.map(capital)].join('')
}
