import { addressOf, describeSize, rule, sizeOf } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Put changes that write a table anew into one ALTER TABLE.',
    why: 'Each statement copies every row and builds every index again; in one statement all of them are done in one pass.',
    bad: 'create table invoice (id int primary key, number int);\n-- migration\nalter table invoice alter column id type bigint;\nalter table invoice alter column number type bigint;',
    good: 'create table invoice (id int primary key, number int);\n-- migration\nalter table invoice alter column id type bigint, alter column number type bigint;',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    const firsts = new Map<number, { line: number; file: string }>()
    for (const statement of migrations.statements())
      for (const table of statement.rewritten) {
        if (table.kind !== 'table' || table.partitionOf !== null) continue
        const size = sizeOf(migrations, [table])
        const first = firsts.get(table.oid)
        if (!first) firsts.set(table.oid, { line: statement.location.line, file: statement.migration.name })
        else if (size.weight !== 'small')
          yield {
            on: statement.about(table),
            facts: {
              table: addressOf(table),
              line: first.line,
              file: first.file === statement.migration.name ? null : first.file,
              rows: size.rows,
              bytes: size.bytes,
            },
            assessment: { tier: statement.basis },
          }
      }
  },

  message: ({ facts: { table, line, file, ...size } }) =>
    `${table} (${describeSize(size)}) is written anew once more: ${file ? `${file}, ` : ''}line ${line} has done so already.`,
})
