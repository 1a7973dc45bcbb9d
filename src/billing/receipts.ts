import type { Catalog, Column, Table } from '../evidence/catalog/model.js'
import { checksOf, literalsComparedWith } from './conditions.js'
import { mentions, wordsOf } from './names.js'
import type { Link } from './roles/role.js'
import { rolesOf } from './roles/roles.js'
import { statusValuesOf } from './status.js'

/** Ways to pay in which the payer decides how much comes and for which invoices. */
const SENT =
  /^(?:cash|cheque|check|wire|wire_transfer|transfer|bank_transfer|ach_credit|sepa_credit|ueberweisung|überweisung|bar|barzahlung|scheck|transferencia|efectivo|dinheiro|boleto|pix|virement|especes)$/i

/** States in which the money is there. */
const THERE =
  /^(?:succeeded|success|successful|settled|captured|paid|completed|complete|received|cleared|confirmed|booked|erfolgreich|verbucht|bezahlt|eingegangen|exitoso|completado|pagado|recibido|aprovado|pago|recebido|confirmado|reussi|encaisse)$/i

const FAILS = /^(?:failure|failed|error|decline|declined|reject\w*|fehler\w*|rechazo|recusa|erro|echec)$/

/** Values that conditions and types allow a text column. */
export function valuesAllowed(column: Column, catalog: Catalog): readonly string[] {
  const labels = column.type.category === 'enum' ? (column.type.definition?.labels ?? []) : []
  const checked = checksOf(column.table).flatMap((check) => literalsComparedWith(check, column))
  return [...new Set([...labels, ...checked, ...statusValuesOf(column, catalog).values])]
}

/** The one link by which a payment says which invoice it pays; null where there is none, or several. */
export function paidInvoiceOf(payment: Table, catalog: Catalog): Link | null {
  const roles = rolesOf(catalog)
  const [link, ...more] = roles.linksFrom(payment).filter(({ to }) => roles.of(to)?.role === 'invoice')
  return link && more.length === 0 && link.columns.length === 1 ? link : null
}

/**
 * Whether payments come in as the payer sends them, so that one may be for several invoices or for none; collected ones, which a
 * provider was asked for, are for the invoice that they were asked for.
 */
export function isReceived(payment: Table, catalog: Catalog): boolean {
  const texts = payment.columns.filter(({ type }) => type.typcategory === 'S' || type.category === 'enum')
  if (texts.some((column) => valuesAllowed(column, catalog).some((value) => SENT.test(value)))) return true
  const isCollected =
    rolesOf(catalog).linkTo(payment, 'payment method') !== undefined ||
    texts.some(({ name }) => {
      const words = wordsOf(name)
      return (
        mentions(words, 'foreign') ||
        words.some((word) => FAILS.test(word) || /^(?:processor|psp|acquirer|charge|intent|authorization)$/.test(word))
      )
    })
  return !isCollected
}

/** A payment's state and those of its values under which the money is there; null where that is not known. */
export function arrivalOf(
  payment: Table,
  catalog: Catalog,
): { readonly column: Column; readonly values: readonly string[] } | null {
  const found = payment.columns
    .filter(
      ({ name, type }) =>
        (type.typcategory === 'S' || type.category === 'enum') && mentions(wordsOf(name), 'status', 'state'),
    )
    .map((column) => ({ column, values: valuesAllowed(column, catalog).filter((value) => THERE.test(value)) }))
  return found.find(({ values }) => values.length > 0) ?? null
}
