import type { Catalog, Column, Table } from '../../evidence/catalog/model.js'
import { usageLimitsOf } from '../counter.js'
import { isTranslated, mentions, wordsOf } from '../names.js'
import { periodsOf } from '../period.js'
import { type Feature, featuresOf, isJson, isNumber, isText, isTime } from './features.js'
import { doValuesShow, isValueFeature, type ValueFeature, valuesOf } from './values.js'

/** A table as far as its own columns, types, keys and values tell. */
export interface Shape {
  readonly table: Table
  /** Whether the words of the name, without those that only say that it is a table, read so; also from behind, where a language lets the head stand first. */
  isCalled(pattern: RegExp): boolean
  /** The columns that show a feature; none, and the table has it not. */
  columnsOf(feature: Feature): readonly Column[]
  readonly changes: boolean
}

const USAGE = /usage|consum|verbrauch|meter|measure/i

const NOISE = /^(?:header|hdr|head|master|mst|data|tbl|tab|table|info|main|record|list|new|v)$/

/** What one table's columns show; what is not plain from each by itself is looked for when a clue asks. */
export function shapeOf(table: Table, catalog: Catalog): Shape {
  const known = new Map<Feature, Column[]>()
  for (const column of table.columns) {
    for (const feature of featuresOf(column, catalog)) {
      const columns = known.get(feature)
      if (columns) columns.push(column)
      else known.set(feature, [column])
    }
  }
  let values: readonly (readonly [Column, readonly string[]])[] | null = null
  const byValues = (feature: ValueFeature) => {
    values ??= table.columns
      .filter(isText)
      .map((column) => [column, valuesOf(column, catalog)] as const)
      .filter(([, of]) => of.length > 0)
    if (values.length === 0) return NONE
    const found = values.flatMap(([column, of]) => (doValuesShow(feature, of) ? column : []))
    return found.length === 0 && feature === 'account kinds'
      ? values.flatMap(([column, of]) => (isAccountCategory(column, of) ? column : []))
      : found
  }
  const looked = new Map<Feature, readonly Column[]>()
  const look = (feature: Feature) => {
    const before = looked.get(feature)
    if (before) return before
    const columns = isValueFeature(feature) ? byValues(feature) : TOGETHER[feature]!(table, shown)
    looked.set(feature, columns)
    return columns
  }
  const shown = (feature: Feature) => known.get(feature) ?? NONE
  const name = wordsOf(table.name).filter((word) => !NOISE.test(word))
  const named = name.length > 0 ? name : wordsOf(table.name)
  const orders = [named.join(' '), ...(isTranslated(table.name) ? [named.toReversed().join(' ')] : [])]
  return {
    table,
    isCalled: (pattern) => orders.some((order) => pattern.test(order)),
    columnsOf: (feature) => (feature in TOGETHER || isValueFeature(feature) ? look(feature) : shown(feature)),
    get changes() {
      return table.columns.some(
        (column) =>
          isTime(column) &&
          /^(?:updated|modified|changed|geaendert|actualizado|atualizado)$/.test(wordsOf(column.name)[0] ?? ''),
      )
    },
  }
}

const NONE: readonly Column[] = []

type Shown = (feature: Feature) => readonly Column[]

