import { belongsTo, descendsFrom, has, hasSeveral, list, named, owns, sign, type Clue, type View } from './clue.js'
import type { Feature } from './features.js'
import type { Role } from './role.js'

/** How a role is recognized. */
export interface Profile {
  /** Log-odds before anything was seen. */
  readonly start: number
  /** Without this a table cannot play the role, whatever it is called. */
  needs(view: View): boolean
  readonly clues: readonly Clue[]
}

const PAYER: readonly Role[] = ['customer', 'organization']

const show = ({ shape }: View, ...features: readonly Feature[]) =>
  features.some((feature) => shape.columnsOf(feature).length > 0)
const isUnder = ({ parents, belief }: View, least: number, ...roles: readonly Role[]) =>
  parents.some(({ to }) => roles.some((role) => belief(to, role) >= least))
const isOver = ({ children, belief }: View, least: number, ...roles: readonly Role[]) =>
  children.some(({ from }) => roles.some((role) => belief(from, role) >= least))
const isCalled = ({ shape }: View, pattern: RegExp) => shape.isCalled(pattern)

const NAMES = {
  organization:
    /(?:^| )(?:tenant|organi[sz]ation|workspace|company|firm|business|merchant|seller|vendor|team|mandant|unternehmen|firma|empresa|organizacion|organizacao|inquilino|societe|entreprise|locataire|operator|reseller|marketplace account|billing entity|issuer|site)$/,
  customer:
    /(?:^| )(?:customer|client|account|subscriber|buyer|payer|debtor|debitor|kunde|kunden|teilnehmer|abonnent|cliente|suscriptor|abonado|assinante|pagador|abonne|party|contact|member|entity|identity|consumer|patron|holder|shopper|kontoinhaber|billing account|entity credit account|person)$/,
  plan: /(?:^| )(?:plan|package|offer|offering|product|edition|bundle|tariff|tarif|rate plan|membership type|subscription type|subscription level|paket|produkt|produkttarif|plano|pacote|paquete|oferta|formule|forfait|catalog item|service|add on|addon|plan version|tariff plan|catalogue|level)$|^(?:plan|plano|paquete|pacote|tarif|formule|oferta)(?: |$)/,
  price:
    /(?:^| )(?:price|pricing|pricing rule|commission rule|fee rule|price tier|pricing tier|tier|rate|rate card|rate plan charge|tariff|tariff rate|plan charge|charge|price list|price component|price point|price entry|preis|preisstaffel|staffel|preisregel|precio|tarifa|tramo|regla precio|preco|faixa|faixa preco|palier|prix|grille|usage rate|fee schedule|price book entry|destination rate|zone rate)$|^(?:precio|preco|prix|preis|tarifa|tramo|faixa|palier)(?: |$)/,
  subscription:
    /(?:^| )(?:subscription|contract|agreement|membership|abo|abonnement|vertrag|vertraege|contrato|suscripcion|assinatura|contrat|adhesion|service contract|policy|enrollment|enrolment|service instance|rental agreement|entitlement contract)$|^(?:contrato|suscripcion|assinatura|abonnement|vertrag|contrat)(?: |$)|(?:vertrag|abo|abonnement)$/,
  'subscription item':
    /(?:^| )(?:subscription|contract|agreement|membership|abonnement|vertrag|contrato|suscripcion|assinatura)\b.* ?(?:item|line|line item|component|addon|add on|add|product|position|posten|seat|service|rate card|charge|price|option|iten|linea|linha|ligne|linie)$|vertrags?posi?ti?on|vertrags?posten|(?:iten|linea|linha|ligne|servicio|item|detalle) (?:contrato|suscripcion|assinatura|abonnement)$/,
  'usage event':
    /(?:^| )(?:usage|usage event|usage record|meter event|meter reading|metering record|metered event|event|cdr|call|call detail record|call record|reading|consumption|rated event|rated usage|measurement|verbrauch|verbrauchsdatensatz|messwert|zaehlerstand|consumo|evento|evento consumo|medicion|lectura|leitura|medicao|consommation|releve|trafico|trafego|record usage)$|^(?:consumo|evento|lectura|leitura|verbrauch)(?: |$)|verbrauch/,
  'usage limit':
    /(?:^| )(?:usage limit|limit|quota|entitlement|allowance|counter|usage counter|usage bucket|bucket|usage summary|usage balance|usage aggregate|daily usage|monthly usage|kontingent|zaehler|cupo|cuota|franquia|limite|quota usage|grant|plafond|allotment|threshold|lifetime usage)$|^(?:cupo|limite|franquia|kontingent|cuota)(?: |$)/,
  invoice:
    /(?:^| )(?:invoice|bill|ar|ap|accounts receivable|receivable|statement|billing statement|account statement|rechnung|faktura|factura|fatura|facture|rechnungen|bill run invoice|invoice document|billing document|boleto|nota fiscal|tax invoice)$|^(?:factura|fatura|facture|rechnung)(?: (?:cliente|venta|emitida|kopf|client))?$/,
  'invoice line':
    /^fee$|(?:^| )(?:invoice|bill|statement|billing|document)\b.* ?(?:line|item|line item|position|posten|charge|detail|entry|row)$|(?:^| )(?:line item|bill item|billable charge|charge line)$|rechnungs?(?:posi?tion|posten|zeile|positionen)|(?:linea|linha|ligne|iten|item|detalle|partida|posicion|concepto) (?:de )?(?:factura|fatura|facture|documento)|(?:factura|fatura|facture) (?:linea|linha|ligne|iten|item|detalle|partida|concepto)/,
  'payment method':
    /(?:^| )(?:payment method|payment source|payment instrument|payment profile|payment token|card|credit card|bank account|mandate|funding source|stored card|zahlungsart|zahlungsmittel|zahlungsmethode|bankverbindung|metodo pago|medio pago|forma pago|metodo pagamento|forma pagamento|meio pagamento|moyen paiement|mode paiement|lastschriftmandat|payout account|payout method|wallet card)$/,
  payment:
    /(?:^| )(?:payment|(?<!(?:wallet|ledger|account|balance|journal|stock|inventory|credit|gl) )transaction|charge|settlement|payout|receipt|remittance|collection|transfer|capture|disbursement|payment attempt|payment intent|payment transaction|zahlung|zahlungseingang|auszahlung|pago|cobro|pagamento|recebimento|liquidacion|repasse|paiement|versement|reglement|recaudo|abono|deposit|top up|topup)$|^(?:pago|pagamento|paiement|cobro)(?: |$)|zahlung$/,
  'payment allocation':
    /(?:^| )(?:payment|cash|credit|receipt|invoice|settlement)\b.*(?:allocation|application|assignment|distribution|payment|settlement|matching|link)$|zahlungszuordnung|(?:aplicacion|imputacion|alocacao|asignacion|affectation)/,
  credit:
    /(?:^| )(?:credit note|credit memo|credit|refund|reversal|chargeback|dispute|grant|credit grant|adjustment|adj|write off|writeoff|gutschrift|erstattung|rueckerstattung|nota credito|nota de credito|reembolso|devolucion|estorno|devolucao|avoir|remboursement|note credit|abono factura|credit balance|customer credit)$|^(?:nota credito|nota de credito|reembolso|estorno|devolucion)/,
  'ledger account':
    /(?:^| )(?:account|ledger account|gl account|chart of account|wallet|balance|purse|konto|sachkonto|cuenta|cuenta contable|monedero|conta|conta contabil|carteira|compte|portefeuille|prepaid balance|account balance|sub account|balance bucket)$|^(?:conta|cuenta|compte|konto|carteira|monedero)(?: |$)|konto$/,
  'ledger transaction':
    /(?:^| )(?:journal|journal entry|journal transaction|ledger transaction|transaction|transfer|voucher|posting batch|gl|buchung|buchungssatz|asiento|lancamento|diario|ecriture|transaction group|gl entry)$/,
  'ledger entry':
    /(?:^| )(?:ledger|entry|ledger entry|journal line|journal entry line|journal item|posting|gl entry|move|movement|operation|wallet transaction|wallet entry|balance transaction|account transaction|account entry|buchungszeile|buchung|apunte|asiento linea|partida|movimiento|lancamento|movimento|ecriture|mouvement|acc tran|balance movement|balance tx|split)$|buchungs(?:zeile|position)|^(?:movimiento|movimento|lancamento|partida|apunte)(?: |$)/,
  tax: /(?:^| )(?:tax|taxe|tax rate|tax rule|vat|vat rate|gst|sales tax|tax code|tax item|tax line|tax amount|steuer|steuersatz|mwst|umsatzsteuer|impuesto|tasa impuesto|iva|imposto|aliquota|tva|taux tva|tax applied|applied tax|tax total)$|^(?:impuesto|imposto|tax|steuer)(?: |$)|steuersatz|steuersaetze/,
  coupon:
    /(?:^| )(?:coupon|promotion|promo|promo code|promotion code|discount|discount code|voucher|gutschein|gutscheincode|rabatt|aktionscode|cupon|descuento|promocion|cupom|desconto|promocao|remise|bon)$/,
  'audit log':
    /(?:^| )(?:audit|audit log|audit trail|audit event|audit entry|history|log|version|revision|activity|change log|journal|journal audit|protokoll|aenderungsprotokoll|historie|bitacora|auditoria|historial|registro auditoria|historico|log auditoria|historique|transaction journal|audittrail|activity log|change|entity activity)$|^(?:auditoria|bitacora|historial|historico)|protokoll$/,
  outbox:
    /(?:^| )(?:outbox|outbox event|outbox message|webhook|webhook event|webhook delivery|webhook log|webhook endpoint|inbound webhook|event queue|domain event|event outbox|message|notification|delivery|dead letter|dead letter message|bus event|bus ext event|event delivery|ausgang|ausgangsereignis|evento salida|mensaje salida|fila saida|evento saida|job|queue|system event|lineage outbox|in event)$|outbox|webhook/,
} as const satisfies Record<Role, RegExp>

