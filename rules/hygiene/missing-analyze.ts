import { addressOf, analyzedBy, rowChangeOf, rule, sizeOf } from '../../src/kit.js'

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'ANALYZE a table after its rows were changed on a large scale.',
    why: 'Until autovacuum comes by, the planner counts with what was there before, and chooses plans for it.',
    bad: "create table invoice (id bigint primary key, note text);\n-- migration\nupdate invoice set note = '-' where note is null;",
    good: "create table invoice (id bigint primary key, note text);\n-- migration\nupdate invoice set note = '-' where note is null;\nanalyze invoice;",
    unless: 'The column is in no condition.',
    references: ['https://www.postgresql.org/docs/current/sql-analyze.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    const all = [...migrations.statements()]
    const said = new Set<number>()
    for (const [at, statement] of all.entries()) {
      const change = rowChangeOf(statement)
      if (!change || change.bounded || said.has(change.relation.oid)) continue
      const analyzed = all.slice(at + 1).flatMap((later) => {
        const tables = analyzedBy(later)
        return tables === null ? [] : [tables.length === 0 || tables.includes(change.relation.name)]
      })
      if (analyzed.includes(true) || sizeOf(migrations, [change.relation]).weight === 'small') continue
      said.add(change.relation.oid)
      yield {
        on: statement.about(change.relation),
        facts: { table: addressOf(change.relation) },
        assessment: { tier: statement.basis },
      }
    }
  },

  message: ({ facts: { table } }) => `The rows of ${table} change, and no ANALYZE follows.`,
})
