import type { Catalog, Column, Table } from '../../evidence/catalog/model.js'
import { groupBy } from '../../evidence/catalog/group.js'
import { rememberFor } from '../../evidence/remember.js'
import { usageLimitsOf } from '../counter.js'
import { holdsMoney } from '../money.js'
import { means, mentions, wordsOf } from '../names.js'
import { periodsOf } from '../period.js'
import { statusValuesOf } from '../status.js'

/** What tables of billing systems hold, each by the columns that show it. */
export type Feature =
  | (typeof COLUMN_FEATURES)[number][0]
  | 'period'
  | 'tier bounds'
  | 'used and limit'
  | 'unique number'
  | 'unique code'
  | 'idempotency key'
  | 'two currencies'
  | 'debit and credit'
  | 'old and new'
  | 'invoice states'
  | 'subscription states'
  | 'payment states'
  | 'cadence values'
  | 'pricing models'
  | 'account kinds'
  | 'sides'
  | 'payment kinds'

/** A table as far as its own columns, types, keys and values tell. */
export interface Shape {
  readonly table: Table
  /** Words of the name, without those that only say that it is a table. */
  readonly name: string
  /** The columns that show a feature; none, and the table has it not. */
  columnsOf(feature: Feature): readonly Column[]
  readonly changes: boolean
}

/** Prices written together with what they are of: `sellprice`, `stueckpreis`. */
const PRICE = /.(?:price|preis|prix|precio|preco)$/

const NUMBER = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'money'])
const TEXT = new Set(['text', 'varchar', 'bpchar', 'citext', 'name'])
const TIME = new Set(['date', 'timestamp', 'timestamptz'])

const isNumber = ({ type }: Column) => NUMBER.has(type.name)
const isText = ({ type }: Column) => TEXT.has(type.name) || type.category === 'enum'
const isTime = ({ type }: Column) => TIME.has(type.name)
const isFlag = ({ type }: Column) => type.name === 'bool'
const isJson = ({ type }: Column) => /^_?jsonb?$/.test(type.name)
const isMoney = (column: Column) => holdsMoney(column) !== 'no'
const matches = (pattern: RegExp) => (_: Column, words: readonly string[]) => words.some((word) => pattern.test(word))

type Test = (column: Column, words: readonly string[]) => boolean

const both =
  (...tests: readonly ((column: Column, words: readonly string[]) => boolean)[]): Test =>
  (column, words) =>
    tests.every((test) => test(column, words))

const words =
  (...meanings: Parameters<typeof means> extends [string, ...infer M] ? M : never): Test =>
  (_, names) =>
    mentions(names, ...meanings)

const not =
  (test: Test): Test =>
  (column, names) =>
    !test(column, names)

const DOCUMENT_PART = words('total', 'subtotal', 'paid', 'due', 'remaining', 'net', 'gross', 'tax', 'discount')

