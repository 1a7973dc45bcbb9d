import { rule, subjectOf } from '../../src/kit.js'

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Change the schema and the rows in migrations of their own.',
    why: 'They fail for different reasons and take different times; apart, each can be run again, and the schema is not held up by the rows.',
    bad: "create table invoice (id bigint primary key, note text);\n-- migration\nalter table invoice add column place text;\nupdate invoice set place = '-' where note is null;",
    good: "create table invoice (id bigint primary key, note text);\n-- migration: 001.sql\nalter table invoice add column place text;\n-- migration: 002.sql\nupdate invoice set place = '-' where note is null;",
    references: ['https://www.postgresql.org/docs/current/ddl-alter.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const { statements, name } of migrations.files) {
      const data = statements.find((statement) => subjectOf(statement) === 'data' && statement.holds.length > 0)
      if (!data || !statements.some((statement) => subjectOf(statement) === 'schema')) continue
      yield { on: data.about(null), facts: { name }, assessment: { tier: 'declared' } }
    }
  },

  message: ({ facts: { name } }) => `${name} changes the schema and rows that were there.`,
})
