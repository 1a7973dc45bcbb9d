import { addressOf, isAtLeast, rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Bound how long a statement may hold a strong lock.',
    why: 'lock_timeout bounds the wait for the lock; statement_timeout bounds the time that everybody else then waits.',
    bad: "create table invoice (id bigint primary key);\n-- migration\nset lock_timeout = '2s';\nalter table invoice add column note text;",
    good: "create table invoice (id bigint primary key);\n-- migration\nset statement_timeout = '10s';\nalter table invoice add column note text;",
    references: ['https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-STATEMENT-TIMEOUT'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    const holding = [...migrations.statements()].flatMap((statement) => {
      const taken = statement.holds.find(
        ({ relation, mode, taken }) => taken && relation.kind.endsWith('table') && isAtLeast(mode, 'SHARE'),
      )
      return taken && (statement.timeouts?.statement ?? 0) === 0 ? [{ statement, table: taken.relation }] : []
    })
    const [first] = holding
    if (!first) return
    yield {
      on: first.statement.about(first.table),
      facts: { table: addressOf(first.table), statements: holding.length },
      assessment: { tier: first.statement.basis },
    }
  },

  message: ({ facts: { table, statements } }) =>
    `${table} is locked without statement_timeout${statements > 1 ? `, as in ${statements - 1} more statements` : ''}.`,
})
