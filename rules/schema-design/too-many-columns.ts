import { rule } from '../../src/kit.js'

/** More columns than one person keeps in mind, and far from PostgreSQL's limit of 1,600. */
const MANY = 100

export default rule({
  severity: 'info',
  complexity: 'high',
  docs: {
    summary: `Split a table of more than ${MANY} columns by what is read and written together.`,
    why: 'Every update writes the whole row anew, and every row that is read brings all of its columns into memory; a table that wide usually holds several things, each with a life of its own.',
    bad: `create table everything (id bigint primary key, ${Array.from({ length: MANY }, (_, at) => `c${String.fromCharCode(97 + (at % 26))}${String.fromCharCode(97 + Math.floor(at / 26))} text`).join(', ')});`,
    good: 'create table account (id bigint primary key, name text); create table account_profile (account_id bigint primary key references account, about text);',
    unless: 'It is a table of measurements that are taken together, or an import.',
    references: ['https://www.postgresql.org/docs/current/limits.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign' || table.columns.length <= MANY) continue
      const nullable = table.columns.filter(({ notNull }) => !notNull).length
      yield { on: table, facts: { columns: table.columns.length, nullable } }
    }
  },

  message: ({ on, facts: { columns, nullable } }) =>
    `${on} has ${columns} columns${nullable > columns / 2 ? `, ${nullable} of which may be empty` : ''}.`,
})
