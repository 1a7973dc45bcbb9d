import { nameOfRelation, rule } from '../../src/kit.js'

export default rule({
  severity: 'error',
  docs: {
    summary: 'Build the index of a partitioned table partition by partition.',
    why: 'CREATE INDEX CONCURRENTLY fails on a partitioned table, and the release stops there.',
    bad: 'create table usage (id bigint, at date) partition by range (at);\n-- migration\ncreate index concurrently usage_at on usage (at);',
    good: 'create table usage (id bigint, at date) partition by range (at);\n-- migration\ncreate index usage_at on only usage (at);',
    references: ['https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      const { parsed, failure } = statement
      if (failure?.code !== '0A000' || !/concurrently/i.test(failure.message)) continue
      const table = nameOfRelation(parsed?.node['relation'], migrations)
      if (parsed?.name === 'IndexStmt')
        yield {
          on: statement.about(table),
          facts: { table: table ? `${table.schema}.${table.name}` : 'the table' },
          assessment: { tier: 'observed' },
        }
    }
  },

  message: ({ facts: { table } }) => `CREATE INDEX CONCURRENTLY fails: ${table} is partitioned.`,

  advice: () =>
    'Create the index on ONLY the partitioned table, CONCURRENTLY on each partition, and attach them; the parent’s becomes valid with the last.',
})
