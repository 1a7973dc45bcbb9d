import { rule, runApart, sharesTransaction } from '../../src/kit.js'

const REASONS: Readonly<Record<string, string>> = {
  '25001': 'cannot run inside a transaction block',
  '55P04': 'uses an enum value that the same transaction adds',
  '55006': 'changes a table whose rows the same transaction changed, with trigger events pending',
}

export default rule({
  severity: 'error',
  docs: {
    summary: 'Run outside a transaction what cannot run inside one.',
    why: 'CREATE INDEX CONCURRENTLY and its like, and statements that use an enum value added in the same transaction, fail where they stand, and the release stops there.',
    bad: 'create table invoice (id bigint primary key, number text);\n-- migration\nbegin;\ncreate index concurrently on invoice (number);\ncommit;',
    good: 'create table invoice (id bigint primary key, number text);\n-- migration\ncreate index concurrently on invoice (number);',
    references: ['https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      const { failure, failed, openedBy, migration } = statement
      if (!failure || failed || !(failure.code in REASONS)) continue
      // What has to come first in its transaction comes behind our own savepoint.
      if (/^(?:VariableSetStmt|TransactionStmt)$/.test(statement.parsed?.name ?? '')) continue
      yield {
        on: statement.about(null),
        facts: {
          code: failure.code,
          message: failure.message,
          words: statement.sql.trim().split(/\s+/).slice(0, 3).join(' '),
          openedBy: openedBy ?? 'script',
          tool: migration.layout,
          shared: sharesTransaction(statement),
        },
        assessment: { tier: 'observed' },
      }
    }
  },

  message: ({ facts: { code, words, openedBy, tool } }) => {
    const reason = REASONS[code] ?? 'fails'
    const who = openedBy === 'runner' ? `the transaction that ${tool} opens` : 'the transaction that the script opens'
    return `The statement «${words} …» fails in ${who}: it ${reason}.`
  },

  advice: ({ facts: { code, shared } }) =>
    code === '25001'
      ? 'Put it into a migration of its own that runs without a transaction.'
      : code === '55P04'
        ? shared
          ? 'Release the migration that adds the value before the one that uses it: all pending files run in one transaction.'
          : 'Add the value in a migration before the one that uses it.'
        : 'Change the rows and the table in different transactions.',

  fix: ({ on, facts: { code } }) =>
    code === '25001' && on.statement.parsed?.name === 'IndexStmt'
      ? runApart(on.statement.sql, { phase: 'expand', transactional: false, lock: 'SHARE UPDATE EXCLUSIVE' })
      : [],
})
