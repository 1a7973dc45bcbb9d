import { addressOf, describeSize, isAtLeast, lockCommandOf, rule } from '../../src/kit.js'
import type { TableStatistics } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Let statements take the locks that they need.',
    why: 'LOCK TABLE keeps others out from the first statement of the transaction to its last, also where the statements would have let them go on.',
    bad: 'create table invoice (id bigint primary key);\n-- migration\nbegin;\nlock table invoice;\nupdate invoice set id = id where id = 1;\ncommit;',
    good: 'create table invoice (id bigint primary key);\n-- migration\nbegin;\nlock table invoice in share update exclusive mode;\ncommit;',
    unless: 'The transaction must see no change between its statements, and ends at once.',
    references: ['https://www.postgresql.org/docs/current/sql-lock.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      const asked = lockCommandOf(statement, migrations)
      if (!asked || !isAtLeast(asked.mode, 'SHARE')) continue
      for (const relation of asked.relations) {
        const counted = migrations.statisticsOf(relation)
        if (counted?.liveRows === 0) continue
        const { together } = statement
        const behind = together.slice(together.indexOf(statement) + 1)
        yield {
          on: statement.about(relation),
          facts: {
            table: addressOf(relation),
            mode: asked.mode,
            statements: behind.filter(({ parsed }) => parsed?.name !== 'TransactionStmt').length,
            ...sizeFacts(counted),
          },
          assessment: { tier: statement.basis },
        }
      }
    }
  },

  message: ({ facts: { table, mode, statements, ...size } }) =>
    `LOCK TABLE keeps ${mode === 'ACCESS EXCLUSIVE' ? 'everybody' : 'all writers'} out of ${table} (${describeSize(size)}) while ${statements === 1 ? 'the next statement runs' : `${statements} more statements run`}.`,
})

function sizeFacts(counted: TableStatistics | undefined) {
  return { rows: counted ? Math.max(counted.rows ?? 0, counted.liveRows) : null, bytes: counted?.sizeBytes ?? null }
}
