import type { Column, Table } from '../evidence/catalog/model.js'
import { columnsIn } from '../evidence/catalog/expression.js'
import { remember, rememberFor } from '../evidence/remember.js'
import { checksOf } from './conditions.js'

/** Values that cannot be read, or only a part that gives nothing away. */
const UNREADABLE =
  /(?:^|_)(?:hash(?:ed)?|digest|sha(?:1|256|512)?|encrypted|enc|crypt(?:ed)?|cipher(?:text)?|sealed|masked|redacted|truncated|obfuscated|fingerprint|token(?:ized|ised)|last_?(?:4|four|digits?)|prefix|suffix|hint|preview|verschluesselt\w*|gehasht|maskiert|cifrad[oa]|criptografad[oa]|mascarad[oa]|chiffre\w*|masque\w*)(?:_|$)/
const SAID = /hash|digest|encrypt|cipher|\bkms\b|vault|tokeni[sz]ed|verschl(?:ü|ue)ssel|cifrad|criptograf|chiffr/i
/** What stands beside a value that was encrypted by the application. */
const BESIDE =
  /(?:^|_)(?:nonce|iv|initialization_vector|auth_tag|kms_key(?:_id)?|encryption_key_id|key_version|dek|wrapped_key|data_key|(?:\w+_)?salt)$/

/** How values begin that libraries and services have encrypted, as a regular expression of PostgreSQL. */
export const CIPHERTEXT = String.raw`^(vault:v[0-9]+:|enc:|ENC\[|gAAAA|v[0-9]+[.:][A-Za-z0-9+/_=-]{16}|AQICAH|ENCRYPTED|-----BEGIN PGP|[{]"p":|[$](2[aby]|argon2|scrypt|pbkdf2))`

/** The name in lower case with one underscore between its words. */
export function snakeCase({ name }: Pick<Column, 'name'>): string {
  return writtenSnake(name)
}

const writtenSnake = remember(50_000, (name) =>
  name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^a-z\d]+/g, '_'),
)

/** Columns beside which a value is one that the application has encrypted. */
const sealsOf = rememberFor(({ columns }: Table) => columns.filter((column) => BESIDE.test(snakeCase(column))))

/** Whether the catalog lets it appear that a text is stored as it is: no name, comment, type or neighbour says that it is encrypted, hashed or cut. */
export function isReadable(column: Column): boolean {
  const { type, table, comment, generated } = column
  if (!/^(?:text|varchar|bpchar|citext)$/.test(type.name) || type.category !== 'base' || generated) return false
  const names = [snakeCase(column), ...(type.domain ? [snakeCase(type.domain)] : [])]
  if (names.some((name) => UNREADABLE.test(name)) || SAID.test(comment ?? '')) return false
  return !isSealedBeside(table, column) && !isHexOnly(column)
}

/** Identity of the proposition that values of the column are ciphertexts. */
export function sealedId(column: Column): string {
  return `sealed ${column.address}`
}

function isSealedBeside(table: Table, own: Column): boolean {
  return sealsOf(table).some((column) => column !== own)
}

/** A CHECK wants the digits of a digest. */
function isHexOnly(column: Column): boolean {
  return checksOf(column.table).some(
    (check) =>
      columnsIn(check).includes(column.name) && /\[(?:0-9a-f|a-f0-9|0-9A-F|\\da-f)/.test(JSON.stringify(check)),
  )
}
