import { type Catalog, type Column, isReadable, rolesOf, rule, sealedId, snakeCase, type Table } from '../../src/kit.js'

/** Keys that open something, in several languages; what only identifies, as a public key or an id of a key does, is not meant. */
const SECRET =
  /(?:^|_)(?:api_?(?:key|secret|token)|(?:client|consumer|app|application|webhook|signing|shared|otp|totp|mfa|two_factor|oauth|jwt|hmac)_?secret(?:_key)?|(?:secret|private|signing|hmac|encryption|master)_?key|secret_access_key|(?:access|refresh|bearer|auth|oauth|secret)_?token(?:_secret)?|clave_(?:secreta|privada|api)|chave_(?:secreta|privada|api)|cle_(?:secrete|privee|api)|token_(?:de_)?(?:acceso|acesso|actualizacion|atualizacao)|jeton_(?:d_)?acces|(?:geheim|privat|privater_|api_?)_?schluessel|zugangs_?token|zugriffs_?token|geheimnis)(?:_value)?$/
/** A column that is called nothing else, in a table of such things. */
const BARE = /^(?:secret|token|key|value|geheimnis|clave|chave|jeton)$/
const HOLDER = /(?:^|_)(?:api_?keys?|access_?tokens?|refresh_?tokens?|mfa_factors?|totp_?\w*|api_?schluessel)$/
/** Secrets that are handed to whoever shall use them once, and identifiers with such names. */
const SHARED =
  /display|mask|redact|preview|hint|csrf|xsrf|idempoten|page_?token|cursor|next_|sync_?token|device|push|publishable|public|payment_?token|card_?token|provider_?token|captcha|site_?key|primary_?key|foreign_?key|sort_?key|object_?key|cache_?key|partition_?key/
/** Shorter values are codes. */
const SHORTEST = 16

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.6,
  impact: 'medium',
  complexity: 'medium',
  docs: {
    summary:
      'Store a hash of what is only compared, and encrypt what has to be read again, with a key outside of the database.',
    why: 'Keys and tokens let anybody who reads the table, a dump or a replica act as their owner: take payments, issue refunds, forge webhooks. Unlike passwords they are rarely changed.',
    bad: 'create table payment_provider (id bigint primary key, name text not null, api_key text not null, webhook_secret text);',
    good: 'create table payment_provider (id bigint primary key, name text not null, api_key_prefix varchar(8) not null, api_key_hash text not null, webhook_secret_encrypted bytea);',
    unless: 'The application encrypts the values before it stores them, whatever their columns are called.',
    references: [
      'https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html',
      'https://www.postgresql.org/docs/current/encryption-options.html',
    ],
  },
  needs: ['catalog'],
  uses: ['sample'],

  *detect({ catalog, sample }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const columns = table.columns.filter(
        (column) =>
          !column.inherited &&
          isSecret(column, table, catalog) &&
          // Rows that begin as ciphertexts do.
          !(sample?.predicate(sealedId(column))?.grounds.verdict ?? '').startsWith('holds'),
      )
      if (columns.length > 0) yield { on: table, related: columns, facts: { columns: columns.map(({ name }) => name) } }
    }
  },

  message: ({ on, facts: { columns } }) =>
    `${on} has secrets in ${columns.join(', ')}, and nothing in the database says that they are encrypted or hashed.`,
})

function isSecret(column: Column, table: Table, catalog: Catalog): boolean {
  const name = snakeCase(column)
  const { length } = column.type
  if (!isReadable(column) || SHARED.test(name) || (length !== null && length < SHORTEST)) return false
  if (table.foreignKeys.some(({ columns }) => columns.includes(column))) return false
  if (!SECRET.test(name) && !(BARE.test(name) && HOLDER.test(snakeCase(table)))) return false
  // What a client is known by, beside what proves it.
  if (/api_?key$/.test(name) && table.columns.some((other) => /(?:^|_)secret(?:_key)?$/.test(snakeCase(other))))
    return false
  // Of one payment, which the browser is given.
  const handedOut = rolesOf(catalog).of(table)?.role === 'payment' || /intent|checkout|session/i.test(table.name)
  return !(/client_?secret/.test(name) && handedOut)
}
