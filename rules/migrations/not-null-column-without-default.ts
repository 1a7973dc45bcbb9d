import { addressOf, alterationsOf, describeSize, foldPartitions, rule, sizeOf, rowChangeOf } from '../../src/kit.js'

export default rule({
  severity: 'error',
  docs: {
    summary: 'Give a NOT NULL column a default when the table may hold rows.',
    why: 'ADD COLUMN … NOT NULL without a default fails as soon as the table holds one row, and the release stops there: it works on the empty database of a test alone.',
    bad: 'create table invoice (id bigint primary key);\n-- migration\nalter table invoice add column currency text not null;',
    good: "create table invoice (id bigint primary key);\n-- migration\nalter table invoice add column currency text not null default 'EUR';",
    unless: 'The table is empty.',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    const emptied = new Set<number>()
    for (const statement of migrations.statements()) {
      for (const { oid } of statement.emptied) emptied.add(oid)
      const change = rowChangeOf(statement)
      if (change?.verb === 'delete' && change.whole) emptied.add(change.relation.oid)
      const unfilled = alterationsOf(statement).filter(
        ({ before, addedColumns }) =>
          before.kind !== 'view' && !emptied.has(before.oid) && addedColumns.some(isUnfilled),
      )
      for (const { table, parts } of foldPartitions(
        statement,
        unfilled.map(({ before }) => before),
      )) {
        const size = sizeOf(migrations, parts)
        if (size.rows === 0) continue
        const columns = unfilled
          .filter(({ before }) => before.oid === parts[0]!.oid)
          .flatMap(({ addedColumns }) => addedColumns.filter(isUnfilled).map(({ name }) => name))
        yield {
          on: statement.about(table, columns),
          facts: { table: addressOf(table), columns, rows: size.rows, bytes: size.bytes },
          assessment: { tier: statement.basis },
        }
      }
    }
  },

  message: ({ facts: { table, columns, rows, bytes } }) =>
    rows === null
      ? `${columns.join(', ')} ${areOrIs(columns)} NOT NULL without a default: the statement fails if ${table} holds any row.`
      : `${columns.join(', ')} ${areOrIs(columns)} NOT NULL without a default: the statement fails, since ${table} holds ${describeSize({ rows, bytes })}.`,

  advice: () => 'Add the column with a default, or without NOT NULL first; fill it in batches, then set NOT NULL.',
})

function areOrIs(columns: readonly string[]): string {
  return columns.length === 1 ? 'is' : 'are'
}

function isUnfilled(column: { notNull: boolean; default: string | null; identity: boolean; generated: string | null }) {
  return column.notNull && column.default === null && !column.identity && column.generated === null
}
