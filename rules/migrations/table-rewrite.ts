import { addressOf, foldPartitions, rule } from '../../src/kit.js'

export default rule({
  severity: 'error',
  docs: {
    summary: 'Do not write a filled table anew under a lock that keeps everybody out.',
    why: 'Some changes copy every row into a new file and build every index again. Until that is done nobody reads or writes the table: minutes for millions of rows, and every request queues behind it.',
    bad: 'create table invoice (id bigint primary key, number integer not null);\n-- migration\nalter table invoice alter column number type bigint;',
    good: 'create table invoice (id bigint primary key, number varchar(20) not null);\n-- migration\nalter table invoice alter column number type varchar(40);',
    unless: 'The table is small, or nobody uses the database while the migration runs.',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      const copied = statement.rewritten.filter(({ kind }) => kind === 'table')
      for (const { table, parts } of foldPartitions(statement, copied)) {
        const indexes = statement.rebuiltIndexes.filter(({ relation }) => parts.includes(relation)).length
        yield {
          on: statement.about(table),
          facts: { table: addressOf(table), basis: statement.basis, indexes, partitions: parts.length },
        }
      }
    }
  },

  message: ({ facts: { table, indexes } }) =>
    `${table} is written anew${indexes > 0 ? `, with ${indexes} ${indexes === 1 ? 'index' : 'indexes'}` : ''}, under ACCESS EXCLUSIVE: nobody reads or writes it until that is done.`,
})
