import type { Catalog, Column } from '../evidence/catalog/model.js'
import { quoteIdentifier, quoteLiteral } from '../quote.js'
import { statusValuesOf } from './status.js'
import { plainState } from './translation.js'

/** The values that the catalog knows of a status: an enum's labels, else those of its conditions. */
export function statesOf(status: Column, catalog: Catalog): readonly string[] {
  const labels = status.type.category === 'enum' ? (status.type.definition?.labels ?? []) : []
  return labels.length > 0 ? labels : statusValuesOf(status, catalog).values
}

/** SQL that is true where a status has one of the values; `row` is OLD or NEW. */
export function holdsOneOf(status: Column, values: readonly string[], row?: 'old' | 'new'): string {
  const name = `${row ? `${row}.` : ''}${quoteIdentifier(status.name)}`
  const [first = '', ...more] = values
  return more.length === 0 ? `${name} = ${quoteLiteral(first)}` : `${name} in (${values.map(quoteLiteral).join(', ')})`
}

const DRAFT = /^(?:draft|entwurf|borrador|rascunho|brouillon|concept|generating|pending_issue)$/i

const FINAL =
  /^(?:void|voided|refunded|ended|expired|terminated|cancel+ed|closed|written_off|reversed|storniert|erstattet|gekuendigt|beendet|abgelaufen|anulad[oa]|cancelad[oa]|encerrad[oa]|estornad[oa]|reembolsad[oa]|terminad[oa]|annule|rembourse|resilie)$/i

/** The states of a document that is not yet sent to anybody. */
export function draftsAmong(values: readonly string[]): readonly string[] {
  return values.filter((value) => DRAFT.test(plainState(value)))
}

/** The states that nothing leads out of. */
export function finalAmong(values: readonly string[]): readonly string[] {
  return values.filter((value) => FINAL.test(plainState(value)))
}
