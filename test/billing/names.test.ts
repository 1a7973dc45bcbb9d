import { expect, it } from 'vitest'
import { mentions, singularOf, wordsOf } from '../../src/billing/names.js'

it.each([
  ['unit_price', 'unit price'],
  ['UnitPrices', 'unit price'],
  ['unitPrice', 'unit price'],
  ['UNIT_PRICE', 'unit price'],
  ['unitprice', 'unit price'],
  ['validto', 'valid to'],
  ['startdate', 'start date'],
  ['enddate', 'end date'],
  ['t_invoice_lines', 'invoice line'],
  ['tblOrders', 'order'],
  ['HTTPStatus', 'http status'],
  ['address1', 'address 1'],
  ['last4', 'last 4'],
  ['gültig_bis', 'gultig bis'],
  ['Vertragsbeginn', 'vertrag beginn'],
  ['gesamtbetrag', 'gesamt betrag'],
  ['einzelpreis', 'einzel preis'],
  ['mwst_satz', 'mwst satz'],
  ['montant_réglé', 'montant regle'],
  ['preço_unitário', 'preco unitario'],
  ['categories', 'category'],
  ['addresses', 'address'],
  ['statuses', 'status'],
  ['Rechnungen', 'rechnung'],
  ['itens', 'iten'],
  ['x', 'x'],
  ['factuurregels', 'invoice line'],
  ['abonnementsperiode', 'subscription period'],
  ['klant_nummer', 'customer nummer'],
  ['geldig_tot', 'valid to'],
  ['do_not_track', 'do not track'],
  ['data_fine', 'data end'],
  ['płatności', 'payment'],
  ['KwotaBrutto', 'amount brutto'],
  ['righe_fattura', 'line invoice'],
  ['metadata_id', 'metadata id'],
])('cuts %s into words', (name, words) => {
  expect(wordsOf(name).join(' ')).toBe(words)
})

it('leaves words whole that only contain others', () => {
  for (const name of ['format', 'together', 'endpoint', 'starter', 'legende']) expect(wordsOf(name)).toEqual([name])
})

it('leaves words in the singular as they are', () => {
  for (const word of ['status', 'tax', 'analysis', 'address', 'gas', 'bus'])
    expect(singularOf(word)).not.toMatch(/statu$|addres$/)
})

it('knows what words can mean', () => {
  expect(mentions(wordsOf('restbetrag'), 'remaining')).toBe(true)
  expect(mentions(wordsOf('amount_due'), 'due')).toBe(true)
  expect(mentions(wordsOf('dudley'), 'due')).toBe(false)
})
