import { rolesOf, rule, type Catalog, type Column, type Table, wordsOf } from '../../src/kit.js'

/** A card's verification code, in the schemes' own names. */
const CODE =
  /(?:^|_)(?:cvv2?|cvc2?|cvn|csc|card_security_code|card_verification_(?:code|value|number)|kartenpruefnummer|codigo_(?:de_)?seguran[cz]a_(?:do_)?cartao)(?:_(?:code|number|value))?$/
/** A card's number. */
const NUMBER =
  /^(?:credit_?|debit_?|payment_?|cc_?)?card_?(?:number|num|no|nr)$|^cc_?(?:number|num|no|nr)$|^(?:pan|primary_account_number)$|^(?:kredit)?karten_?(?:nummer|nr)$|^num(?:ero)?_(?:do_|de_la_|de_|da_)?(?:cartao|tarjeta|carte)$/
/** What makes a name say so beyond doubt. */
const PAYMENT_CARD = /credit|debit|^cc_|kreditkarte|primary_account|payment/
/** Columns that stand beside a card's number and nothing else's. */
const BESIDE =
  /exp(?:iry|iration|ires|_?month|_?year|_?date)|card_?(?:holder|brand|scheme|network)|name_on_card|cvv|cvc/
/** A card number has at least twelve digits; what is shorter holds the last four. */
const SHORTEST_NUMBER = 12
/** Three or four digits. */
const LONGEST_CODE = 10

export default rule({
  severity: 'error',
  tier: 'inferred',
  confidence: 0.7,
  complexity: 'high',
  docs: {
    summary: 'Keep the payment provider’s token and the last four digits instead of card data.',
    why: 'PCI DSS forbids keeping the verification code after authorization at all, and wants card numbers unreadable wherever they are stored; one dump of such a table is a reportable breach.',
    bad: 'create table payment_method (id bigint primary key, card_number varchar(19) not null, exp_month int not null, cvv varchar(4));',
    good: 'create table payment_method (id bigint primary key, provider_token text not null, card_last4 varchar(4), exp_month int not null);',
    unless: 'The values are encrypted or tokens, whatever their columns are called.',
    references: ['https://www.pcisecuritystandards.org/document_library/?category=pcidss'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const columns = table.columns.filter(
        (column) => !column.inherited && (isCode(column) || isNumber(column, table, catalog)),
      )
      if (columns.length > 0) yield { on: table, related: columns, facts: { columns: columns.map(({ name }) => name) } }
    }
  },

  message: ({ on, facts: { columns } }) => `${on} seems to hold card data in clear: ${columns.join(', ')}.`,
})

function snake(name: string): string {
  return name.replaceAll(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase()
}

function isCode({ name, type }: Column): boolean {
  if (!CODE.test(snake(name))) return false
  return /^(?:int[248]|numeric)$/.test(type.name) || (isText(type.name) && (type.length ?? 0) <= LONGEST_CODE)
}

function isNumber({ name, type }: Column, table: Table, catalog: Catalog): boolean {
  const named = snake(name)
  const isOfCard = named === 'number' && table.columns.some(isCode)
  if (!isOfCard && !NUMBER.test(named) && !/^(?:card number|number card)$/.test(wordsOf(name).join(' '))) return false
  const holdsNumber =
    /^(?:int8|numeric)$/.test(type.name) ||
    (isText(type.name) && (type.length === null || type.length >= SHORTEST_NUMBER))
  if (!holdsNumber) return false
  return (
    isOfCard ||
    PAYMENT_CARD.test(named) ||
    rolesOf(catalog).of(table)?.role === 'payment method' ||
    (table.columns.some((other) => BESIDE.test(snake(other.name))) && !/gift|loyalty|library|member/i.test(table.name))
  )
}

function isText(name: string): boolean {
  return name === 'text' || name === 'varchar' || name === 'bpchar'
}
