import { indexMadeIfMissing, nameOfRelation, rule, addressOf } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Drop what a failed concurrent build left before building once more.',
    why: 'A concurrent build that fails leaves an invalid index under its name. With IF NOT EXISTS the next run finds the name, does nothing and succeeds: the index is never used, and every write keeps it up.',
    bad: 'create table invoice (id bigint primary key, number text);\n-- migration\ncreate index concurrently if not exists invoice_number on invoice (number);',
    good: 'create table invoice (id bigint primary key, number text);\n-- migration\ndrop index concurrently if exists invoice_number;\ncreate index concurrently if not exists invoice_number on invoice (number);',
    unless: 'Something else looks for invalid indexes.',
    references: ['https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    const said = new Set<string>()
    for (const statement of migrations.statements()) {
      const index = indexMadeIfMissing(statement)
      const relation = index && nameOfRelation(statement.parsed?.node['relation'], migrations)
      const { migration, index: place } = statement
      if (!index || !relation || said.has(migration.file)) continue
      const drops = new RegExp(`\\bdrop\\s+index\\b[^;]*${index.name}|\\bindisvalid\\b`, 'i')
      if (migration.statements.slice(0, place).some(({ sql }) => drops.test(sql))) continue
      said.add(migration.file)
      yield {
        on: statement.about(relation),
        facts: { table: addressOf(relation), index: index.name },
        assessment: { tier: 'declared' },
      }
    }
  },

  message: ({ facts: { table, index } }) =>
    `If ${index} on ${table} fails to build, the next run takes the invalid index for the right one, because of IF NOT EXISTS.`,

  advice: ({ facts: { index } }) =>
    `DROP INDEX CONCURRENTLY IF EXISTS ${index} before it, and leave IF NOT EXISTS out.`,
})
