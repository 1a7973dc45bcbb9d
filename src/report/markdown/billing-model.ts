import type { Catalog } from '../../evidence/catalog/model.js'
import { describeBillingModel, MODEL_TITLES } from '../billing-model.js'
import { code, table, text } from './escape.js'

/** What each table is to billing and why, and which usual parts have no table; empty without billing. */
export function renderBillingModel(catalog: Catalog): string {
  const model = describeBillingModel(catalog)
  if (!model) return ''
  const rows = model.rows.map(({ role, address, sure, because }) => [role, code(address), sure, text(because)])
  return [
    '## Billing model',
    table(MODEL_TITLES, rows),
    ...(model.absent.length > 0 ? [`No table of its own: ${model.absent.join(', ')}.`] : []),
  ].join('\n\n')
}
