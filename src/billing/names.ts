import { remember } from '../evidence/remember.js'
import { translate } from './translation.js'

/**
 * Words of billing schemas by what they mean, in English, German, French, Spanish and Portuguese, without accents and in
 * the singular; other languages are put into English first. A word may stand under several meanings; only types and neighbours decide between them.
 */
const WORDS = {
  // Amounts
  amount: 'amount amt value sum betrag wert summe montant somme importe monto valor soma quantia',
  price: 'price pricing preis prix precio preco tarif tarifa',
  fee: 'fee gebuehr gebuhr honorar honoraire honorario comision commission comissao provision',
  charge: 'charge frais cargo encargo taxa',
  cost: 'cost kosten cout coste costo custo',
  tax: 'tax vat gst hst pst mwst ust steuer umsatzsteuer mehrwertsteuer tva impot iva impuesto imposto icms',
  discount: 'discount rebate rabatt nachlass remise rabais descuento desconto',
  shipping: 'shipping freight postage delivery versand fracht livraison port envio flete frete',
  surcharge: 'surcharge tip gratuity zuschlag trinkgeld pourboire supplement recargo propina acrescimo gorjeta',
  total: 'total totale gesamt grand',
  balance: 'balance saldo solde',
  subtotal: 'subtotal soustotal zwischensumme',
  net: 'net netto neto liquido ht',
  gross: 'gross brutto brut bruto ttc',
  paid: 'paid payed bezahlt bezahlter gezahlt gezahlter paye payee regle pagado pagada pago paga',
  due: 'due outstanding owed owing unpaid offen offener offene du impaye pendiente pendente devedor adeudado',
  adjustment:
    'credit credited debit debited adjustment adjusted refund refunded writeoff rounding deposit advance prepaid coupon gift withholding withheld retention penalty interest allowance chargeback disputed applied gutschrift anzahlung acompte avoir anticipo abono retencion adiantamento credito debito',
  earning: 'revenue umsatz salary gehalt salaire salario wage lohn payout mrr arr turnover',
  budget: 'budget spend spending balance saldo solde deposit bonus income profit earning',
  currency: 'currency waehrung wahrung devise moneda moeda divisa valuta waluta waluty munteenheid',
  // Units of money
  coin: 'cent centime centavo centimo pfennig pence',
  coinage: 'usd eur gbp chf cad aud jpy brl mxn euro dollar reais',
  // What turns a word of money into something else
  rate: 'rate percent percentage pct perc ratio factor faktor facteur satz prozent prozentsatz anteil taux pourcentage tasa porcentaje porcentagem percentual aliquota multiplier multiplicator coefficient coef bps score weight probability index rank elasticity sensitivity volatility variance stddev deviation trend share confidence growth delta',
  identity: 'id uuid guid key code number no nr num ref reference type kind name label version sequence position',
  span: 'day week month year hour minute second ms millisecond duration term interval age tage jour dia mois mes monat jahr ano annee',
  // Quantities, counters and limits
  quantity: 'quantity qty menge anzahl stueckzahl quantite qte cantidad cant quantidade qtd qtde',
  count: 'count counter times cnt tally',
  unit: 'unit each per einzel stueck stuck unitaire unitario unitaria',
  used: 'used usage use uso consumed consumption spent redeemed redemption verbraucht verbrauch genutzt benutzt belegt utilise utilisee consomme consommation usado usada utilizado utilizada consumido consumida gastado reserved taken',
  attempt: 'attempt retry try versuch intento tentative tentativa',
  limit:
    'limit max maximum maximo quota allowance cap ceiling allotment allotted entitlement entitled included granted kontingent obergrenze limite plafond cupo cota tope teto',
  remaining:
    'remaining remainder left residual remain leftover restant restante reste rest verbleibend available unused unspent disponible disponivel verfuegbar verfugbar',
  // Time
  start:
    'start starting begin beginning from since commence commencement beginn anfang von ab seit debut depuis inicio inicial desde',
  started: 'started began begun begonnen commence iniciado',
  end: 'end ending until till to thru through finish stop ende bis fin jusqu jusqua hasta final fim ate termino',
  ended: 'ended finished stopped beendet termine terminado finalizado',
  expiry: 'expiry expire expiration ablauf expira expiracion expiracao',
  birth: 'birth birthday birthdate dob born geburt geburtstag naissance nacimiento nascimento nascita',
  effective:
    'effective valid validity active gueltig gultig gueltigkeit valide validite valable vigente vigencia valido validade',
  date: 'date at on time timestamp ts datetime datum zeit zeitpunkt fecha data dt utc tz',
  zone: 'timezone tz zeitzone fuseau',
  local: 'local wall lokal',
  // States
  status: 'status statut estado etat situacao zustand estatus',
  state: 'state stage phase lifecycle',
  previous: 'previous prior old former new next from to before after last alt neu ancien nouveau anterior nuevo novo',
  foreign:
    'stripe paypal adyen braintree chargebee provider gateway external remote upstream raw response http carrier vendor psp github gitlab',
  // Documents and actors of billing
  document:
    'invoice order payment transaction bill receipt quote quotation purchase sale subscription plan price pricing product ledger wallet payout refund charge fee cart checkout payroll expense donation billing credit contract rechnung bestellung zahlung auftrag vertrag abonnement angebot facture commande paiement devis contrat factura pedido cobro suscripcion fatura pagamento cobranca assinatura venda venta vente verkauf',
  agreement:
    'subscription membership contract lease tenancy rental agreement enrollment abonnement abo vertrag vertraege vertrage mitgliedschaft mietvertrag contrat adhesion contrato suscripcion membresia assinatura',
  tariff: 'price pricing tariff rate tarif preis prix precio preco tarifa',
  audit:
    'log audit history event archive snapshot version journal protokoll historie historique historial historico revision',
  // Lists that are kept in one column
  record:
    'item line entry tier position step charge payment installment instalment address contact phase rule discount tax fee adjustment participant attendee member child dependent shipment refund transaction component ingredient answer question milestone slot shift passenger segment price product variant stop recipient posten zeile staffel stufe bracket band ligne article palier poste partida linea tramo cuota iten linha parcela faixa zahlung paiement pago',
  open: 'metadata meta payload setting config configuration raw response request webhook extra custom option preference context header body schema definition params parameter argument env feature flag tag label permission scope role locale translation layout',
} as const

