import { rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Take timeouts away before CREATE INDEX CONCURRENTLY.',
    why: 'A concurrent build waits for every transaction that runs, and reads the table twice. When statement_timeout or lock_timeout ends it, an invalid index is left behind that costs every write and serves no query.',
    bad: "create table invoice (id bigint primary key, number text);\n-- migration\nset statement_timeout = '5s';\ncreate index concurrently on invoice (number);",
    good: 'create table invoice (id bigint primary key, number text);\n-- migration\nset statement_timeout = 0;\ncreate index concurrently on invoice (number);',
    references: ['https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      const { parsed, timeouts, failure } = statement
      const builds =
        (parsed?.name === 'IndexStmt' && parsed.node['concurrent'] === true) ||
        (parsed?.name === 'ReindexStmt' && JSON.stringify(parsed.node).includes('"concurrently"'))
      if (!builds || failure || !timeouts) continue
      // Minutes are a bound that someone has thought of.
      const short = (milliseconds: number) => milliseconds > 0 && milliseconds < 60_000
      if (!short(timeouts.statement) && !short(timeouts.lock)) continue
      yield {
        on: statement.about(null),
        facts: { statementTimeout: timeouts.statement, lockTimeout: timeouts.lock },
        assessment: { tier: 'inferred', confidence: 0.9 },
      }
    }
  },

  message: ({ facts: { statementTimeout, lockTimeout } }) =>
    statementTimeout > 0
      ? `The concurrent build is ended after ${statementTimeout / 1000} s (statement_timeout), and leaves an invalid index behind.`
      : `The concurrent build gives up when it waits ${lockTimeout / 1000} s for a transaction (lock_timeout), and leaves an invalid index behind.`,

  advice: () => 'SET statement_timeout = 0 and lock_timeout = 0 before it, and drop the invalid index if it fails.',
})