/** Documents that are no claim yet: they say what somebody wants. */
const ORDER =
  /(?:^| )(?:order|quote|quotation|cart|basket|checkout|purchase|estimate|proposal|bestellung|auftrag|angebot|pedido|orden|cotizacion|presupuesto|orcamento|commande|devis|rental|booking|reservation|oe)(?: |$)|order(?:header|detail|line|item|entry)?s?$/

/** Grades of a service, which are its plans where they are subscribed to. */
const GRADE = /(?:^| )(?:tier|grade|class|category|stufe|niveau|nivel|tramo|palier)$/

/** Profiles of all roles. Weights were set on schemas of billing systems and of others. */
export const PROFILES: Readonly<Record<Role, Profile>> = {
  organization: {
    start: -3,
    needs: (view) => isCalled(view, NAMES.organization) || view.ownsMost,
    clues: [
      named(2.2, NAMES.organization),
      sign(2.2, 'most tables belong to its rows', ({ ownsMost }) => ownsMost),
      has(0.7, 'slug', 'a short name of its own'),
      has(0.4, 'billing contact', 'billing data'),
      owns(0.5, ['customer', 'subscription', 'plan', 'invoice'], 'owns what is billed'),
      owns(0.8, ['organization'], 'has organizations of its own'),
      owns(0.9, ['customer'], 'has customers'),
      belongsTo(-0.8, ['invoice', 'payment', 'subscription'], ''),
      belongsTo(-0.4, ['organization'], ''),
      belongsTo(-1.2, ['customer'], ''),
      has(-1, 'amount', ''),
    ],
  },
  customer: {
    start: -3.2,
    needs: (view) =>
      (isCalled(view, NAMES.customer) || view.shape.columnsOf('contact').length >= 2) &&
      isOver(
        view,
        0.35,
        'invoice',
        'subscription',
        'payment',
        'payment method',
        'credit',
        'ledger account',
        'usage event',
      ),
    clues: [
      named(1.8, NAMES.customer),
      has(0.9, 'contact', 'whom to reach'),
      sign(0.8, 'a person or firm', (view) => view.shape.columnsOf('contact').length >= 4),
      has(0.9, 'billing contact', 'billing data'),
      owns(1.4, ['invoice'], 'is invoiced'),
      owns(1.4, ['subscription'], 'subscribes'),
      owns(1, ['payment'], 'pays'),
      owns(1.1, ['payment method'], 'has payment methods'),
      owns(0.5, ['credit', 'ledger account', 'usage event'], 'is credited or measured'),
      belongsTo(0.6, ['organization'], 'belongs to an organization'),
      sign(-1.4, '', (view) => view.ownsMost && isCalled(view, NAMES.organization)),
      owns(-3, ['customer'], ''),
      owns(-0.6, ['plan', 'price'], ''),
      has(-1.6, 'password', ''),
      belongsTo(-1.2, ['invoice', 'payment', 'subscription', 'plan'], ''),
      belongsTo(-2.4, ['customer'], ''),
      hasSeveral(-1.5, 'document totals', 3, ''),
    ],
  },
  plan: {
    start: -3.4,
    needs: (view) =>
      (isCalled(view, NAMES.plan) && isOver(view, 0.35, 'subscription', 'price', 'subscription item', 'plan')) ||
      (show(view, 'sure amount', 'unit price', 'cadence', 'cadence values', 'trial') &&
        (isCalled(view, NAMES.plan) || isOver(view, 0.3, 'subscription', 'price', 'subscription item'))),
    clues: [
      named(2, NAMES.plan),
      sign(
        2,
        'its name',
        (view) => !isCalled(view, NAMES.plan) && isCalled(view, GRADE) && isOver(view, 0.4, 'subscription'),
      ),
      owns(1.9, ['subscription'], 'is subscribed to'),
      owns(1.2, ['price'], 'has prices'),
      owns(0.9, ['plan'], 'has versions or phases'),
      owns(0.8, ['subscription item'], 'is part of subscriptions'),
      has(0.9, 'cadence values', 'billed at intervals'),
      has(0.8, 'cadence', 'an interval'),
      has(0.8, 'trial', 'a trial'),
      sign(0.8, 'a price', (view) => priceOf(view)),
      has(0.6, 'unique code', 'a code of its own'),
      has(0.4, 'active flag', 'can be withdrawn'),
      belongsTo(-1.8, ['customer', 'subscription', 'invoice'], ''),
      belongsTo(-0.7, ['plan'], ''),
      has(-1.6, 'stock', ''),
      has(-1.6, 'quantity', ''),
      has(-1.6, 'cancellation', ''),
      has(-1.4, 'tier bounds', ''),
      has(-1.6, 'used', ''),
      has(-2, 'due date', ''),
      has(-0.8, 'limit', ''),
    ],
  },
  price: {
    start: -3.4,
    needs: (view) =>
      show(
        view,
        'amount',
        'unit price',
        'plain rate',
        'percentage',
        'tiers in json',
        'tier bounds',
        'pricing models',
      ) && !show(view, 'two currencies', 'due date', 'balance after', 'stock'),
    clues: [
      named(1.8, NAMES.price),
      belongsTo(1.6, ['plan'], 'priced'),
      belongsTo(0.9, ['price'], 'part of a price'),
      descendsFrom(1, 'plan', 'under a plan'),
      has(1.2, 'unit price', 'a price for a unit'),
      has(1, 'plain rate', 'a rate'),
      sign(0.5, 'an amount', (view) => !show(view, 'unit price') && list(view.shape.columnsOf('amount'))),
      has(1.2, 'tier bounds', 'bounds of tiers'),
      has(0.9, 'tiers in json', 'tiers'),
      has(1.2, 'pricing models', 'a pricing model'),
      sign(
        0.8,
        'how it is priced',
        (view) => !show(view, 'pricing models') && list(view.shape.columnsOf('model name')),
      ),
      has(0.5, 'currency', 'a currency'),
      has(0.5, 'cadence values', 'an interval'),
      has(0.6, 'validity', 'valid for a time'),
      has(0.5, 'metric', 'what is priced'),
      owns(0.8, ['subscription item', 'price'], 'is what items cost'),
      owns(0.4, ['invoice line'], 'is what lines cost'),
      belongsTo(-2, ['invoice', 'payment', 'payment method'], ''),
      belongsTo(-1, ['subscription'], ''),
      owns(-1.6, ['subscription'], ''),
      hasSeveral(-1.4, 'document totals', 2, ''),
      has(-1.5, 'invoice states', ''),
      has(-1.2, 'subscription states', ''),
      has(-1.6, 'event time', ''),
      has(-1.4, 'redemption', ''),
      has(-1.2, 'provider reference', ''),
      has(-1.4, 'jurisdiction', ''),
      sign(-0.8, '', (view) => show(view, 'percentage') && !show(view, 'plain rate')),
    ],
  },
  subscription: {
    start: -3.6,
    needs: (view) =>
      isUnder(view, 0.35, 'plan', 'price') ||
      isOver(view, 0.4, 'invoice', 'invoice line', 'usage event', 'subscription item', 'usage limit') ||
      show(view, 'cadence values', 'trial', 'recurring amount') ||
      (show(view, 'amount', 'cadence') && show(view, 'period', 'renewal')),
    clues: [
      named(2.2, NAMES.subscription),
      belongsTo(1.8, ['plan', 'price'], 'of a plan'),
      belongsTo(0.9, PAYER, 'held by'),
      has(0.9, 'period', 'runs for a period'),
      has(0.9, 'trial', 'a trial'),
      has(1, 'cancellation', 'can be cancelled'),
      has(0.6, 'renewal', 'renews'),
      has(1.5, 'subscription states', 'states of a subscription'),
      has(0.8, 'cadence', 'billed at intervals'),
      has(0.4, 'seats', 'seats'),
      has(0.6, 'recurring amount', 'a recurring amount'),
      owns(1, ['subscription item'], 'has items'),
      owns(0.8, ['invoice', 'invoice line'], 'is invoiced'),
      owns(0.7, ['usage event', 'usage limit'], 'has usage'),
      belongsTo(-2, ['subscription'], ''),
      belongsTo(-2, ['invoice', 'payment'], ''),
      sign(-1.5, '', (view) => !isCalled(view, NAMES.subscription) && !isUnder(view, 0.3, ...PAYER)),
      sign(-2, '', (view) => isCalled(view, NAMES.price) && !isUnder(view, 0.3, 'customer')),
      has(-1, 'pricing models', ''),
      has(-1.2, 'tier bounds', ''),
      has(-2, 'endpoint', ''),
      has(-2, 'payload', ''),
      has(-1.5, 'due date', ''),
      has(-0.8, 'failure', ''),
      has(0.5, 'billed mark', 'how far it was billed'),
    ],
  },
  'subscription item': {
    start: -3.3,
    needs: (view) =>
      (isUnder(view, 0.4, 'subscription') ||
        (isCalled(view, NAMES['subscription item']) &&
          view.parents.some(({ to }) =>
            view.parentsOf(to).some((link) => view.belief(link.to, 'subscription') > 0.4),
          ))) &&
      (isUnder(view, 0.35, 'price', 'plan') || show(view, 'quantity', 'unit price', 'tiers in json')),
    clues: [
      named(1.8, NAMES['subscription item']),
      belongsTo(1.8, ['subscription'], 'part of a subscription'),
      descendsFrom(1.3, 'subscription', 'under a subscription'),
      has(0.9, 'tiers in json', 'a price'),
      sign(-1.8, '', (view) => isCalled(view, ORDER) || isCalled(view, NAMES.credit)),
      sign(-1.5, '', (view) => isCalled(view, /usage|consumo|verbrauch|event/)),
      belongsTo(1.6, ['price', 'plan'], 'of a plan or price'),
      has(0.8, 'quantity', 'how many'),
      has(0.5, 'unit price', 'a price for a unit'),
      has(0.4, 'period', 'for a time'),
      belongsTo(-1.6, ['invoice', 'payment', 'usage event'], ''),
      belongsTo(-1.2, ['coupon'], ''),
      has(-2, 'limit', ''),
      has(-2, 'used', ''),
      has(-2, 'due date', ''),
      has(-1.4, 'idempotency key', ''),
      has(-1.4, 'event type', ''),
      has(-1.2, 'payload', ''),
      owns(-1.5, ['subscription item'], ''),
    ],
  },
  'usage event': {
    start: -3.6,
    needs: (view) =>
      (show(view, 'quantity') ||
        ['idempotency key', 'metric', 'properties'].every((feature) => show(view, feature as Feature))) &&
      (show(view, 'event time') || isCalled(view, /usage|consum|verbrauch|cdr/)) &&
      !show(view, 'old and new') &&
      (isUnder(view, 0.3, 'subscription', 'customer', 'organization', 'ledger account', 'price') ||
        show(view, 'billed mark') ||
        isCalled(view, /(?:^| )usage|cdr|verbrauch|consumo/)),
    clues: [
      named(1.8, NAMES['usage event']),
      has(1.2, 'quantity', 'how much'),
      has(0.9, 'event time', 'when'),
      has(0.9, 'metric', 'of what'),
      belongsTo(0.9, ['subscription', 'subscription item'], 'used under'),
      belongsTo(0.6, [...PAYER, 'usage limit'], 'used by'),
      has(0.9, 'idempotency key', 'counted once'),
      has(0.4, 'properties', 'attributes'),
      sign(0.4, 'rows are not changed', ({ shape }) => !shape.changes),
      has(0.9, 'billed mark', 'marked when billed'),
      belongsTo(0.3, ['price'], 'rated by'),
      has(-2, 'limit', ''),
      hasSeveral(-1.6, 'document totals', 3, ''),
      has(-1.6, 'due date', ''),
      has(-2, 'endpoint', ''),
      sign(-3, '', (view) =>
        isCalled(
          view,
          /(?:subscription|invoice|payment|audit|webhook|bus|system|notification|domain|contract|billing|alert|security|login) event$/,
        ),
      ),
      has(-1.4, 'trial', ''),
      has(-1.6, 'balance', ''),
      has(-1, 'unit price', ''),
      belongsTo(-1.4, ['invoice', 'payment'], ''),
      has(-1.2, 'subscription states', ''),
      has(-1.2, 'reset', ''),
    ],
  },
  'usage limit': {
    start: -3.4,
    needs: (view) =>
      (show(view, 'limit', 'used', 'used and limit', 'remaining') ||
        (isCalled(view, /usage|quota|entitlement|kontingent|cuota|cupo|franquia/) &&
          isUnder(view, 0.35, 'subscription', 'plan', ...PAYER))) &&
      (isUnder(view, 0.3, 'subscription', 'plan', 'customer', 'organization', 'subscription item') ||
        show(view, 'used and limit')),
    clues: [
      named(1.8, NAMES['usage limit']),
      has(2.1, 'used and limit', 'used and allowed'),
      sign(0.9, 'allowed', (view) => !show(view, 'used and limit') && list(view.shape.columnsOf('limit'))),
      sign(0.9, 'used', (view) => !show(view, 'used and limit') && list(view.shape.columnsOf('used'))),
      has(0.8, 'metric', 'of what'),
      belongsTo(1.2, ['subscription', 'subscription item', 'plan'], 'granted by'),
      belongsTo(0.6, PAYER, 'granted to'),
      has(0.8, 'reset', 'starts anew'),
      has(0.5, 'period', 'for a period'),
      has(0.4, 'remaining', 'what is left'),
      has(-1.6, 'document totals', ''),
      has(-1.6, 'due date', ''),
      has(-1.2, 'trial', ''),
      has(-1.4, 'redemption', ''),
      has(-1, 'currency', ''),
      has(-1.4, 'idempotency key', ''),
      has(-1.6, 'subscription states', ''),
      has(-1.4, 'attempts', ''),
    ],
  },
  invoice: {
    start: -3.4,
    needs: (view) =>
      (isCalled(view, NAMES.invoice) ||
        show(view, 'due date', 'unique number', 'issue date', 'invoice states', 'payment terms', 'lines in json') ||
        view.shape.columnsOf('document totals').length > 2) &&
      (show(view, 'document totals', 'amount', 'total', 'lines in json') || isOver(view, 0.4, 'invoice line')),
    clues: [
      named(2.2, NAMES.invoice),
      owns(2, ['invoice line'], 'has lines'),
      sign(0.8, 'rows with quantity and price belong to it', (view) => linesOf(view)),
      has(0.7, 'lines in json', 'lines'),
      hasSeveral(1.5, 'document totals', 2, 'totals'),
      has(1.3, 'due date', 'due'),
      has(0.6, 'issue date', 'issued'),
      has(0.6, 'period', 'for a period'),
      has(0.8, 'unique number', 'a number of its own'),
      has(1.4, 'invoice states', 'states of an invoice'),
      belongsTo(0.7, PAYER, 'billed to'),
      belongsTo(0.4, ['subscription'], 'billed for'),
      owns(0.8, ['payment', 'payment allocation', 'credit'], 'is paid'),
      sign(-2.2, '', (view) => isCalled(view, ORDER)),
      sign(-2.4, '', (view) => isCalled(view, NAMES.credit)),
      sign(-1.2, '', (view) => show(view, 'shipping') && !show(view, 'due date')),
      has(-1, 'quantity', ''),
      has(-1, 'quote words', ''),
      belongsTo(-1.8, ['invoice'], ''),
      belongsTo(-1, ['payment'], ''),
      belongsTo(-1.2, ['plan', 'price'], ''),
      has(0.6, 'payment terms', 'payable within'),
      owns(-2, ['invoice', 'customer', 'subscription'], ''),
      has(-1.2, 'failure', ''),
      has(-1.5, 'trial', ''),
      has(-1, 'cadence values', ''),
      has(-1, 'provider reference', ''),
      has(-1.2, 'balance after', ''),
    ],
  },
  'invoice line': {
    start: -3.4,
    needs: (view) =>
      view.parents.length > 0 &&
      (show(view, 'amount', 'document totals') || (show(view, 'quantity') && show(view, 'unit price'))) &&
      !show(view, 'due date'),
    clues: [
      named(1.8, NAMES['invoice line']),
      belongsTo(2.2, ['invoice'], 'part of an invoice'),
      sign(1.4, 'quantity and price', (view) =>
        show(view, 'quantity') && show(view, 'unit price')
          ? list([...view.shape.columnsOf('quantity').slice(0, 1), ...view.shape.columnsOf('unit price').slice(0, 1)])
          : '',
      ),
      has(0.6, 'amount', 'an amount'),
      has(0.5, 'description', 'says for what'),
      has(0.3, 'period', 'for a period'),
      belongsTo(0.5, ['price', 'plan', 'subscription', 'subscription item', 'usage event'], 'for'),
      sign(-1.6, '', (view) => isCalled(view, ORDER)),
      sign(-1.4, '', (view) => isCalled(view, /tax|credit|discount|adjust|coupon|steuer/)),
      has(-0.6, 'provider reference', ''),
      belongsTo(-2, ['payment', 'credit', 'payment method'], ''),
      belongsTo(-1.6, ['invoice line'], ''),
      belongsTo(-0.6, ['coupon'], ''),
      has(-1, 'settlement time', ''),
      has(-1.4, 'balance after', ''),
      has(-1.2, 'invoice states', ''),
      has(-1.2, 'unique number', ''),
      sign(-1.2, '', (view) => show(view, 'percentage') && !show(view, 'quantity')),
      owns(-0.5, ['invoice line'], ''),
    ],
  },
  'payment method': {
    start: -3.4,
    needs: (view) =>
      (show(view, 'card', 'bank account', 'provider reference', 'payment kinds', 'default flag') ||
        isCalled(view, NAMES['payment method'])) &&
      (isUnder(view, 0.25, ...PAYER) ||
        isOver(view, 0.3, 'payment', 'customer', 'subscription', 'invoice') ||
        show(view, 'card')) &&
      !show(view, 'document totals'),
    clues: [
      named(1.8, NAMES['payment method']),
      hasSeveral(1.8, 'card', 2, 'a card'),
      has(1.4, 'bank account', 'a bank account'),
      has(0.7, 'provider reference', "the provider's reference"),
      has(0.8, 'default flag', 'one is the default'),
      has(1, 'payment kinds', 'kinds of payment'),
      belongsTo(1.1, PAYER, 'of a payer'),
      owns(1.3, ['payment'], 'is paid with'),
      belongsTo(-1.6, ['invoice', 'payment', 'subscription'], ''),
      has(-2, 'amount', ''),
      has(-1.5, 'due date', ''),
      has(-1.2, 'balance', ''),
      has(-1.2, 'password', ''),
    ],
  },
  payment: {
    start: -3.6,
    needs: (view) =>
      (show(view, 'amount') ||
        isOver(view, 0.6, 'payment') ||
        (isCalled(view, NAMES.payment) &&
          (isUnder(view, 0.5, 'payment') || (show(view, 'settlement time') && isUnder(view, 0.4, ...PAYER))))) &&
      !show(view, 'stock', 'tier bounds'),
    clues: [
      named(1.9, NAMES.payment),
      sign(1, 'an amount', (view) => list(view.shape.columnsOf('amount'))),
      has(0.3, 'currency', 'a currency'),
      belongsTo(1.5, ['invoice'], 'pays'),
      belongsTo(1.3, ['payment method'], 'paid with'),
      belongsTo(0.9, ['payment'], 'part of a payment'),
      belongsTo(0.6, PAYER, 'paid by'),
      has(0.9, 'provider reference', "the provider's reference"),
      has(0.8, 'failure', 'may fail'),
      has(0.9, 'settlement time', 'when it was paid'),
      has(1.4, 'payment states', 'states of a payment'),
      has(1, 'payment kinds', 'kinds of payment'),
      has(0.4, 'idempotency key', 'made once'),
      owns(1, ['payment', 'payment allocation', 'credit'], 'is applied or refunded'),
      sign(-2, '', (view) => isCalled(view, NAMES.credit) || isCalled(view, ORDER)),
      hasSeveral(-1.6, 'document totals', 3, ''),
      has(-1.2, 'quantity', ''),
      has(-1.4, 'due date', ''),
      has(-1.2, 'unit price', ''),
      has(-1.4, 'balance after', ''),
      has(-1.6, 'debit and credit', ''),
      has(-1, 'sides', ''),
      has(-1.2, 'balance', ''),
      has(-1.2, 'period', ''),
      has(-1.4, 'cadence values', ''),
      belongsTo(-1, ['ledger account'], ''),
      sign(-1.5, '', (view) => isCalled(view, NAMES['ledger entry']) && !isCalled(view, NAMES.payment)),
      has(-0.6, 'validity', ''),
      sign(
        -1.8,
        '',
        (view) =>
          isUnder(view, 0.5, 'payment') &&
          isUnder(view, 0.5, 'invoice') &&
          !show(view, 'provider reference', 'payment kinds'),
      ),
      belongsTo(-0.8, ['price', 'plan'], ''),
      owns(-1.6, ['invoice line'], ''),
      owns(-0.6, ['ledger entry'], ''),
    ],
  },
  'payment allocation': {
    start: -3.6,
    needs: (view) =>
      show(view, 'amount') &&
      isUnder(view, 0.4, 'payment', 'credit') &&
      isUnder(view, 0.4, 'invoice', 'invoice line') &&
      view.shape.table.columns.length < 18,
    clues: [
      named(1.2, NAMES['payment allocation']),
      sign(2.6, 'puts money to an invoice', (view) => isUnder(view, 0.4, 'invoice')),
      belongsTo(1.2, ['payment'], 'puts a payment to something'),
      sign(0.8, 'an amount', (view) => list(view.shape.columnsOf('amount'))),
      has(-1.2, 'provider reference', ''),
      has(-1, 'failure', ''),
      has(-1, 'payment kinds', ''),
      has(-1.4, 'reason', ''),
      has(-1.4, 'unique number', ''),
      sign(-1.6, '', (view) => isCalled(view, NAMES.credit)),
      sign(-1.6, '', (view) => isUnder(view, 0.5, 'payment method')),
    ],
  },
  credit: {
    start: -2.9,
    needs: (view) => show(view, 'amount', 'document totals', 'remaining') || isOver(view, 0.6, 'credit'),
    clues: [
      named(2.2, NAMES.credit),
      sign(0.7, 'an amount', (view) =>
        list([...view.shape.columnsOf('amount'), ...view.shape.columnsOf('document totals')]),
      ),
      belongsTo(1.2, ['invoice', 'invoice line'], 'against an invoice'),
      belongsTo(1.4, ['payment'], 'gives a payment back'),
      belongsTo(0.7, PAYER, 'given to'),
      belongsTo(0.7, ['credit'], 'part of a credit'),
      has(1.1, 'reason', 'for a reason'),
      has(0.4, 'unique number', 'a number of its own'),
      has(0.4, 'expiry', 'expires'),
      has(0.4, 'remaining', 'what is left'),
      has(-1.2, 'due date', ''),
      has(-1, 'quantity', ''),
      has(-1.2, 'cadence values', ''),
      has(-1.2, 'period', ''),
      has(-1.2, 'redemption', ''),
      has(-0.8, 'payment kinds', ''),
      has(-0.8, 'settlement time', ''),
      has(-0.8, 'failure', ''),
      sign(-0.8, '', (view) => !isCalled(view, NAMES.credit) && !show(view, 'reason')),
      sign(-1, '', (view) => show(view, 'percentage') && !isUnder(view, 0.4, 'invoice', 'payment')),
      belongsTo(-1, ['ledger account', 'coupon', 'tax'], ''),
    ],
  },
  'ledger account': {
    start: -3.4,
    needs: (view) =>
      show(view, 'balance', 'account kinds', 'account facts', 'debit and credit') || isOver(view, 0.2, 'ledger entry'),
    clues: [
      named(1.6, NAMES['ledger account']),
      has(1.3, 'balance', 'a balance'),
      has(1.8, 'account kinds', 'kinds of account'),
      has(0.7, 'debit and credit', 'what went out and in'),
      has(0.9, 'account facts', 'facts of an account'),
      owns(2.2, ['ledger entry'], 'has entries'),
      sign(1.2, 'entries name it twice', (view) => twice(view)),
      has(0.4, 'currency', 'a currency'),
      belongsTo(0.6, PAYER, 'of'),
      has(0.3, 'code or name', 'a name or number'),
      belongsTo(-1.5, ['invoice', 'payment', 'subscription'], ''),
      hasSeveral(-1.8, 'contact', 4, ''),
      has(-1.5, 'balance after', ''),
      has(-1.5, 'due date', ''),
      hasSeveral(-1, 'document totals', 4, ''),
      sign(-1, '', (view) => isCalled(view, /transaction|entry|line|snapshot|monitor|history/)),
    ],
  },
  'ledger transaction': {
    start: -3.4,
    needs: (view) => isOver(view, 0.45, 'ledger entry') && !isUnder(view, 0.5, 'ledger account'),
    clues: [
      named(1.6, NAMES['ledger transaction']),
      owns(3, ['ledger entry'], 'groups entries'),
      has(0.5, 'event time', 'when it was posted'),
      has(0.4, 'idempotency key', 'posted once'),
      has(0.4, 'description', 'says for what'),
      has(0.3, 'unique number', 'a number of its own'),
      has(-1.5, 'balance', ''),
      has(-1.5, 'account kinds', ''),
      has(-2, 'due date', ''),
      has(-1.5, 'contact', ''),
      hasSeveral(-1.5, 'document totals', 2, ''),
      belongsTo(-1, ['invoice', 'payment method', 'plan'], ''),
    ],
  },
  'ledger entry': {
    start: -3.4,
    needs: (view) =>
      show(view, 'amount', 'debit and credit', 'quantity') &&
      (isUnder(view, 0.2, 'ledger account') ||
        show(view, 'debit and credit', 'sides', 'side', 'balance after') ||
        (isCalled(view, NAMES['ledger entry']) &&
          view.parents.some(({ to }) => view.shapeOf(to).isCalled(NAMES['ledger account']))) ||
        sidesOf(view) !== '') &&
      !show(view, 'due date'),
    clues: [
      named(1.6, NAMES['ledger entry']),
      sign(
        0.9,
        'the names of both',
        (view) =>
          isCalled(view, NAMES['ledger entry']) &&
          view.parents.some(({ to }) => view.shapeOf(to).isCalled(NAMES['ledger account'])),
      ),
      belongsTo(1.6, ['ledger account'], 'on an account'),
      sign(1.8, 'from one account to another', (view) => sidesOf(view)),
      has(1.7, 'debit and credit', 'debit and credit'),
      has(1.4, 'sides', 'debit or credit'),
      sign(0.9, 'a side', (view) => !show(view, 'sides') && list(view.shape.columnsOf('side'))),
      has(1.3, 'balance after', 'the balance it leaves'),
      belongsTo(1, ['ledger transaction'], 'part of a transaction'),
      has(0.6, 'amount', 'an amount'),
      sign(0.4, 'rows are not changed', ({ shape }) => !shape.changes),
      has(0.3, 'idempotency key', 'posted once'),
      has(-1.8, 'payment kinds', ''),
      has(-1, 'failure', ''),
      has(-1.2, 'unit price', ''),
      has(-1, 'quantity', ''),
      has(-1.4, 'cadence values', ''),
      belongsTo(-0.5, ['payment method'], ''),
      sign(-1.4, '', (view) => isCalled(view, /snapshot|monitor|checkpoint|volume|rule|budget|report/)),
      owns(-1.2, ['ledger entry'], ''),
      hasSeveral(-1.5, 'contact', 4, ''),
    ],
  },
  tax: {
    start: -3.2,
    needs: (view) =>
      show(view, 'percentage') ||
      (isCalled(view, NAMES.tax) &&
        isOver(view, 0.4, 'price', 'invoice line', 'subscription item', 'plan', 'customer')) ||
      (isCalled(view, NAMES.tax) &&
        (show(view, 'amount', 'jurisdiction') || isUnder(view, 0.4, 'invoice', 'invoice line'))),
    clues: [
      named(2.2, NAMES.tax),
      has(1.5, 'percentage', 'a rate'),
      has(1.2, 'jurisdiction', 'where'),
      has(0.7, 'inclusive flag', 'in the price or on top'),
      has(0.5, 'validity', 'valid for a time'),
      has(0.5, 'code or name', 'a code or name'),
      belongsTo(0.7, ['invoice', 'invoice line'], 'on'),
      has(-1.8, 'two currencies', ''),
      has(-2, 'due date', ''),
      sign(-2, '', (view) => !isCalled(view, NAMES.tax) && !show(view, 'jurisdiction', 'inclusive flag')),
      has(-1.4, 'redemption', ''),
      has(-1.4, 'balance', ''),
      has(-1, 'unit price', ''),
    ],
  },
  coupon: {
    start: -3.4,
    needs: (view) =>
      show(view, 'discount', 'redemption', 'percentage') && !isUnder(view, 0.5, 'invoice', 'invoice line'),
    clues: [
      named(2, NAMES.coupon),
      has(1.3, 'discount', 'takes off'),
      has(1.1, 'redemption', 'how often it may be used'),
      has(1, 'unique code', 'a code of its own'),
      has(0.5, 'expiry', 'expires'),
      has(0.3, 'active flag', 'can be withdrawn'),
      sign(
        -2,
        '',
        (view) =>
          !isCalled(view, NAMES.coupon) &&
          !(show(view, 'discount') && show(view, 'redemption') && show(view, 'unique code')),
      ),
      belongsTo(-1.2, ['customer', 'subscription', 'coupon'], ''),
      has(-2, 'due date', ''),
      has(-1, 'unit price', ''),
      has(-1, 'quantity', ''),
    ],
  },
  'audit log': {
    start: -3.2,
    needs: (view) =>
      view.copyOf !== null ||
      show(view, 'old and new') ||
      (show(view, 'action', 'event type') && show(view, 'target row', 'actor')),
    clues: [
      named(1.8, NAMES['audit log']),
      sign(2.2, 'keeps earlier rows of', ({ copyOf }) => copyOf?.name ?? ''),
      has(1.8, 'old and new', 'before and after'),
      has(1, 'target row', 'which row'),
      has(0.7, 'action', 'what was done'),
      has(0.7, 'actor', 'by whom'),
      has(0.5, 'request context', 'from where'),
      sign(0.4, 'rows are not changed', ({ shape }) => !shape.changes),
      has(-1.6, 'attempts', ''),
      has(-1.6, 'endpoint', ''),
      has(-1.2, 'password', ''),
      sign(-1, '', (view) => view.copyOf === null && show(view, 'amount')),
    ],
  },
  outbox: {
    start: -3.2,
    needs: (view) =>
      show(view, 'payload', 'endpoint') &&
      show(view, 'event type', 'aggregate', 'attempts', 'delivery time', 'endpoint'),
    clues: [
      named(1.8, NAMES.outbox),
      has(0.8, 'payload', 'a message'),
      has(0.7, 'event type', 'of a kind'),
      has(0.9, 'attempts', 'tried again'),
      has(0.9, 'delivery time', 'sent'),
      has(1, 'endpoint', 'where to'),
      has(0.9, 'aggregate', 'what it is about'),
      has(0.6, 'provider reference', 'what its sender calls it'),
      has(-1.6, 'amount', ''),
      has(-1.6, 'password', ''),
      has(-1.6, 'contact', ''),
      has(-1.4, 'old and new', ''),
    ],
  },
}

