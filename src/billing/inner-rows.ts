import type { Catalog, Column, Table } from '../evidence/catalog/model.js'
import { isProration } from './inner-dates.js'
import { wordsOf } from './names.js'
import { type Period, periodsOf, refusesBoth, sideOf } from './period.js'
import { ownRolesOf } from './roles/own.js'
import type { Role } from './roles/role.js'

/** Rows whose dates belong inside the period of the row that they are part of. */
export interface InnerRows {
  /** What is part of the other. */
  readonly table: Table
  /** The foreign key's only column. */
  readonly reference: Column
  readonly key: Column
  readonly period: Period
  /** The first and the last date; the same where there is one. */
  readonly first: Column
  readonly last: Column
}

const WHOLES = ['invoice', 'invoice line', 'subscription', 'subscription item'] as const satisfies readonly Role[]

/** Tables of prorations beside an invoice, a line or a whole term, as far as names, types and foreign keys tell. */
export function innerRowsOf(table: Table, catalog: Catalog): InnerRows | null {
  if (!wordsOf(table.name).some(isProration) || table.partitionOf || table.variety !== 'ordinary') return null
  const roles = ownRolesOf(catalog)
  for (const role of WHOLES)
    for (const { columns, referencedColumns, referencedTable } of table.foreignKeys) {
      const [reference, key] = [columns[0], referencedColumns[0]]
      if (!reference || !key || columns.length > 1 || roles.of(referencedTable)?.role !== role) continue
      const period = wholeOf(referencedTable, role)
      const dates = period && datesOf(table, period)
      if (period && dates) return { table, reference, key, period, ...dates }
    }
  return null
}

/** A trigger of one table that can refuse a row knows its dates and the other table. */
export function isKeptInside({ table, key, first, last, period }: InnerRows): boolean {
  const reads = (owner: Table, name: string) =>
    owner.triggers.some(({ function: routine }) => routine?.source?.toLowerCase().includes(name.toLowerCase()))
  return (
    (refusesBoth(table, [first, last]) && reads(table, key.table.name)) ||
    (refusesBoth(key.table, [period.start, period.end]) && reads(key.table, table.name))
  )
}

/** The only period of an invoice; of a subscription, not one that is renewed, for what was prorated lies before it. */
function wholeOf(table: Table, role: Role): Period | null {
  if (table.variety !== 'ordinary') return null
  const isRenewed = ({ of }: Period) => /^(?:current|aktuell|laufend|actual|atual|courant)/.test(of)
  const [period, ...more] = periodsOf(table).filter(
    (one) => !/trial/.test(one.of) && !(role.startsWith('subscription') && isRenewed(one)),
  )
  return period && more.length === 0 ? period : null
}

function datesOf(table: Table, { start }: Period): Pick<InnerRows, 'first' | 'last'> | null {
  const [own, ...others] = periodsOf(table)
  if (own)
    return others.length === 0 && own.start.type.name === start.type.name ? { first: own.start, last: own.end } : null
  const [only, ...more] = table.columns.filter(
    ({ name, type, generated, default: value }) =>
      type.name === start.type.name &&
      !generated &&
      value === null &&
      sideOf(wordsOf(name)) === null &&
      !/^(?:created|updated|changed|deleted|booked|posted|issued|paid|credited)$/.test(wordsOf(name)[0] ?? ''),
  )
  return only && more.length === 0 ? { first: only, last: only } : null
}