const COLUMN_FEATURES = [
  ['amount', both(isNumber, isMoney)],
  ['sure amount', both(isNumber, (column) => holdsMoney(column) === 'yes')],
  ['document totals', both(isNumber, isMoney, DOCUMENT_PART, not(words('unit', 'used', 'limit')))],
  [
    'total',
    both(isNumber, words('total', 'gross', 'due'), not(words('unit', 'count', 'used', 'limit', 'quantity', 'span'))),
  ],
  [
    'unit price',
    both(
      isNumber,
      (_, n) => mentions(n, 'price', 'unit', 'cost', 'tariff') || n.some((word) => PRICE.test(word)),
      (c, n) =>
        isMoney(c) ||
        (mentions(n, 'unit') && mentions(n, 'amount', 'price', 'cost')) ||
        n.some((word) => PRICE.test(word)),
      not(words('quantity')),
    ),
  ],
  [
    'quantity',
    both(
      isNumber,
      (_, n) =>
        /^(?:usage|consumption|verbrauch|consumo)(?: (?:amount|quantity|unit|value|second|minute))?$/.test(
          n.join(' '),
        ) ||
        mentions(n, 'quantity') ||
        n.some((word) =>
          /^(?:unit|seat|licen[cs]e|byte|volume|usage|consumption|verbrauch|consumo|kwh|einheit|unidade|unidad|minute|hour|second|segundo|segundos|sekunde|dauer|duracion|duracao|messwert|lectura|leitura)$/.test(
            word,
          ),
        ),
      not(words('price', 'cost', 'identity', 'limit', 'rate')),
      (_, n) => !n.some((word) => /^(?:used|current|total|lifetime|trial|min)$/.test(word)),
    ),
  ],
  ['currency', both(isText, words('currency'), not(words('identity')))],
  [
    'model name',
    (_, n) => /(?:^| )(?:charge|pricing|price|rate|billing|tariff|preis) (?:model|scheme|modell)$/.test(n.join(' ')),
  ],
  ['percentage', both(isNumber, words('rate'), not(words('unit')))],
  [
    'plain rate',
    both(isNumber, (_, n) =>
      /^(?:rate|rate (?:value|amount|per \w+)|tarif|tarifa|satz|taux|fee|connect fee)$/.test(n.join(' ')),
    ),
  ],
  [
    'payment terms',
    both(isNumber, (_, n) =>
      /(?:^| )(?:term|net term|net payment term|payment term|zahlungsziel|plazo pago|plazo|prazo|prazo pagamento|delai)(?: day)?$/.test(
        n.join(' '),
      ),
    ),
  ],
  [
    'account facts',
    both(
      (column) => isText(column) || isFlag(column),
      (_, n) =>
        /(?:^| )(?:accno|account (?:number|no|code)|chart account|normal (?:balance|side)|contra|gl code|gifi accno|kontonummer|codigo cuenta|codigo contable|plano conta|asset code)$/.test(
          n.join(' '),
        ),
    ),
  ],
  [
    'side',
    (column, n) =>
      (isText(column) &&
        /^(?:direction|side|dc|debit credit|soll haben|natureza|naturaleza|signo|sinal|sens|debe haber)$/.test(
          n.join(' '),
        )) ||
      (isFlag(column) && /^(?:is )?(?:source|debit|credit|inflow|outflow)$/.test(n.join(' '))),
  ],
  [
    'due date',
    both(
      isTime,
      (_, n) =>
        mentions(n, 'due') ||
        n.some(
          (word) =>
            /^(?:due|duedate|faellig|fallig|faelligkeit|falligkeit|faelligkeitsdatum|vencimiento|vencimento|echeance|venc|maturity)$/.test(
              word,
            ) || /^(?:faellig|fallig)/.test(word),
        ),
    ),
  ],
  [
    'issue date',
    both(
      isTime,
      matches(
        /^(?:issue|issued|issuing|invoice|invoiced|bill|billed|finali[sz]ed|ausgestellt|ausstellung\w*|rechnungs\w*|emision|emitida|emissao|emitido|emission|emise|factura|facturacion|fatura)$/,
      ),
    ),
  ],
  [
    'trial',
    both(
      (c, n) => !isMoney(c) || !isNumber(c) || mentions(n, 'span'),
      matches(/^(?:trial|trialing|test(?:phase|zeitraum)|probe\w*|prueba|essai|experimentacao|teste)$/),
    ),
  ],
  [
    'cancellation',
    both(
      (c) => isTime(c) || isFlag(c),
      matches(
        /^(?:cancel\w*|terminat\w*|churn\w*|gekuendigt|gekundigt|kuendigung\w*|kundigung\w*|storniert|cancelad[oa]|cancelacion|cancelamento|baja|resili\w*|annul\w*)$/,
      ),
    ),
  ],
  [
    'renewal',
    both(
      (c) => isTime(c) || isFlag(c),
      matches(
        /^(?:renew\w*|autorenew|verlaenger\w*|verlanger\w*|renovacion|renovacao|renovar|reconduc\w*|renouvel\w*)$/,
      ),
    ),
  ],
  [
    'cadence',
    (c, n) =>
      (isText(c) || isNumber(c) || c.type.name === 'interval') &&
      !isMoney(c) &&
      (n.some((word) =>
        /^(?:cadence|frequency|recurrence|recurring|periodicity|periodicidad|periodicidade|frecuencia|frequencia|turnus|abrechnungs\w*|zyklus|ciclo|cycle|anchor)$/.test(
          word,
        ),
      ) ||
        (/(?:^| )(?:billing|bill|invoice|payment|plan|recurring)? ?(?:interval|period|intervall|intervalo)(?: unit| count)?$/.test(
          n.join(' '),
        ) &&
          (isText(c) || n.length > 1 || isNumber(c)))),
  ],
  [
    'seats',
    both(
      isNumber,
      matches(/^(?:seat|licen[cs]e|user|sitz|sitzplatz|platz|asiento|assento|license)s?$/),
      not(words('identity')),
    ),
  ],
  [
    'recurring amount',
    both(isNumber, matches(/^(?:mrr|arr|recurring|monthly|yearly|annual|monatlich\w*|mensual|mensal|mensuel\w*)$/)),
  ],
  [
    'event time',
    both(
      isTime,
      (_, n) =>
        n.some((word) =>
          /^(?:occurred|occurrence|recorded|received|measured|happened|ingested|event|reported|reading|answer|setup|posted|booked|performed|called|consumed|used|erfasst|gemessen|gebucht|ocurrido|ocorrido|registrado|medid[oa]|consumid[oa]|utilise|mesure)$/.test(
            word,
          ),
        ) ||
        /^(?:(?:record|effective|transaction|trans|usage|booking|posting|call|entry|value|operation|reading|buchung|buchungs|verbrauchs|ereignis|lanzamiento|lancamento|consumo|movimiento|movimento|llamada|chamada|start|begin|inicio|beginn) )?(?:timestamp|time|ts|date|datetime|at|on|fecha|data|datum|zeitpunkt|zeit|hora|momento|transdate)$/.test(
          n.join(' '),
        ) ||
        /^(?:(?:call|session|usage) start(?:ed)?(?: at)?|started at|begun at|start|beginn|inicio|transdate)$/.test(
          n.join(' '),
        ),
    ),
  ],
  [
    'metric',
    both(
      (c) => isText(c) || /^(?:uuid|int4|int8|int2)$/.test(c.type.name),
      (_, n) =>
        !mentions(n, 'price', 'tax') &&
        (n.some((word) =>
          /^(?:metric|meter|measure|dimension|feature|resource|service|sku|kpi|metrik|zaehler|zahler|messgroesse|metrica|medidor|metrique|tor)$/.test(
            word,
          ),
        ) ||
          /^(?:code|unit|unit type|event (?:name|code)|einheit|unidad|unidade)$/.test(n.join(' '))),
    ),
  ],
  [
    'properties',
    both(
      isJson,
      matches(
        /^(?:propertie|property|attribute|dimension|data|payload|metadata|tag|label|eigenschaft|detail|detalle)s?$/,
      ),
    ),
  ],
  [
    'limit',
    both(
      isNumber,
      words('limit'),
      not(words('rate')),
      (_, n) => !n.some((word) => /^(?:retry|retrie|attempt|length|size|char|min)s?$/.test(word)),
    ),
  ],
  ['used', both(isNumber, words('used'))],
  ['remaining', both(isNumber, words('remaining'))],
  [
    'reset',
    both((c) => isTime(c) || isText(c), matches(/^(?:reset\w*|refill\w*|rollover|zurueckgesetzt|reinicio|renova)$/)),
  ],
  [
    'card',
    both(
      (c) => isText(c) || isNumber(c) || isJson(c),
      (_, n) =>
        /(?:^| )(?:last ?4|last four|brand|exp(?:iry|iration)? (?:month|year)|card|pan|letzte 4|ultimos? (?:4|cuatro|quatro)(?: digito)?|bandeira|marca|ablauf (?:monat|jahr)|holder)(?: |$)/.test(
          n.join(' '),
        ),
    ),
  ],
  [
    'bank account',
    both(
      (c) => isText(c) || isTime(c),
      matches(/^(?:iban|bic|swift|mandate|mandat\w*|routing|clabe|sepa|pix|boleto|bankleitzahl|blz|debit)$/),
    ),
  ],
  [
    'provider reference',
    both(
      isText,
      (_, n) =>
        /(?:^| )(?:stripe|paypal|adyen|braintree|provider|gateway|processor|acquirer|psp|pasarela|anbieter|operadora|adquirente|prestataire)(?: |$)/.test(
          n.join(' '),
        ) ||
        /(?:^| )(?:token|fingerprint|authorization code|tx hash|external (?:payment|transaction|charge|payment method|id|ref|reference)|end to end (?:id|ref|reference)|nsu|txid)$/.test(
          n.join(' '),
        ),
    ),
  ],
  [
    'default flag',
    both(isFlag, matches(/^(?:default|primary|standard|preferred|predeterminad[oa]|padrao|principal|defaut)$/)),
  ],
  [
    'failure',
    both(
      (c) => isText(c),
      matches(/^(?:failure|failed|error|decline|declined|reject\w*|fehler\w*|rechazo|recusa|motivo|erro)$/),
    ),
  ],
  [
    'settlement time',
    both(
      isTime,
      matches(
        /^(?:paid|payment|pay|received|settled|captured|capture|authori[sz]ed|succeeded|processed|cleared|bezahlt|gezahlt|zahlungs\w*|pagad[oa]|pago|paga|pagamento|paye|paiement|value|arrival|valuta|wertstellung)$/,
      ),
    ),
  ],
  ['balance', both(isNumber, words('balance'))],
  [
    'balance after',
    both(isNumber, words('balance'), matches(/^(?:after|before|running|previous|nach|vor|posterior|anterior|apos)$/)),
  ],
  [
    'tiers in json',
    both(
      isJson,
      matches(/^(?:tier|pricing|price|rate|staffel|tramo|faixa|palier|charge|propertie|fee|bracket|component)s?$/),
    ),
  ],
  [
    'lines in json',
    both(isJson, (_, n) =>
      /(?:^| )(?:line item|line|item|position|posten|entry|linea|linha|ligne|partida|iten)s?$/.test(n.join(' ')),
    ),
  ],
  [
    'jurisdiction',
    both(
      isText,
      matches(
        /^(?:country|region|state|jurisdiction|province|land|pais|uf|provincia|estado|pays|territory|bundesland)$/,
      ),
    ),
  ],
  [
    'inclusive flag',
    both(isFlag, matches(/^(?:inclusive|included|exclusive|compound|inklusiv\w*|incluid[oa]|inclus[oa]?)$/)),
  ],
  [
    'discount',
    both(
      isNumber,
      (_, n) =>
        mentions(n, 'discount') ||
        /(?:^| )(?:percent off|amount off|off|percentage rate|percentage|percent|prozent|porcentaje|percentual|value|amount|wert|valor)(?: |$)/.test(
          n.join(' '),
        ),
    ),
  ],
  [
    'redemption',
    both(
      (c) => isNumber(c) || isTime(c),
      matches(
        /^(?:redeem\w*|redemption|redemptions|einloes\w*|einlos\w*|canje\w*|resgate\w*|usos?|uses|frequency|duration)$/,
      ),
    ),
  ],
  [
    'expiry',
    both(isTime, (_, n) => mentions(n, 'expiry') || (mentions(n, 'end', 'effective') && mentions(n, 'effective'))),
  ],
  [
    'validity',
    both(
      (column) => isTime(column) || column.type.category === 'range',
      (_, n) => mentions(n, 'effective') && !/^effective (?:date|at|on)$/.test(n.join(' ')),
    ),
  ],
  [
    'active flag',
    both(
      (c) => isFlag(c) || isTime(c),
      matches(
        /^(?:active|public|published|visible|enabled|archived|retired|available|discontinued|aktiv|activo|ativo|actif|self)$/,
      ),
    ),
  ],
  [
    'code or name',
    both(isText, matches(/^(?:code|name|key|slug|title|sku|label|bezeichnung|nombre|nome|nom|codigo|lookup|tag)$/)),
  ],
  [
    'contact',
    both(
      isText,
      (_, n) =>
        /(?:^| )(?:first|last|given|family|full|legal|trade) name$/.test(n.join(' ')) ||
        n.some((word) =>
          /^(?:email|mail|phone|telefon\w*|telefono|telefone|address|adresse|anschrift|direccion|endereco|street|strasse|city|stadt|ort|ciudad|cidade|ville|postal|zip|zipcode|plz|cep|company|firma|vorname|nachname|apellido|sobrenome|surname|vat|nif|cif|cnpj|cpf|ruc|rfc|steuernummer|ustid|siret|country|pais|land)$/.test(
            word,
          ),
        ),
    ),
  ],
  [
    'billing contact',
    (c, n) =>
      isText(c) &&
      (/(?:^| )(?:billing|invoice|invoicing|rechnungs?|facturacion|faturamento|cobranca|facturation) (?:e?mail|address|name|contact|currency|country|adresse)/.test(
        n.join(' '),
      ) ||
        /^(?:tax id|vat (?:id|number)|tax number|ust ?id\w*|nif|cif|cnpj|cpf|rfc|siret|tax identification number)$/.test(
          n.join(' '),
        ) ||
        (mentions(n, 'foreign') && /customer/.test(n.join(' '))) ||
        mentions(n, 'currency')),
  ],
  ['slug', both(isText, matches(/^(?:slug|subdomain|domain|handle|workspace)$/))],
  ['action', both(isText, matches(/^(?:action|operation|op|event|verb|change|aktion|accion|acao|modified)$/))],
  ['actor', matches(/^(?:actor|user|username|whodunnit|changed|performed|author|benutzer|usuario|session|initiator)$/)],
  [
    'target row',
    (c, n) =>
      /(?:^| )(?:table name|table|tablename|relation|entity (?:type|id|name)|object (?:type|id)|item (?:type|id)|record (?:type|id)|row id|row pk|resource (?:type|id)|target\b.*|auditable.*|tabelle|datensatz|tabla|tabela|registro)$/.test(
        n.join(' '),
      ) && !isReference(c),
  ],
  ['request context', matches(/^(?:ip|useragent|agent|request|correlation|trace|client)$/)],
  [
    'payload',
    both(
      (c) => isJson(c) || isText(c) || c.type.name === 'bytea',
      matches(/^(?:payload|body|json|message|event_json|nutzlast|cuerpo|corpo|data)$/),
    ),
  ],
  [
    'event type',
    both(isText, (_, n) =>
      /(?:^| )(?:event (?:type|name|kind)|topic|message type|webhook type|ereignis\w*|evento|tipo evento|routing key|class name)$|^(?:type|kind|typ|tipo|subject)$/.test(
        n.join(' '),
      ),
    ),
  ],
  [
    'attempts',
    both(
      (c) => isNumber(c) || isTime(c),
      matches(/^(?:attempt|attempts|retry|retries|tries|retrie|error|versuch|versuche|intento|tentativa)$/),
    ),
  ],
  [
    'delivery time',
    both(
      isTime,
      matches(
        /^(?:processed|published|delivered|dispatched|sent|enqueued|locked|processing|available|verarbeitet|gesendet|procesado|enviado|publicado|processado)$/,
      ),
    ),
  ],
  [
    'endpoint',
    both(
      (c) => isText(c) || isNumber(c),
      (_, n) =>
        /(?:^| )(?:url|endpoint|http status|response (?:status|code)|signature|signing secret)(?: |$)/.test(
          n.join(' '),
        ),
    ),
  ],
  ['aggregate', both((c) => isText(c) || c.type.name === 'uuid', matches(/^aggregate$/))],
  ['reason', both((c) => isText(c) || isNumber(c), matches(/^(?:reason|grund|motivo|motif|memo|razon|razao)$/))],
  [
    'shipping',
    matches(
      /^(?:ship|shipped|shipping|shipment|shipper|delivery|carrier|tracking|freight|warehouse|versand|lieferung|envio|entrega|frete|shipvia)$/,
    ),
  ],
  [
    'stock',
    both(
      (c) => isNumber(c) || isText(c),
      matches(
        /^(?:stock|inventory|weight|width|height|length|onhand|reorder|barcode|bestand|gewicht|existencia|estoque)$/,
      ),
    ),
  ],
  [
    'quote words',
    both(
      (c) => isTime(c) || isText(c),
      matches(/^(?:quote|quotation|accepted|signed|proposal|angebot|cotizacion|orcamento|devis)$/),
    ),
  ],
  [
    'password',
    both((c) => isText(c) || c.type.name === 'bytea', matches(/^(?:password|passwort|contrasena|senha|passwd)$/)),
  ],
  [
    'description',
    both(
      isText,
      matches(
        /^(?:description|memo|beschreibung|descripcion|descricao|narration|text|bezeichnung|concepto|historico|verwendungszweck)$/,
      ),
    ),
  ],
  ['billed mark', matches(/^(?:billed|invoiced|rated|charged|abgerechnet|facturado|faturado|tarifado)$/)],
] as const satisfies readonly (readonly [string, Test])[]

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

