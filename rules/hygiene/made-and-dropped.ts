import { namesMade, rule, tablesDroppedBy } from '../../src/kit.js'

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Do not release a table together with its removal.',
    why: 'What one new migration makes another takes away: nobody will ever use it, and every installation does both.',
    bad: '-- migration: 001.sql\ncreate table draft (id bigint primary key);\n-- migration: 002.sql\ndrop table draft;',
    good: '-- migration: 001.sql\ncreate table draft (id bigint primary key);\n-- migration: 002.sql\nalter table draft add column note text;',
    unless: 'The first was released somewhere already.',
    references: ['https://www.postgresql.org/docs/current/sql-droptable.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    const made = new Map<string, string>()
    for (const migration of migrations.files) {
      for (const statement of migration.statements)
        for (const table of tablesDroppedBy(statement)) {
          const by = made.get(table)
          if (by !== undefined)
            yield { on: statement.about(null), facts: { table, by }, assessment: { tier: 'declared' } }
        }
      for (const table of namesMade(migration)) made.set(table, migration.name)
    }
  },

  message: ({ facts: { table, by } }) => `${table} is dropped, and ${by}, which is new too, has just made it.`,
})
