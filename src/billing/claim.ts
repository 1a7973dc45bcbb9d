import type { Catalog, Column, ForeignKey, Table } from '../evidence/catalog/model.js'
import { isRangeOf, literalsComparedWith, checksOf } from './conditions.js'
import { means, mentions, wordsOf } from './names.js'
import { periodsOf, type Period } from './period.js'
import { rolesOf } from './roles/roles.js'
import { statusValuesOf } from './status.js'
import { plainState } from './translation.js'

/** A table whose rows each claim something for a time, so that two of one owner should not overlap. */
export interface Claim {
  /** When it holds: a start and an end, or one column with a range, which may be generated from them. */
  readonly when: { readonly period: Period | null; readonly range: Column | null }
  /** Columns of which two overlapping rows must not have the same values. */
  readonly owner: readonly Column[]
  readonly status: Column | null
  /** Values of the status under which the claim stands; empty when they are not known. */
  readonly live: readonly string[]
  /** A time that is set when the claim is given up: `canceled_at`, `deleted_at`. */
  readonly ended: Column | null
}

/** A role that is surer than this counts as a name does. */
const SURE = 0.85

const ACTOR =
  /^(?:organi[sz]ation|org|customer|client|account|user|tenant|member|company|team|workspace|person|subscriber|employee|student|patient|kunde|mitglied|nutzer|firma|mieter|utilisateur|entreprise|abonne|cliente|usuario|empresa|socio|membro)$/

/** What an agreement is about, and what may change within one. */
const TERMS =
  /^(?:plan|price|pricing|tier|coupon|discount|currency|payment|method|invoice|billing|tariff|tarif|preis|prix|precio|preco|previous|parent|created|updated|canceled|owner|agent|seller|rep)$/

const LET = /^(?:lease|rental|tenancy|mietvertrag|booking|reservation)$/

/** Endings of names of tables that hold versions of an agreement or price. */
const VERSION = /^(?:version|period|term|assignment|history|schedule|interval|validity)$/

/** Somebody names rows one by one where one owner may have several at a time. */
const NAMED = /^(?:name|title|label|nickname|external id|display name|bezeichnung|nom|nombre|nome)$/

/** Tables that put an agreement beside something else. */
const LINK = /^(?:invoice|payment|order|bill|usage|event|item|rechnung|facture|factura|fatura)$/

const WHOLE =
  /^(?:|(?:current|active|service|billing|contract|membership|subscription|price)?\s?(?:period|term|subscription|contract)?|periode|periodo|laufzeit|duree)$/

const RANGE =
  /^(?:(?:current|active|service|contract|subscription|price|valid|validity)?\s?(?:period|term|range|during|validity)|valid|active|periode|periodo|laufzeit|gueltigkeit|vigencia|duree|valide)$/

const LIVE = new Set(
  'active trialing trial past_due current live aktiv laufend actif active_trial activo activa ativo ativa vigente'.split(
    ' ',
  ),
)

const QUALIFIER =
  /^(?:currency|region|country|locale|channel|kind|type|unit|interval|tier|metric|segment|zone|devise|waehrung|moneda|moeda)$/

const SUBJECT = /^(?:sku|product|item|article|artikel|produit|producto|produto|service|resource|metric)$/

/** The claim that rows of the table make, when names, keys and types tell it plainly. */
export function claimOf(table: Table, catalog: Catalog): Claim | null {
  const words = wordsOf(table.name)
  const head = words.at(-1) ?? ''
  const about = VERSION.test(head) ? words.slice(0, -1) : [head]
  const role = rolesOf(catalog).of(table)
  const isAgreement =
    mentions(about, 'agreement') || (role?.role === 'subscription' && role.confidence >= SURE && !isNamed(table))
  const isTariff = !isAgreement && (means(head, 'tariff') || (VERSION.test(head) && mentions(about, 'tariff')))
  if ((!isAgreement && !isTariff) || words.some((word) => LINK.test(word))) return null
  if (isAgreement && table.columns.some(({ name }) => NAMED.test(wordsOf(name).join(' ')))) return null
  const period = wholePeriodOf(table)
  const range = wholeRangeOf(table, period)
  const owner = isTariff
    ? tariffOwnerOf(table)
    : agreementOwnerOf(
        table,
        about.some((word) => LET.test(word)),
      )
  if ((!period && !range) || owner.length === 0) return null
  const status = table.columns.find(({ name }) => means(wordsOf(name).at(-1) ?? '', 'status')) ?? null
  return {
    when: { period, range },
    owner,
    status,
    live: status ? liveValuesOf(status, catalog) : [],
    ended: endedOf(table),
  }
}

/** Each row has a key of its own that people know, such as a telephone number: one owner has several. */
function isNamed({ indexes }: Table): boolean {
  return indexes.some(
    ({ unique, keys: [key, ...more] }) => unique && more.length === 0 && key?.column?.type.typcategory === 'S',
  )
}

