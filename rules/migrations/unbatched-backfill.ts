import { addressOf, describeSize, isAtLeast, rowChangeOf, rule, sizeOf } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Change many rows in batches that commit one by one.',
    why: 'One UPDATE of a whole table locks each row that it has touched until it ends, doubles the table on disk, floods replicas with write-ahead log, and starts over if it fails.',
    bad: "create table invoice (id bigint primary key, currency text);\n-- migration\nupdate invoice set currency = 'EUR' where currency is null;",
    good: "create table invoice (id bigint primary key, currency text);\n-- migration\nupdate invoice set currency = 'EUR' where id in (select id from invoice where currency is null limit 1000);",
    unless: 'The table is small.',
    references: ['https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    const said = new Set<string>()
    for (const statement of migrations.statements()) {
      const change = rowChangeOf(statement)
      if (!change || change.bounded || change.relation.persistence === 't') continue
      // Under a lock it is worse, and another rule's.
      if (statement.holds.some(({ mode }) => isAtLeast(mode, 'SHARE ROW EXCLUSIVE'))) continue
      const size = sizeOf(migrations, [change.relation])
      const key = `${statement.migration.file} ${change.relation.oid}`
      if (size.weight === 'small' || said.has(key)) continue
      said.add(key)
      const statements = statement.migration.statements.filter((other) => {
        const another = rowChangeOf(other)
        return another && !another.bounded && another.relation.oid === change.relation.oid
      })
      yield {
        on: statement.about(change.relation),
        facts: {
          table: addressOf(change.relation),
          verb: change.verb,
          statements: statements.length,
          rows: size.rows,
          bytes: size.bytes,
        },
        assessment: { tier: statement.basis, ...(size.weight === 'large' ? { severity: 'warning' } : {}) },
      }
    }
  },

  message: ({ facts: { table, verb, statements, ...size } }) =>
    statements === 1
      ? `One ${verb === 'update' ? 'UPDATE' : 'DELETE'} changes rows of ${table} (${describeSize(size)}) without a bound.`
      : `${statements} statements change rows of ${table} (${describeSize(size)}) without a bound.`,
})
