import { rule } from '../../src/kit.js'

const FEWEST_TABLES = 5
const MAJORITY = 0.8

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Comment each table where the others are commented.',
    why: 'Where nearly every table says what it is for, the silent one is the one that was added in a hurry.',
    bad: `create table a (id bigint primary key); comment on table a is 'A'; create table b (id bigint primary key); comment on table b is 'B'; create table c (id bigint primary key); comment on table c is 'C'; create table d (id bigint primary key); comment on table d is 'D'; create table e (id bigint primary key);`,
    good: `create table a (id bigint primary key); comment on table a is 'A'; create table b (id bigint primary key);`,
    references: ['https://www.postgresql.org/docs/current/sql-comment.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const schema of catalog.schemas) {
      const tables = catalog.tables.filter(
        (table) => table.schema === schema && !table.partitionOf && table.variety !== 'foreign',
      )
      const commented = tables.filter(({ comment }) => comment).length
      if (tables.length < FEWEST_TABLES || commented < tables.length * MAJORITY) continue
      for (const table of tables) if (!table.comment) yield { on: table, facts: { commented, tables: tables.length } }
    }
  },

  message: ({ on, facts: { commented, tables } }) =>
    `${on} has no comment, as ${commented} of ${tables} tables of its schema have.`,
})