export type Meaning = keyof typeof WORDS

const MEANINGS = new Map<string, Set<Meaning>>()
for (const [meaning, words] of Object.entries(WORDS)) {
  for (const word of words.split(' ')) {
    MEANINGS.set(word, (MEANINGS.get(word) ?? new Set()).add(meaning as Meaning))
  }
}

/** Letters or abbreviations that some houses put before every name of a kind: `t_order`, `tbl_order`, `c_total`. */
const HUNGARIAN = /^(?:[a-z]|tbl|tab|col|fld)$/

/** Heads of German compounds: `vertragsbeginn` is a beginning. */
const HEADS =
  'betrag preis beginn anfang ende datum summe menge steuer satz kosten status zustand gebuehr posten'.split(' ')

/** Shorter beginnings are rather part of another word: `legende`. */
const LONG_MODIFIER = 4

/** Words too short to be cut out of the middle of a name, but known at its end: `validto`, `startat`. */
const ENDINGS = new Set(['to', 'at', 'on', 'id'])

const PLURALS = ['s', 'es', 'en', 'n', 'e']

/** The words of a name: lower case, no accents, singular, whatever the style (`unitPrice`, `UNIT_PRICE`, `unitprice`, `t_unit_prices`). */
export const wordsOf: (name: string) => readonly string[] = remember(50_000, (name) =>
  translate(partsOf(name)).flatMap((part) => (typeof part === 'string' ? splitCompound(part) : part)),
)

/** Whether a name is in a language that is put into English. */
export function isTranslated(name: string): boolean {
  return translate(partsOf(name)).some((part) => typeof part !== 'string')
}

function partsOf(name: string): readonly string[] {
  const parts = name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('ß', 'ss')
    .replaceAll('ł', 'l')
    .replaceAll('Ł', 'L')
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .replaceAll(/([A-Za-z])(\d)/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((part) => part !== '')
  return parts.length > 1 && HUNGARIAN.test(parts[0] ?? '') ? parts.slice(1) : parts
}

/** Whether a word can mean this. */
export function means(word: string, ...meanings: readonly Meaning[]): boolean {
  const known = MEANINGS.get(word)
  return known !== undefined && meanings.some((meaning) => known.has(meaning))
}

/** Whether one of the words can mean this. */
export function mentions(words: readonly string[], ...meanings: readonly Meaning[]): boolean {
  return words.some((word) => means(word, ...meanings))
}

/** The words without those that can mean this. */
export function without(words: readonly string[], ...meanings: readonly Meaning[]): readonly string[] {
  return words.filter((word) => !means(word, ...meanings))
}

/** A word in the singular: the known word that it is the plural of, else as far as English endings tell. */
export function singularOf(word: string): string {
  if (MEANINGS.has(word)) return word
  const known = PLURALS.map((ending) => (word.endsWith(ending) ? word.slice(0, -ending.length) : '')).find((stem) =>
    MEANINGS.has(stem),
  )
  if (known !== undefined) return known
  if (word.length < 4 || /(?:ss|us|is)$/.test(word)) return word
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`
  if (/(?:x|ch|sh|zz)es$|sses$/.test(word)) return word.slice(0, -2)
  return word.endsWith('s') ? word.slice(0, -1) : word
}

function splitCompound(part: string): readonly string[] {
  const word = singularOf(part)
  if (MEANINGS.has(word)) return [word]
  return segments(part) ?? splitGerman(part) ?? [word]
}

/** Cuts a name that was written together into known words, or gives nothing. */
function segments(part: string): readonly string[] | null {
  for (let at = part.length - 2; at >= 4; at--) {
    const head = singularOf(part.slice(0, at))
    const tail = part.slice(at)
    if (!MEANINGS.has(head) || head.length < 3) continue
    if (ENDINGS.has(tail) || (tail.length >= 3 && MEANINGS.has(singularOf(tail)))) return [head, singularOf(tail)]
  }
  for (let at = 3; at < 4; at++) {
    const [head, tail] = [part.slice(0, at), part.slice(at)]
    if (MEANINGS.has(head) && tail.length >= 4 && MEANINGS.has(singularOf(tail))) return [head, singularOf(tail)]
  }
  return null
}

function splitGerman(part: string): readonly string[] | null {
  const head = HEADS.find((each) => part.endsWith(each) && part.length >= each.length + LONG_MODIFIER)
  return head ? [singularOf(part.slice(0, -head.length)), head] : null
}
