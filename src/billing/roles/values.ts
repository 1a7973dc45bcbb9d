import type { Catalog, Column } from '../../evidence/catalog/model.js'
import { statesOf } from '../states.js'
import { plainState } from '../translation.js'

const STATES = {
  'invoice states':
    'draft issued finalized sent paid unpaid void voided overdue uncollectible past_due partially_paid written_off partial entwurf gestellt offen bezahlt ueberfaellig storniert borrador emitida pagada vencida anulada pendiente rascunho paga cancelada brouillon emise payee annulee',
  'subscription states':
    'trialing trial in_trial active past_due canceled cancelled paused expired unpaid suspended incomplete incomplete_expired non_renewing pending_cancellation terminated future aktiv gekuendigt gekundigt pausiert abgelaufen gesperrt testphase activa cancelada suspendida vencida prueba ativa pausada suspensa encerrada actif resilie',
  'payment states':
    'succeeded success successful failed captured authorized authorised processing settled refunded partially_refunded declined requires_action chargeback disputed completed in_transit erfolgreich fehlgeschlagen erstattet verbucht exitoso fallido completado reembolsado rechazado aprovado recusado estornado confirmado reussi echoue rembourse',
} as const

/** States that only one of these documents knows; one of them must be among the values. */
const TELLING = {
  'invoice states':
    /^(?:draft|issued|finalized|void|voided|overdue|uncollectible|partially_paid|written_off|entwurf|gestellt|ueberfaellig|borrador|emitida|pagada|anulada|rascunho|paga|brouillon|emise|paid|bezahlt)$/,
  'subscription states':
    /^(?:trialing|trial|in_trial|past_due|canceled|cancelled|paused|expired|non_renewing|pending_cancellation|terminated|gekuendigt|gekundigt|abgelaufen|pausiert|testphase|cancelada|suspendida|prueba|pausada|suspensa|encerrada|resilie|suspended)$/,
  'payment states':
    /^(?:succeeded|captured|authorized|authorised|settled|refunded|partially_refunded|declined|chargeback|disputed|requires_action|erstattet|fehlgeschlagen|reembolsado|rechazado|estornado|recusado|rembourse|failed|fallido)$/,
} as const

const VALUES = {
  'cadence values':
    /^(?:day|daily|week|weekly|month|monthly|quarter|quarterly|year|yearly|annual|annually|semiannual|one_time|monat|monatlich|quartal|vierteljaehrlich|jahr|jaehrlich|mensual|trimestral|semestral|anual|mensal|mensuel|annuel)$/,
  'pricing models':
    /^(?:flat|flat_fee|fixed|per_unit|per_seat|unit|tiered|volume|graduated|package|stairstep|usage|usage_based|metered|percentage|staffel|pauschal|fijo|escalonado|por_unidad|fixo|escalonado|por_unidade|standard|stair_step|capped|on_peak|peak|off_peak)$/,
  'account kinds':
    /^(?:asset|liability|equity|revenue|income|expense|contra|aktiva|passiva|aufwand|ertrag|activo|pasivo|patrimonio|ingreso|gasto|ativo|passivo|receita|despesa|receivable|payable|actif|passif|produit|charge)$/,
  sides: /^(?:debit|credit|dr|cr|d|c|soll|haben|debe|haber|debito|credito|in|out|inbound|outbound)$/,
  'payment kinds':
    /^(?:card|credit_card|debit_card|sepa|sepa_debit|ach|ach_debit|wire|bank|bank_transfer|bank_account|direct_debit|paypal|cash|cheque|check|lastschrift|ueberweisung|kreditkarte|tarjeta|transferencia|domiciliacion|efectivo|pix|boleto|cartao|dinheiro|carte|virement|prelevement|invoice)$/,
} as const

/** Features that show in the values of texts. */
export type ValueFeature = keyof typeof STATES | keyof typeof VALUES

const OF_BILLING: ReadonlyMap<ValueFeature, (values: readonly string[]) => boolean> = new Map([
  ...(Object.keys(STATES) as (keyof typeof STATES)[]).map((feature) => {
    const states = new Set(STATES[feature].split(' '))
    return [
      feature,
      (values: readonly string[]) =>
        values.some((value) => TELLING[feature].test(value)) && areMostly(values, (value) => states.has(value)),
    ] as const
  }),
  ...(Object.keys(VALUES) as (keyof typeof VALUES)[]).map(
    (feature) =>
      [feature, (values: readonly string[]) => areMostly(values, (value) => VALUES[feature].test(value))] as const,
  ),
])

export function isValueFeature(feature: string): feature is ValueFeature {
  return (OF_BILLING as ReadonlyMap<string, unknown>).has(feature)
}

/** Whether a column's values show a feature. */
export function doValuesShow(feature: ValueFeature, values: readonly string[]): boolean {
  return OF_BILLING.get(feature)!(values)
}

function areMostly(values: readonly string[], is: (value: string) => boolean): boolean {
  return values.filter((value) => is(value)).length >= Math.max(2, values.length * 0.4)
}

/** The values that a text is known to have, plain: `past_due`. */
export function valuesOf(column: Column, catalog: Catalog): readonly string[] {
  return statesOf(column, catalog).map(plainState)
}