const USAGE = /usage|consum|verbrauch|meter|measure/i

const NOISE = /^(?:header|hdr|head|master|mst|data|tbl|tab|table|info|main|record|list|new|v)$/

/** Features that one column shows by itself: the same for all of one name, type and use, so that each is looked at once. */
function featuresOf(column: Column, catalog: Catalog): readonly Feature[] {
  const known = knownFeatures(catalog)
  const { name, type } = column
  const key = JSON.stringify([name, type.name, type.category, holdsMoney(column), isReference(column)])
  const found =
    known.get(key) ??
    COLUMN_FEATURES.flatMap(([feature, test]) => ((test as Test)(column, wordsOf(name)) ? [feature] : []))
  known.set(key, found)
  return found
}

const knownFeatures = rememberFor<Catalog, Map<string, readonly Feature[]>>(() => new Map())

function isReference(column: Column): boolean {
  return column.table.foreignKeys.some(({ columns }) => columns.includes(column))
}

/** What one table's columns show. */
export function shapeOf(table: Table, catalog: Catalog): Shape {
  const features = new Map<Feature, readonly Column[]>()
  const add = (feature: Feature, columns: readonly Column[]) => {
    if (columns.length > 0) features.set(feature, columns)
  }
  const shown = groupBy(
    table.columns.flatMap((column) => featuresOf(column, catalog).map((feature) => ({ feature, column }))),
    ({ feature }) => feature,
  )
  for (const [feature, found] of shown)
    add(
      feature,
      found.map(({ column }) => column),
    )
  const [period] = periodsOf(table).filter(({ nature }) => nature === 'planned')
  add('period', period ? [period.start, period.end] : rangesOf(table))
  add(
    'used and limit',
    usageLimitsOf(table)
      .filter(({ metered }) => metered)
      .flatMap(({ counter, limit }) => [counter, limit]),
  )
  add(
    'unique number',
    uniqueTexts(table, /^(?:number|no|nr|num|nummer|numero|folio|reference|invnumber|serie|\w*nummer)$/),
  )
  add('unique code', uniqueTexts(table, /^(?:code|key|slug|codigo|sku|lookup|kuerzel|name|bezeichnung|nombre|nome)$/))
  add(
    'idempotency key',
    table.columns.filter(
      (column) =>
        /(?:^| )(?:idempot\w*|dedup\w*|(?:external|transaction|request|event|source|message) (?:id|ref|reference|uuid|key))$/.test(
          wordsOf(column.name).join(' '),
        ) && isUnique(column),
    ),
  )
  const currencies = features.get('currency') ?? []
  add(
    'account kinds',
    table.columns.filter((column) => isAccountCategory(column, catalog)),
  )
  const pair = currencies.filter(({ name }) =>
    /base|quote|from|to|source|target|von|nach|origen|destino|origem/i.test(name),
  )
  add('two currencies', pair.length > 1 ? pair : [])
  add('tier bounds', boundsOf(table))
  add(
    'debit and credit',
    pairOf(
      table,
      isNumber,
      /^(?:debit|debits|dr|soll|debe|debito|debet|input|entrada)$/,
      /^(?:credit|credits|cr|haben|haber|credito|output|saida|salida)$/,
    ),
  )
  add(
    'old and new',
    pairOf(
      table,
      (c) => isJson(c) || isText(c) || c.type.name === 'bytea',
      /^(?:old|before|previous|alt|alte|anterior|antes|ancien)$/,
      /^(?:new|after|current|changes|neu|neue|nuevo|novo|depois|despues|nouveau|changed|diff)$/,
    ),
  )
  if (!features.has('quantity') && !features.has('currency') && features.has('metric') && USAGE.test(table.name))
    add(
      'quantity',
      table.columns.filter((column) => isNumber(column) && mentions(wordsOf(column.name), 'amount', 'total', 'count')),
    )
  addValues(table, catalog, add)
  const name = wordsOf(table.name).filter((word) => !NOISE.test(word))
  return {
    table,
    name: (name.length > 0 ? name : wordsOf(table.name)).join(' '),
    columnsOf: (feature) => features.get(feature) ?? [],
    changes: table.columns.some(
      (column) =>
        isTime(column) &&
        /^(?:updated|modified|changed|geaendert|actualizado|atualizado)$/.test(wordsOf(column.name)[0] ?? ''),
    ),
  }
}

