import { rule } from '../../src/kit.js'

const WORDS = {
  'begin-in-transaction': 'BEGIN inside a transaction only warns, and the COMMIT behind it ends the outer one.',
  'ends-runner-transaction':
    'The transaction that the tool opened ends here: what follows is committed statement by statement.',
  'end-without-transaction': 'There is no transaction to end here.',
  'local-without-transaction': 'SET LOCAL outside a transaction has no effect.',
  'left-open': 'The transaction that begins here is never committed, so nothing of it stays.',
} as const

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Begin and end transactions where the tool that runs the migration expects it.',
    why: 'PostgreSQL only warns of a transaction command out of place; the migration is then not the unit that it looks like, and fails half-done.',
    bad: "create table invoice (id bigint primary key);\n-- migration\nset local lock_timeout = '2s';\nalter table invoice add column note text;",
    good: "create table invoice (id bigint primary key);\n-- migration\nbegin;\nset local lock_timeout = '2s';\nalter table invoice add column note text;\ncommit;",
    references: [
      'https://www.postgresql.org/docs/current/sql-begin.html',
      'https://www.postgresql.org/docs/current/sql-set.html',
    ],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const { irregularities, statements } of migrations.files) {
      // The script's own BEGIN and COMMIT in a tool's transaction are one mistake.
      const nested = irregularities.some(({ kind }) => kind === 'begin-in-transaction')
      for (const { kind, statement: at } of irregularities) {
        const statement = statements[at]
        if (!statement || (nested && (kind === 'ends-runner-transaction' || kind === 'end-without-transaction')))
          continue
        yield { on: statement.about(null), facts: { kind }, assessment: { tier: 'inferred', confidence: 0.95 } }
      }
    }
  },

  message: ({ facts: { kind } }) => WORDS[kind],
})
