import {
  addThenValidate,
  soleAlteration,
  addressOf,
  burdensOf,
  alterationsOf,
  describeSize,
  rule,
} from '../../src/kit.js'
import type { MigrationStatement, RelationState } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Add a constraint to a filled table as NOT VALID, and validate it in a transaction of its own.',
    why: 'Adding a CHECK or a foreign key at once reads every row while nobody reads (CHECK) or writes (foreign key) the table. NOT VALID takes the lock for an instant, and VALIDATE reads the rows while everybody goes on.',
    bad: 'create table invoice (id bigint primary key, total numeric);\n-- migration\nalter table invoice add constraint invoice_total check (total >= 0);',
    good: 'create table invoice (id bigint primary key, total numeric);\n-- migration\nalter table invoice add constraint invoice_total check (total >= 0) not valid;\nalter table invoice validate constraint invoice_total;',
    unless: 'The table is small, or nobody uses it while the migration runs.',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      const rewritten = new Set(statement.rewritten.map(({ oid }) => oid))
      const checked = alterationsOf(statement).filter(
        ({ before, after, addedConstraints }) =>
          before.kind === 'table' &&
          before.partitionOf === after.partitionOf &&
          !rewritten.has(before.oid) &&
          addedConstraints.some(
            ({ type, validated }) =>
              validated && (type === 'foreign key' || (type === 'check' && isRead(statement, before))),
          ),
      )
      for (const { table, parts, size, blocked, weight } of burdensOf(
        migrations,
        statement,
        checked.map(({ before }) => before),
      )) {
        const [added] = checked
          .filter(({ before }) => before.oid === parts[0]!.oid)
          .flatMap(({ addedConstraints }) =>
            addedConstraints.filter(({ type }) => type === 'check' || type === 'foreign key'),
          )
        const references = statement.changes.find(({ before }) => before.oid === added?.references)
        yield {
          on: statement.about(table),
          facts: {
            table: addressOf(table),
            rows: size.rows,
            bytes: size.bytes,
            blocked,
            constraint: added?.name ?? '',
            type: added?.type ?? 'check',
            referenced: references ? addressOf(references.before) : null,
          },
          assessment: { tier: statement.basis, ...weight },
        }
      }
    }
  },

  message: ({ facts: { table, blocked, constraint, type, referenced, ...size } }) => {
    const both = referenced && referenced !== table ? ` or ${referenced}` : ''
    const waits = blocked === 'reads' ? `nobody reads or writes it` : `nobody writes to it${both}`
    return `${constraint} (${type}) is added at once: every row of ${table} (${describeSize(size)}) is read while ${waits}.`
  },

  advice: ({ facts: { constraint } }) => `Add ${constraint} as NOT VALID, and VALIDATE it in a later transaction.`,

  fix: ({ on }) => {
    const altered = soleAlteration(on.statement)
    const [constraint, second] = altered?.addedConstraints ?? []
    const more = (altered?.addedColumns.length ?? 0) + (altered?.droppedConstraints.length ?? 0)
    return altered && constraint && !second && more === 0 ? addThenValidate(altered.after, constraint) : []
  },
})

/** Of an empty table a foreign key's check may read only the other one, so that seeing nothing tells nothing there. */
function isRead({ scanned }: MigrationStatement, { oid }: RelationState): boolean {
  return scanned.some((relation) => relation.oid === oid)
}
