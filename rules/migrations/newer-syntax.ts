import { newestSyntax, rule } from '../../src/kit.js'

export default rule({
  severity: 'error',
  docs: {
    summary: 'Write migrations for the version that production runs.',
    why: 'What a newer PostgreSQL has brought is a syntax error on an older one: the migration passes on the developer’s server and fails at the release.',
    bad: '-- version: 14\ncreate table invoice (id bigint primary key, number text);\n-- migration\nalter table invoice add unique nulls not distinct (number);',
    good: '-- version: 15\ncreate table invoice (id bigint primary key, number text);\n-- migration\nalter table invoice add unique nulls not distinct (number);',
    unless: 'Production is upgraded before the migration runs.',
    references: ['https://www.postgresql.org/docs/release/'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    const version = Math.floor(migrations.before.serverVersion / 10_000)
    for (const statement of migrations.statements()) {
      const news = newestSyntax(statement.sql)
      if (!news || news.since <= version) continue
      yield { on: statement.about(null), facts: { ...news, version }, assessment: { tier: 'declared' } }
    }
  },

  message: ({ facts: { what, since, version } }) =>
    `PostgreSQL ${version} does not know ${what}, which came with ${since}: the statement fails there.`,
})
