import type { Catalog, Column, Table } from '../../evidence/catalog/model.js'
import { rememberFor } from '../../evidence/remember.js'
import { holdsMoney } from '../money.js'
import { type means, mentions, wordsOf } from '../names.js'
import type { ValueFeature } from './values.js'

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
  | ValueFeature

/** Prices written together with what they are of: `sellprice`, `stueckpreis`. */
const PRICE = /.(?:price|preis|prix|precio|preco)$/

const NUMBER = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'money'])
const TEXT = new Set(['text', 'varchar', 'bpchar', 'citext', 'name'])
const TIME = new Set(['date', 'timestamp', 'timestamptz'])

export const isNumber = ({ type }: Column) => NUMBER.has(type.name)
export const isText = ({ type }: Column) => TEXT.has(type.name) || type.category === 'enum'
export const isTime = ({ type }: Column) => TIME.has(type.name)
const isFlag = ({ type }: Column) => type.name === 'bool'
export const isJson = ({ type }: Column) => /^_?jsonb?$/.test(type.name)
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
  [
    'actor',
    matches(
      /^(?:actor|user|username|whodunnit|changed|performed|author|benutzer|usuario|utilisateur|session|initiator)$/,
    ),
  ],
  [
    'target row',
    (c, n) =>
      /(?:^| )(?:table name|table|tablename|relation|entity (?:type|id|name)|object (?:type|id)|item (?:type|id)|record (?:type|id)|row id|row pk|resource (?:type|id)|target\b.*|auditable.*|tabelle|datensatz|tabla|tabela|registro|table cible|cible|id ligne|ligne id)$/.test(
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

/** Features that one column shows by itself: the same for all of one name, type and use, so that each is looked at once. */
export function featuresOf(column: Column, catalog: Catalog): readonly Feature[] {
  const known = knownFeatures(catalog)
  const { name, type } = column
  const key = `${type.name} ${type.category} ${holdsMoney(column)} ${isReference(column)} ${name}`
  const found =
    known.get(key) ??
    COLUMN_FEATURES.flatMap(([feature, test]) => ((test as Test)(column, wordsOf(name)) ? [feature] : []))
  known.set(key, found)
  return found
}

const knownFeatures = rememberFor<Catalog, Map<string, readonly Feature[]>>(() => new Map())

function isReference(column: Column): boolean {
  return referencesOf(column.table).has(column)
}

const referencesOf = rememberFor(
  ({ foreignKeys }: Table): ReadonlySet<Column> => new Set(foreignKeys.flatMap(({ columns }) => columns)),
)
