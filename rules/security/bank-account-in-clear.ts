import {
  type Catalog,
  type Column,
  formatId,
  IBAN,
  isReadable,
  rolesOf,
  rule,
  snakeCase,
  type Table,
} from '../../src/kit.js'

/** An IBAN, and national numbers whose names mean nothing else. */
const PLAIN =
  /(?:^|_)(?:iban|clabe|cbu|bank_?account_?(?:number|num|no|nr)|bank_?acct_?(?:number|num|no|nr)|bankkonto_?(?:nummer|nr)|numero_(?:de_)?(?:cuenta_bancaria|compte_bancaire|conta_bancaria))(?:_?(?:number|num|no|nr|code))?$/
/** Numbers of accounts of any kind: a bank's where a bank's code stands beside it. */
const NUMBER =
  /^(?:account_?(?:number|num|no|nr)|acct_?(?:number|num|no|nr)|acc_?no|konto_?(?:nummer|nr)|num(?:ero)?_(?:de_|da_)?(?:cuenta|conta|compte)|conta_?numero|cuenta_?numero)$/
const BANK =
  /^(?:(?:bank_)?(?:routing_?(?:number|no)?|sort_?code|bank_?code|bic|swift(?:_?code)?|ifsc(?:_?code)?|bsb)|aba(?:_routing)?(?:_number)?|transit_number|blz|bankleitzahl|agencia|codigo_?banco|code_banque|bank_?name|nome_?banco|nombre_?banco|banco|kreditinstitut)$/
/** The house's own account, which every invoice shows. */
const OWN =
  /compan(?:y|ies)|issuer|(?:^|_)own|firma|mandant|empresa|emisor|emitente|societe|setting|config|organi[sz]ation|legal_entit|ledger|chart|gl_/i
const SHORTEST_IBAN = 15
const SHORTEST_NUMBER = 6

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.65,
  complexity: 'high',
  docs: {
    summary:
      'Keep the mandate or token of the payment provider and the last four digits instead of a bank account’s number, or encrypt it.',
    why: 'With a name and an account number anybody can collect direct debits until somebody notices. Whoever reads the table, a dump or a replica has them all.',
    bad: 'create table payment_method (id bigint primary key, iban varchar(34) not null, bic varchar(11), account_holder text not null);',
    good: 'create table payment_method (id bigint primary key, mandate_reference text not null, iban_last4 char(4) not null, iban_encrypted bytea, account_holder text not null);',
    unless:
      'The application encrypts the values, whatever their columns are called, or the accounts are the house’s own.',
    references: [
      'https://gdpr-info.eu/art-32-gdpr/',
      'https://www.postgresql.org/docs/current/encryption-options.html',
    ],
  },
  needs: ['catalog'],
  uses: ['sample'],

  *detect({ catalog, sample }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign' || isOwn(table, catalog)) continue
      const columns = table.columns.filter((column) => !column.inherited && isAccount(column, table, catalog))
      const seen = columns.map((column) => ({ column, fact: sample?.predicate(formatId(column, IBAN)) }))
      // Rows that are no account numbers: somebody has encrypted or replaced them.
      const standing = seen.filter(({ fact }) => fact?.grounds.verdict !== 'refuted')
      const [first] = standing
      if (!first) continue
      yield {
        on: table,
        related: standing.map(({ column }) => column),
        facts: { columns: standing.map(({ column }) => column.name) },
        ...(first.fact ? { grounds: first.fact.grounds } : {}),
      }
    }
  },

  message: ({ on, facts: { columns } }) => `${on} seems to hold bank accounts in clear: ${columns.join(', ')}.`,
})

function isAccount(column: Column, table: Table, catalog: Catalog): boolean {
  const name = snakeCase(column)
  const { length } = column.type
  if (!isReadable(column)) return false
  if (PLAIN.test(name)) return length === null || length >= SHORTEST_IBAN
  if (!NUMBER.test(name) || (length !== null && length < SHORTEST_NUMBER)) return false
  return (
    rolesOf(catalog).of(table)?.role === 'payment method' ||
    table.columns.some((other) => other !== column && BANK.test(snakeCase(other)))
  )
}

function isOwn(table: Table, catalog: Catalog): boolean {
  const role = rolesOf(catalog).of(table)?.role
  return OWN.test(table.name) || role === 'organization' || role === 'ledger account'
}
