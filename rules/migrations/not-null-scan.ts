import {
  setNotNullByCheck,
  soleAlteration,
  addressOf,
  burdensOf,
  alterationsOf,
  describeSize,
  rule,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Have a CHECK validated before SET NOT NULL, so that no row is read under the strong lock.',
    why: 'SET NOT NULL reads every row under ACCESS EXCLUSIVE. A validated CHECK (column IS NOT NULL) proves the same, and reading its rows keeps nobody out.',
    bad: 'create table invoice (id bigint primary key, total numeric);\n-- migration\nalter table invoice alter column total set not null;',
    good: 'create table invoice (id bigint primary key, total numeric);\n-- migration\nalter table invoice add constraint total_filled check (total is not null) not valid;\nalter table invoice validate constraint total_filled;\nalter table invoice alter column total set not null;\nalter table invoice drop constraint total_filled;',
    unless: 'The table is small, or nobody uses it while the migration runs.',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      const rewritten = new Set(statement.rewritten.map(({ oid }) => oid))
      const tightened = alterationsOf(statement).filter(
        ({ before, changedColumns, addedConstraints }) =>
          !rewritten.has(before.oid) &&
          statement.scanned.some(({ oid }) => oid === before.oid) &&
          changedColumns.some((column) => becomesNotNull(column)) &&
          // A primary key makes its columns NOT NULL by itself.
          !addedConstraints.some(({ type }) => type === 'primary key'),
      )
      for (const { table, parts, size, weight } of burdensOf(
        migrations,
        statement,
        tightened.map(({ before }) => before),
        () => 'reads',
      )) {
        const columns = tightened
          .filter(({ before }) => before.oid === parts[0]!.oid)
          .flatMap(({ changedColumns }) => changedColumns.filter(becomesNotNull).map(({ after }) => after.name))
        yield {
          on: statement.about(table, columns),
          facts: { table: addressOf(table), columns, rows: size.rows, bytes: size.bytes },
          assessment: { tier: statement.basis, ...weight },
        }
      }
    }
  },

  message: ({ facts: { table, columns, ...size } }) =>
    `SET NOT NULL on ${columns.join(', ')} reads every row of ${table} (${describeSize(size)}) while nobody reads or writes it.`,

  advice: ({ facts: { columns } }) =>
    `Add CHECK (${columns[0]} IS NOT NULL) NOT VALID, validate it in a later transaction, then SET NOT NULL, and drop the CHECK.`,

  fix: ({ on }) => {
    const altered = soleAlteration(on.statement)
    const [column, second] = altered?.changedColumns ?? []
    return altered && column && !second ? setNotNullByCheck(altered.after, column.after.name) : []
  },
})

function becomesNotNull({
  before,
  after,
}: {
  readonly before: { readonly notNull: boolean }
  readonly after: { readonly notNull: boolean }
}) {
  return after.notNull && !before.notNull
}
