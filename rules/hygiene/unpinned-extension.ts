import { extensionMadeBy, rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Name the version of an extension.',
    why: 'Without one each server takes its own default, and the same migrations make different functions.',
    bad: '-- migration\ncreate extension plpgsql;',
    good: "-- migration\ncreate extension if not exists plpgsql version '1.0';",
    unless: 'The provider decides about versions.',
    references: ['https://www.postgresql.org/docs/current/sql-createextension.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      const made = extensionMadeBy(statement)
      if (made && !made.pinned)
        yield { on: statement.about(null), facts: { name: made.name }, assessment: { tier: 'declared' } }
    }
  },

  message: ({ facts: { name } }) => `The extension ${name} is made in whatever version the server has.`,
})