function addValues(table: Table, catalog: Catalog, add: (feature: Feature, columns: readonly Column[]) => void): void {
  const byColumn = table.columns.filter(isText).map((column) => [column, valuesOf(column, catalog)] as const)
  const found = (is: (values: readonly string[]) => boolean) =>
    byColumn.flatMap(([column, values]) => (is(values) ? column : []))
  for (const [feature, words] of Object.entries(STATES)) {
    const states = new Set(words.split(' '))
    const telling = TELLING[feature as keyof typeof TELLING]
    add(
      feature as Feature,
      found(
        (values) =>
          values.some((value) => telling.test(value)) &&
          values.filter((value) => states.has(value)).length >= Math.max(2, values.length * 0.4),
      ),
    )
  }
  for (const [feature, pattern] of Object.entries(VALUES))
    add(
      feature as Feature,
      found((values) => values.filter((value) => pattern.test(value)).length >= Math.max(2, values.length * 0.4)),
    )
}

function valuesOf(column: Column, catalog: Catalog): readonly string[] {
  const labels = column.type.category === 'enum' ? (column.type.definition?.labels ?? []) : []
  const values = labels.length > 0 ? labels : statusValuesOf(column, catalog).values
  return values.map((value) =>
    value
      .normalize('NFD')
      .replaceAll(/\p{M}/gu, '')
      .toLowerCase()
      .replaceAll(/[\s-]+/g, '_'),
  )
}

