import type { Catalog, Column, Table } from '../evidence/catalog/model.js'
import { holdsMoney } from './money.js'
import { mentions, wordsOf } from './names.js'
import { ownRolesOf } from './roles/own.js'

/** How often something is charged. */
export const CADENCES = ['day', 'week', 'month', 'quarter', 'half-year', 'year'] as const
export type Cadence = (typeof CADENCES)[number]

const WORDS: Readonly<Record<Cadence, RegExp>> = {
  day: /^(?:daily|day|diari[oa]|taeglich\w*|taglich\w*|tag|tages\w*|journalier)$/,
  week: /^(?:weekly|week|semanal|hebdomadaire|woechentlich\w*|wochentlich\w*|woche|wochen\w*)$/,
  month: /^(?:monthly|month|mensual|mensal|mensuel(?:le)?|monatlich\w*|monat|monats\w*)$/,
  quarter: /^(?:quarterly|quarter|trimestral|trimestriel(?:le)?|vierteljaehrlich\w*|vierteljahrlich\w*|quartals\w*)$/,
  'half-year': /^(?:semiannual|semiannually|halfyearly|semestral|semestriel(?:le)?|halbjaehrlich\w*|halbjahrlich\w*)$/,
  year: /^(?:yearly|year|annual|annually|anual|annuel(?:le)?|jaehrlich\w*|jahrlich\w*|jahr|jahres\w*)$/,
}

/** An amount that is charged once in so long. */
export interface CadencePrice {
  readonly column: Column
  readonly cadence: Cadence
}

/** Prices of one thing at several cadences, a column for each; empty where there are not two of one kind. */
export function cadencePricesOf(table: Table, catalog: Catalog): readonly CadencePrice[] {
  const role = ownRolesOf(catalog).of(table)?.role
  if (role !== 'plan' && role !== 'price') return []
  const priced = table.columns.flatMap((column) => {
    const words = wordsOf(column.name)
    if (column.generated || !isPrice(column, withoutCadence(words))) return []
    const found = CADENCES.filter((cadence) => words.some((word) => WORDS[cadence].test(word)))
    const [cadence, ...more] = found
    return cadence && more.length === 0 ? [{ column, cadence, of: withoutCadence(words).join(' ') }] : []
  })
  const groups = [...new Set(priced.map(({ of }) => of))].map((of) => priced.filter((one) => one.of === of))
  const group = groups.find(
    (some) =>
      some.length > 1 &&
      new Set(some.map(({ cadence }) => cadence)).size === some.length &&
      new Set(some.map(({ column }) => column.type.sql)).size === 1,
  )
  return group?.map(({ column, cadence }) => ({ column, cadence })) ?? []
}

function isPrice(column: Column, words: readonly string[]): boolean {
  if (holdsMoney(column) === 'yes') return true
  return (
    /^(?:numeric|int[48]|money)$/.test(column.type.name) && mentions(words, 'price', 'fee', 'amount', 'charge', 'cost')
  )
}

function withoutCadence(words: readonly string[]): readonly string[] {
  const all = Object.values(WORDS)
  return words.filter((word) => !all.some((pattern) => pattern.test(word)) && word !== 'per' && word !== 'pro')
}
