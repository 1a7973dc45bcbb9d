import type { Finding } from '../../engine/result.js'
import type { Catalog } from '../../evidence/catalog/model.js'
import { listParts, PART_TITLES } from '../billing-parts.js'
import { code, table } from './escape.js'

/** What billing usually has a table for, where this database keeps it, and which finding says that it is missing; empty without billing. */
export function renderMissingParts(catalog: Catalog, numbers: ReadonlyMap<Finding, number>): string {
  const parts = listParts(catalog, numbers)
  if (parts.length === 0) return ''
  const rows = parts.map(({ name, kept, otherwise, telling, silence }) => [
    name,
    kept.map(code).join(', ') || otherwise,
    telling.map(({ address, number }) => `${code(address)} (${number})`).join(', ') || silence,
  ])
  return table(PART_TITLES, rows)
}
