import { addressOf, alterationsOf, describeSize, rule, sizeOf } from '../../src/kit.js'
import type { MigrationStatement } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Drop a table or column in a release after the one whose code has stopped using it.',
    why: 'The values are gone for good, and instances of the old code go on naming what was dropped until the last one is replaced.',
    bad: 'create table invoice (id bigint primary key, note text);\n-- migration\nalter table invoice drop column note;',
    good: 'create table invoice (id bigint primary key, note text);\n-- migration\ncreate table draft (id bigint, note text);\nalter table draft drop column note;\ndrop table draft;',
    unless: 'Nothing that runs uses it any more, and nobody will ask for the values.',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-COLUMN'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements())
      for (const { relation, columns } of lossesOf(statement)) {
        const size = sizeOf(migrations, [relation])
        if (size.rows === 0) continue
        yield {
          on: statement.about(relation, columns),
          facts: { table: addressOf(relation), columns, rows: size.rows, bytes: size.bytes },
          assessment: {
            tier: statement.basis,
            ...(size.weight === 'large' && columns.length === 0 ? { severity: 'warning' } : {}),
          },
        }
      }
  },

  message: ({ facts: { table, columns, ...size } }) =>
    columns.length === 0
      ? `${table} (${describeSize(size)}) is dropped with all its rows.`
      : `${columns.join(', ')} of ${table} (${describeSize(size)}) ${columns.length === 1 ? 'is' : 'are'} dropped with all values.`,

  advice: () =>
    'See that no running code names it, keep a copy of the values if anybody may ask, and drop it in the release after.',
})

/** Tables that are gone, and columns that are gone from tables that stay; what is computed is no loss. */
function lossesOf(statement: MigrationStatement) {
  const dropped = statement.changes.flatMap(({ before, after }) =>
    after === null && before.kind === 'table' && before.partitionOf === null ? [{ relation: before, columns: [] }] : [],
  )
  const narrowed = alterationsOf(statement).flatMap(({ before, after, droppedColumns }) => {
    const columns = droppedColumns.filter(({ generated }) => generated === null).map(({ name }) => name)
    const isTable = before.kind.endsWith('table') && before.partitionOf === null && after.partitionOf === null
    return isTable && columns.length > 0 ? [{ relation: before, columns }] : []
  })
  return [...dropped, ...narrowed]
}