/** Assets, liabilities, equity, income and expense by their first letters. */
function isAccountCategory(column: Column, catalog: Catalog): boolean {
  if (!isText(column) || !/^(?:category|type|class|kind|link)$/.test(wordsOf(column.name).at(-1) ?? '')) return false
  const values = valuesOf(column, catalog)
  return ['a', 'l', 'i', 'e'].every((letter) => values.includes(letter))
}

function rangesOf(table: Table): readonly Column[] {
  return table.columns.filter(({ type }) => /^(?:tstz|ts|date)range$/.test(type.name))
}

/** Texts that are unique alone or within one other column. */
function uniqueTexts(table: Table, pattern: RegExp): readonly Column[] {
  return table.columns.filter((column) => {
    const words = wordsOf(column.name)
    return isText(column) && pattern.test(words.at(-1) ?? '') && !words.includes('external') && isUnique(column)
  })
}

function isUnique(column: Column): boolean {
  return column.table.indexes.some(
    ({ unique, keys }) => unique && keys.length <= 3 && keys.some((key) => key.column === column),
  )
}

const LOW = /^(?:from|min|minimum|lower|first|start|above|over|ab|von|desde|de|inicio|a partir)$/
const HIGH = /^(?:to|up|upto|max|maximum|maximo|upper|last|end|below|until|bis|hasta|ate|fim|jusqu|bsize)$/