/** A price that is not one of several parts of a document. */
function priceOf({ shape }: View): string {
  const columns = [...shape.columnsOf('unit price'), ...shape.columnsOf('sure amount')]
  return shape.columnsOf('document totals').length < 2 ? list(columns.slice(0, 2)) : ''
}

/** Tables whose rows have a quantity and a price and belong to this one. */
function linesOf({ children, shapeOf }: View): string {
  const lines = children.filter(({ from }) => {
    const { columnsOf } = shapeOf(from)
    return columnsOf('quantity').length > 0 && columnsOf('unit price').length > 0 && columnsOf('amount').length > 0
  })
  return [...new Set(lines.map(({ from }) => from.name))].slice(0, 2).join(', ')
}

/** Two columns of this table that name two rows of one table, as debit and credit do. */
function sidesOf({ parents }: View): string {
  const pairs = parents.filter(
    (one) =>
      parents.some((other) => other !== one && other.to === one.to) && one.columns.some(({ name }) => SIDE.test(name)),
  )
  return pairs.length > 1 ? list(pairs.flatMap(({ columns }) => columns)) : ''
}

const SIDE =
  /^(?:from|to|source|src|destination|dest|debit|credit|debet|payer|payee|sender|receiver|soll|haben|debe|haber|origen|destino|origem|debito|credito|de|para)(?:_|$)/i

function twice({ children, shape }: View): boolean | string {
  const twice = children.find((one) =>
    children.some(
      (other) =>
        other !== one &&
        other.from === one.from &&
        SIDE.test(one.columns[0]?.name ?? '') &&
        SIDE.test(other.columns[0]?.name ?? ''),
    ),
  )
  return twice && twice.from !== shape.table ? twice.from.name : false
}
