import { rule, type Column } from '../../src/kit.js'

/** A name that says that it is a password, and one that says it is readable. */
const PASSWORD =
  /^(?:user_?|account_?|login_?|admin_?)?(?:password|passwd|pwd|passwort|kennwort|mot_de_passe|contrasena|senha)$/
const READABLE =
  /(?:^|_)(?:(?:plain|clear)(?:_?text)?_?(?:password|passwd|pwd)|(?:password|passwd|pwd)_?(?:plain|clear)(?:_?text)?)$/
/** The shortest digest in hexadecimal, MD5's. */
const SHORTEST_HASH = 32

export default rule({
  severity: 'error',
  tier: 'inferred',
  complexity: 'medium',
  docs: {
    summary: 'Store a salted, slow hash of a password (argon2id, bcrypt, scrypt), never the password.',
    why: 'Whoever reads the table, a dump or a replica has the passwords, which their owners use elsewhere too.',
    bad: 'create table account (id bigint primary key, login text not null, password varchar(20) not null);',
    good: 'create table account (id bigint primary key, login text not null, password_hash text not null);',
    unless: 'It is not a person’s password but a code that is meant to be read.',
    references: ['https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const column of table.columns) {
        if (column.inherited || !['text', 'varchar', 'bpchar'].includes(column.type.name)) continue
        const length = column.type.length
        const readable = READABLE.test(snake(column))
        if (readable || (PASSWORD.test(snake(column)) && length !== null && length < SHORTEST_HASH))
          yield { on: column, facts: { length: readable ? null : length } }
      }
    }
  },

  message: ({ on, facts: { length } }) =>
    length === null
      ? `${on} holds passwords in clear, as its name says.`
      : `${on} has room for ${length} characters, which holds a password but no hash of one.`,
})

function snake({ name }: Column): string {
  return name.replaceAll(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase()
}
