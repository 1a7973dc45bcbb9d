import { addressOf, describeSize, rule, sizeOf } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Do not empty a table in a migration.',
    why: 'TRUNCATE takes every row away at once, with those of the tables that it cascades to, and no down migration brings them back.',
    bad: 'create table invoice (id bigint primary key);\n-- migration\ntruncate invoice;',
    good: 'create table invoice (id bigint primary key);\n-- migration\ncreate table staging (id bigint);\ntruncate staging;',
    unless: 'The rows can be made again, as those of a cache can.',
    references: ['https://www.postgresql.org/docs/current/sql-truncate.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements())
      for (const table of statement.emptied) {
        const size = sizeOf(migrations, [table])
        if (size.rows === 0 || table.kind !== 'table' || table.partitionOf !== null) continue
        yield {
          on: statement.about(table),
          facts: {
            table: addressOf(table),
            cascades: !statement.sql.toLowerCase().includes(table.name.toLowerCase()),
            rows: size.rows,
            bytes: size.bytes,
          },
          assessment: { tier: statement.basis },
        }
      }
  },

  message: ({ facts: { table, cascades, ...size } }) =>
    `All rows of ${table} (${describeSize(size)}) are taken away${cascades ? ', by CASCADE' : ''}.`,
})
