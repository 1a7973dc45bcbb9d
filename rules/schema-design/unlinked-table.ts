import { rule, type Table } from '../../src/kit.js'

/** A schema with fewer foreign keys does without them on purpose. */
const FEWEST_FOREIGN_KEYS = 5

/** A share above which the schema does without, too. */
const MOST_UNLINKED = 1 / 3

const BOOKKEEPING = /migration|schema_(?:version|info)|flyway|alembic|databasechangelog|ar_internal_metadata/i

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Link each table to what it is about, or say in a comment why it stands alone.',
    why: 'A table with no foreign key in or out is either left over or holds references that nothing checks.',
    bad: `create table a (id bigint primary key); ${[1, 2, 3, 4, 5].map((at) => `create table a_part_${'abcde'[at - 1]} (id bigint primary key, a_id bigint references a);`).join(' ')} create table leftover (id bigint primary key, a_number text);`,
    good: 'create table account (id bigint primary key); create table note (id bigint primary key, account_id bigint references account);',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    if (catalog.foreignKeys().filter(({ inherited }) => !inherited).length < FEWEST_FOREIGN_KEYS) return
    const tables = catalog.tables.filter(({ partitionOf, variety }) => !partitionOf && variety !== 'foreign')
    const unlinked = tables.filter((table) => !isLinked(table))
    if (unlinked.length > tables.length * MOST_UNLINKED) return
    for (const table of unlinked) {
      if (table.comment || BOOKKEEPING.test(table.name)) continue
      yield { on: table, facts: {} }
    }
  },

  message: ({ on }) => `${on} is linked to no other table.`,
})

function isLinked({ foreignKeys, referencedBy, inherits, partitions }: Table): boolean {
  return foreignKeys.length + referencedBy.length + inherits.length > 0 || partitions.some(isLinked)
}
