import { addressOf, burdensOf, alterationsOf, blocks, describeSize, isAboutRows, rule } from '../../src/kit.js'
import type { MigrationStatement } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Do not read a whole table while others wait for it.',
    why: 'A statement that reads every row keeps its lock meanwhile, and the locks that its transaction took before.',
    bad: 'create domain amount as numeric; create table invoice (id bigint primary key, total amount);\n-- migration\nalter domain amount add constraint positive check (value >= 0);',
    good: 'create domain amount as numeric; create table invoice (id bigint primary key, total amount);\n-- migration\nalter domain amount add constraint positive check (value >= 0) not valid;',
    unless: 'The table is small, or nobody uses it while the migration runs.',
    references: ['https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      if (/^(?:Cluster|Reindex)Stmt$/.test(statement.parsed?.name ?? '')) continue
      if (isAboutRows(statement) || statement.rewritten.length + statement.emptied.length > 0) continue
      const unexplained = statement.scanned.filter(
        (relation) =>
          relation.kind === 'table' && blocks(statement, relation) !== null && !isExplained(statement, relation.oid),
      )
      for (const { table, parts, size, blocked, weight } of burdensOf(migrations, statement, unexplained)) {
        yield {
          on: statement.about(table),
          facts: {
            table: addressOf(table),
            rows: size.rows,
            bytes: size.bytes,
            blocked,
            indexes: statement.rebuiltIndexes.filter(({ relation }) => relation.oid === parts[0]!.oid).length,
            becomesZoned: becomesZoned(statement, parts[0]!.oid),
          },
          assessment: { tier: statement.basis, ...weight },
        }
      }
    }
  },

  message: ({ facts: { table, blocked, indexes, becomesZoned, ...size } }) => {
    const meanwhile = blocked === 'reads' ? 'nobody reads or writes it' : 'nobody writes to it'
    const why = indexes > 0 ? `, to build ${indexes === 1 ? 'an index' : `${indexes} indexes`} again` : ''
    const zone = becomesZoned ? ' Where TimeZone is not UTC, the table is written anew as well.' : ''
    return `Every row of ${table} (${describeSize(size)}) is read${why} while ${meanwhile}.${zone}`
  },
})

/** A timestamp becomes one with time zone, which changes no byte where TimeZone is UTC. */
function becomesZoned(statement: MigrationStatement, oid: number): boolean {
  return alterationsOf(statement).some(
    ({ before, changedColumns }) =>
      before.oid === oid &&
      changedColumns.some(
        (column) =>
          /^timestamp.* without time zone$/.test(column.before.type) && column.after.type.endsWith(' with time zone'),
      ),
  )
}

/** Other rules say why the table is read. */
function isExplained(statement: MigrationStatement, oid: number): boolean {
  if (/"AT_AttachPartition"|"partbound"/.test(JSON.stringify(statement.parsed?.node ?? null))) return true
  return alterationsOf(statement).some(
    ({ before, addedConstraints, validatedConstraints, addedIndexes, addedColumns, changedColumns }) =>
      before.oid === oid &&
      (addedConstraints.length > 0 ||
        validatedConstraints.length > 0 ||
        addedIndexes.length > 0 ||
        addedColumns.some(({ notNull }) => notNull) ||
        changedColumns.some((column) => column.after.notNull && !column.before.notNull)),
  )
}