/** Numbers that bound a step of prices: two of one name, `ab_kwh` and `bis_kwh`, or the upper end alone. */
function boundsOf(table: Table): readonly Column[] {
  const sides = table.columns.filter(isNumber).flatMap((column) => {
    const words = wordsOf(column.name)
    if (mentions(words, 'price', 'fee', 'paid', 'due', 'used') || words.includes('redemption')) return []
    const side = words.some((word) => HIGH.test(word)) ? 'high' : words.some((word) => LOW.test(word)) ? 'low' : null
    const stem = words.filter((word) => !LOW.test(word) && !HIGH.test(word)).join(' ')
    return side ? [{ column, side, stem }] : []
  })
  const paired = sides.flatMap((low) =>
    sides
      .filter((high) => low.side === 'low' && high.side === 'high' && low.stem === high.stem)
      .flatMap((high) => [low.column, high.column]),
  )
  const plain = table.columns.filter(
    (column) =>
      isNumber(column) &&
      /^(?:up to|upto|tier.*|band.*|bsize|tramo|faixa|staffel.*)$/.test(wordsOf(column.name).join(' ')),
  )
  return paired.length > 0 ? paired.slice(0, 2) : plain
}

/** Two columns of one kind and otherwise equal name, one on either side. */
function pairOf(table: Table, is: (column: Column) => boolean, left: RegExp, right: RegExp): readonly Column[] {
  const on = (side: RegExp) =>
    table.columns.find((column) => is(column) && wordsOf(column.name).some((word) => side.test(word)))
  const [first, second] = [on(left), on(right)]
  return first && second && first !== second ? [first, second] : []
}