/** Whether something keeps the claims of one owner apart: an exclusion constraint, here or on a table with a row for each, WITHOUT OVERLAPS, or a unique key of the owner alone or with the start. */
export function areApart({ when: { period, range }, owner }: Claim): boolean {
  const [start, end] = period ? [period.start, period.end] : [null, null]
  const table = (range ?? start)!.table
  if (table.uniques.some(({ withoutOverlaps }) => withoutOverlaps) || table.primaryKey?.withoutOverlaps) return true
  // On a big table a narrow one beside it, with a row for each of its rows, carries the constraint.
  const beside = table.referencedBy.flatMap(({ table: other, columns }) =>
    other.primaryKey && other.primaryKey.columns.every((column) => columns.includes(column)) ? other.exclusions : [],
  )
  const excluded = [...table.exclusions, ...beside].some(({ index }) =>
    index.keys.some(({ expression, column }) =>
      column ? column.type.category === 'range' : start !== null && isRangeOf(expression, start, end),
    ),
  )
  const allowed = [...owner, ...(start ? [start] : [])]
  return (
    excluded ||
    table.indexes.some(
      ({ unique, valid, keys }) =>
        unique &&
        valid &&
        keys.every(({ column }) => column && allowed.includes(column)) &&
        keys.some(({ column }) => column && owner.includes(column)),
    )
  )
}

function wholePeriodOf(table: Table): Period | null {
  const periods = periodsOf(table).filter(({ nature, of }) => nature === 'planned' && WHOLE.test(of))
  return periods.find(({ of }) => of === '') ?? periods[0] ?? null
}

/** The lone range of instants or days that says when the row holds, or the one that is generated from start and end. */
function wholeRangeOf(table: Table, period: Period | null): Column | null {
  const ranges = table.columns.filter(({ type }) => /^(?:date|ts|tstz)range$/.test(type.name))
  if (period) {
    const { start, end } = period
    return ranges.find(({ generated }) => generated?.stored && isRangeOf(generated.expression, start, end)) ?? null
  }
  const [range, ...more] = ranges
  return range && more.length === 0 && RANGE.test(wordsOf(range.name).join(' ')) ? range : null
}

function agreementOwnerOf(table: Table, isLet: boolean): readonly Column[] {
  const keys = singleKeysOf(table)
  const actors = keys.filter((key) => isActor(key))
  const things = keys.filter((key) => !isActor(key) && !wordsOf(nameOf(key)).some((word) => TERMS.test(word)))
  if (isLet) return things.length === 1 ? columnsOf(things) : []
  if (actors.length !== 1 || things.length > 1 || mayNameOther(table, keys)) return []
  return columnsOf([...actors, ...things])
}

/** A column without a foreign key names an actor as well: which of the two owns the row is not known. */
function mayNameOther({ columns }: Table, keys: readonly ForeignKey[]): boolean {
  const known = columnsOf(keys)
  return columns.some((column) => {
    const words = wordsOf(column.name)
    return !known.includes(column) && words.at(-1) === 'id' && words.length === 2 && ACTOR.test(words[0] ?? '')
  })
}

/** `entity_type` beside `entity_id`, which no foreign key explains: what the price is of stands there. */
function isPolymorphic({ columns }: Table, keys: readonly ForeignKey[]): boolean {
  const known = columnsOf(keys)
  return columns.some(({ name }) => {
    const target = columns.find(
      (other) => other.name === name.replace(/_?type$/i, (end) => (end.startsWith('_') ? '_id' : 'Id')),
    )
    return /type$/i.test(name) && target !== undefined && target.name !== name && !known.includes(target)
  })
}

function tariffOwnerOf(table: Table): readonly Column[] {
  if (isPolymorphic(table, singleKeysOf(table))) return []
  const keys = columnsOf(singleKeysOf(table).filter((key) => !nameOf(key).endsWith('_by')))
  const texts = table.columns.filter(({ type }) => type.typcategory === 'S' || type.category === 'enum')
  const subjects = texts.filter(({ name, notNull }) => notNull && SUBJECT.test(wordsOf(name)[0] ?? ''))
  const qualifiers = table.columns.filter(
    (column) =>
      (texts.includes(column) || column.type.name.startsWith('int')) &&
      QUALIFIER.test(wordsOf(column.name).at(-1) ?? ''),
  )
  return keys.length + subjects.length === 0 ? [] : [...new Set([...keys, ...subjects, ...qualifiers])]
}

function singleKeysOf(table: Table): readonly ForeignKey[] {
  return table.foreignKeys.filter(({ columns, referencedTable }) => columns.length === 1 && referencedTable !== table)
}

function isActor({ referencedTable, columns }: ForeignKey): boolean {
  return [referencedTable.name, columns[0]?.name ?? ''].some((name) => wordsOf(name).some((word) => ACTOR.test(word)))
}

function nameOf({ columns }: ForeignKey): string {
  return columns[0]?.name ?? ''
}

function columnsOf(keys: readonly ForeignKey[]): readonly Column[] {
  return keys.flatMap(({ columns }) => columns)
}

function liveValuesOf(status: Column, catalog: Catalog): readonly string[] {
  const labels = status.type.category === 'enum' ? (status.type.definition?.labels ?? []) : []
  const checked = checksOf(status.table).flatMap((check) => literalsComparedWith(check, status))
  const known = [...labels, ...checked, ...statusValuesOf(status, catalog).values]
  return [...new Set(known)].filter((value) => LIVE.has(plainState(value)))
}

function endedOf(table: Table): Column | null {
  return (
    table.columns.find(
      ({ name, type, notNull }) =>
        !notNull &&
        /^(?:timestamptz|timestamp|date)$/.test(type.name) &&
        /^(?:canceled|cancelled|terminated|deleted|revoked|gekundigt|gekuendigt|resilie|annule|cancelado|anulado|geloescht|supprime)$/.test(
          wordsOf(name)[0] ?? '',
        ),
    ) ?? null
  )
}