/** Features that columns of a table show together, or by the table's keys. */
const TOGETHER: Partial<Record<Feature, (table: Table, shown: Shown) => readonly Column[]>> = {
  period(table) {
    const period = periodsOf(table).find(({ nature }) => nature === 'planned')
    return period ? [period.start, period.end] : rangesOf(table)
  },
  'used and limit': (table) =>
    usageLimitsOf(table)
      .filter(({ metered }) => metered)
      .flatMap(({ counter, limit }) => [counter, limit]),
  'unique number': (table) =>
    uniqueTexts(table, /^(?:number|no|nr|num|nummer|numero|folio|reference|invnumber|serie|\w*nummer)$/),
  'unique code': (table) =>
    uniqueTexts(table, /^(?:code|key|slug|codigo|sku|lookup|kuerzel|name|bezeichnung|nombre|nome)$/),
  'idempotency key': (table) =>
    table.columns.filter(
      (column) =>
        /(?:^| )(?:idempot\w*(?: key)?|dedup\w*(?: key)?|(?:external|transaction|request|event|source|message) (?:id|ref|reference|uuid|key))$/.test(
          wordsOf(column.name).join(' '),
        ) && isUnique(column),
    ),
  'two currencies'(_, shown) {
    const pair = shown('currency').filter(({ name }) =>
      /base|quote|from|to|source|target|von|nach|origen|destino|origem/i.test(name),
    )
    return pair.length > 1 ? pair : []
  },
  'tier bounds': boundsOf,
  'debit and credit': (table) =>
    pairOf(
      table,
      isNumber,
      /^(?:debit|debits|dr|soll|debe|debito|debet|input|entrada)$/,
      /^(?:credit|credits|cr|haben|haber|credito|output|saida|salida)$/,
    ),
  'old and new': (table) =>
    pairOf(
      table,
      (column) => isJson(column) || isText(column) || column.type.name === 'bytea',
      /^(?:old|before|previous|alt|alte|anterior|antes|ancien|ancienne)$/,
      /^(?:new|after|current|changes|neu|neue|nuevo|novo|depois|despues|nouveau|nouvelle|changed|diff)$/,
    ),
  quantity(table, shown) {
    const quantities = shown('quantity')
    const counts = quantities.length === 0 && shown('currency').length === 0 && shown('metric').length > 0
    return counts && USAGE.test(table.name)
      ? table.columns.filter((column) => isNumber(column) && mentions(wordsOf(column.name), 'amount', 'total', 'count'))
      : quantities
  },
}

/** Assets, liabilities, equity, income and expense by their first letters. */
function isAccountCategory({ name }: Column, values: readonly string[]): boolean {
  if (!/^(?:category|type|class|kind|link)$/.test(wordsOf(name).at(-1) ?? '')) return false
  return ['a', 'l', 'i', 'e'].every((letter) => values.includes(letter))
}

function rangesOf(table: Table): readonly Column[] {
  return table.columns.filter(({ type }) => /^(?:tstz|ts|date)range$/.test(type.name))
}

/** Texts that are unique alone or within one other column. */
function uniqueTexts(table: Table, pattern: RegExp): readonly Column[] {
  return table.columns.filter((column) => {
    const words = wordsOf(column.name)
    return isText(column) && pattern.test(words.at(-1) ?? '') && !words.includes('external') && isUnique(column)
  })
}

function isUnique(column: Column): boolean {
  return column.table.indexes.some(
    ({ unique, keys }) => unique && keys.length <= 3 && keys.some((key) => key.column === column),
  )
}

const LOW = /^(?:from|min|minimum|lower|first|start|above|over|ab|von|desde|de|inicio|a partir)$/
const HIGH = /^(?:to|up|upto|max|maximum|maximo|upper|last|end|below|until|bis|hasta|ate|fim|jusqu|bsize)$/

/** Numbers that bound a step of prices: two of one name, `ab_kwh` and `bis_kwh`, or the upper end alone. */
function boundsOf(table: Table): readonly Column[] {
  const sides = table.columns.filter(isNumber).flatMap((column) => {
    const words = wordsOf(column.name)
    if (mentions(words, 'price', 'fee', 'paid', 'due', 'used') || words.includes('redemption')) return []
    const side = words.some((word) => HIGH.test(word)) ? 'high' : words.some((word) => LOW.test(word)) ? 'low' : null
    const stem = words.filter((word) => !LOW.test(word) && !HIGH.test(word)).join(' ')
    return side ? [{ column, side, stem }] : []
  })
  const paired = sides.flatMap((low) =>
    sides
      .filter((high) => low.side === 'low' && high.side === 'high' && low.stem === high.stem)
      .flatMap((high) => [low.column, high.column]),
  )
  const plain = table.columns.filter(
    (column) =>
      isNumber(column) &&
      /^(?:up to|upto|tier.*|band.*|bsize|tramo|faixa|staffel.*)$/.test(wordsOf(column.name).join(' ')),
  )
  return paired.length > 0 ? paired.slice(0, 2) : plain
}

/** Two columns of one kind and otherwise equal name, one on either side. */
function pairOf(table: Table, is: (column: Column) => boolean, left: RegExp, right: RegExp): readonly Column[] {
  const on = (side: RegExp) =>
    table.columns.find((column) => is(column) && wordsOf(column.name).some((word) => side.test(word)))
  const [first, second] = [on(left), on(right)]
  return first && second && first !== second ? [first, second] : []
}
