import { addressOf, alteredAlone, rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Put neighbouring changes of one table into one ALTER TABLE.',
    why: 'Each statement takes the lock anew and waits for it; one statement waits once.',
    bad: 'create table invoice (id bigint primary key);\n-- migration\nalter table invoice add column note text;\nalter table invoice add column place text;',
    good: 'create table invoice (id bigint primary key);\n-- migration\nalter table invoice add column note text, add column place text;',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const { statements } of migrations.files) {
      const said = new Set<string>()
      for (const [at, statement] of statements.entries()) {
        const table = alteredAlone(statement, migrations)
        const before = statements[at - 1]
        const same = table && before && alteredAlone(before, migrations)
        if (!table || !same || addressOf(same) !== addressOf(table) || said.has(addressOf(table))) continue
        if (/\b(?:validate|detach|attach)\b/i.test(`${before.sql} ${statement.sql}`)) continue
        said.add(addressOf(table))
        yield {
          on: statement.about(table),
          facts: { table: addressOf(table), line: before.location.line },
          assessment: { tier: 'declared' },
        }
      }
    }
  },

  message: ({ facts: { table, line } }) =>
    `${table} is altered once more, right after line ${line}: one ALTER TABLE can do both.`,
})
