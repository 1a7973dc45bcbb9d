import { failsWhenRepeated, rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Let a script that is no transaction be run again from its beginning.',
    why: 'When its third statement fails, the first two are done. Without IF [NOT] EXISTS the next run fails at the first.',
    bad: '-- migration\ncreate table invoice (id bigint primary key);\ncreate table payment (id bigint primary key);',
    good: '-- migration\ncreate table if not exists invoice (id bigint primary key);\ncreate table if not exists payment (id bigint primary key);',
    unless: 'IF NOT EXISTS would hide that something else of that name is there.',
    references: ['https://www.postgresql.org/docs/current/sql-createtable.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const { statements, name } of migrations.files) {
      const outside = statements.filter(({ openedBy, parsed }) => openedBy === null && parsed !== null)
      const last = outside.at(-1)
      const [first, ...more] = outside.filter((statement) => statement !== last && failsWhenRepeated(statement))
      if (!first) continue
      yield {
        on: first.about(null),
        facts: { name, statements: 1 + more.length },
        assessment: { tier: 'declared' },
      }
    }
  },

  message: ({ facts: { name, statements } }) =>
    `${name} is no transaction, and ${statements === 1 ? 'a statement' : `${statements} statements`} of it would fail in a second run.`,

  advice: () => 'Say IF NOT EXISTS or IF EXISTS, or put the statements into a transaction.',
})
