import { addressOf, describeSize, rule, sizeOf, weighLock } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Give a filled table a validated CHECK that matches its bounds before it is attached as a partition.',
    why: 'ATTACH PARTITION reads every row of the table, and of a DEFAULT partition, under ACCESS EXCLUSIVE, unless a validated constraint already proves that the rows fit.',
    bad: "create table usage (at date not null) partition by range (at); create table usage_2026 (at date not null);\n-- migration\nalter table usage attach partition usage_2026 for values from ('2026-01-01') to ('2027-01-01');",
    good: "create table usage (at date not null) partition by range (at); create table usage_2026 (at date not null);\n-- migration\nalter table usage_2026 add constraint fits check (at >= '2026-01-01' and at < '2027-01-01') not valid;\nalter table usage_2026 validate constraint fits;\nalter table usage attach partition usage_2026 for values from ('2026-01-01') to ('2027-01-01');",
    unless: 'The table is small.',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ATTACH-PARTITION'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      const attaches =
        statement.parsed?.name === 'AlterTableStmt' &&
        JSON.stringify(statement.parsed.node).includes('AT_AttachPartition')
      const creates = statement.parsed?.name === 'CreateStmt' && 'partbound' in statement.parsed.node
      if (!attaches && !creates) continue
      const attached = statement.changes.flatMap(({ before, after }) =>
        before.partitionOf === null && after && after.partitionOf !== null ? [before] : [],
      )
      for (const read of statement.scanned) {
        const size = sizeOf(migrations, [read])
        const weight = weighLock(size, 'reads')
        if (!weight) continue
        yield {
          on: statement.about(read),
          facts: {
            table: addressOf(read),
            rows: size.rows,
            bytes: size.bytes,
            isDefault: !attached.some(({ oid }) => oid === read.oid),
          },
          assessment: { tier: statement.basis, ...weight },
        }
      }
    }
  },

  message: ({ facts: { table, isDefault, ...size } }) =>
    isDefault
      ? `Every row of the default partition ${table} (${describeSize(size)}) is read, while nobody uses it, to see that none belongs to the new partition.`
      : `Every row of ${table} (${describeSize(size)}) is read, while nobody uses it, to see that it fits the partition.`,

  advice: ({ facts: { isDefault } }) =>
    isDefault
      ? 'Give the default partition a validated CHECK that keeps these values out first.'
      : 'Give the table a validated CHECK that matches the bounds first.',
})
