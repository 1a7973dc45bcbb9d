import { addressOf, alterationsOf, burdensOf, describeSize, rule } from '../../src/kit.js'
import type { Alteration, RelationState } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Do not write a filled table anew under a lock that keeps everybody out.',
    why: 'Some changes copy every row into a new file and build every index again. Until that is done nobody reads or writes the table: minutes for millions of rows, and every request queues behind it.',
    bad: 'create table invoice (id bigint primary key, number integer not null);\n-- migration\nalter table invoice alter column number type bigint;',
    good: 'create table invoice (id bigint primary key, number varchar(20) not null);\n-- migration\nalter table invoice alter column number type varchar(40);',
    unless: 'The table is small, or nobody uses the database while the migration runs.',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      if (/^(?:Vacuum|Cluster)Stmt$/.test(statement.parsed?.name ?? '')) continue
      const copied = statement.rewritten.filter(({ kind }) => kind === 'table')
      const alterations = alterationsOf(statement)
      for (const { table, parts, size, weight } of burdensOf(migrations, statement, copied, () => 'reads')) {
        yield {
          on: statement.about(table),
          facts: {
            table: addressOf(table),
            rows: size.rows,
            bytes: size.bytes,
            because: alterations
              .filter(({ before }) => isOneOf(before, [table, ...parts]))
              .flatMap(reasons)
              .slice(0, 3),
            indexes: statement.rebuiltIndexes.filter(({ relation }) => isOneOf(relation, parts)).length,
          },
          assessment: { tier: statement.basis, ...weight },
        }
      }
    }
  },

  message: ({ facts: { table, because, indexes, ...size } }) => {
    const reason = because.length > 0 ? ` because ${[...new Set(because)].join(', ')}` : ''
    const more = indexes > 0 ? ` and its ${indexes === 1 ? 'index' : `${indexes} indexes`} built again` : ''
    return `${table} (${describeSize(size)}) is written anew${more}${reason}; nobody reads or writes it meanwhile.`
  },

  advice: () =>
    'Add a new column, keep it filled with a trigger, fill old rows in batches, then switch; or run it while nobody uses the table.',
})

function isOneOf(relation: RelationState, relations: readonly RelationState[]): boolean {
  return relations.some(({ oid }) => oid === relation.oid)
}

function reasons({ before, after, addedColumns, changedColumns }: Alteration): readonly string[] {
  const retyped = changedColumns.filter((column) => column.before.type !== column.after.type)
  if (retyped.length > 0)
    return retyped.map((column) => `${column.after.name} changes from ${column.before.type} to ${column.after.type}`)
  if (before.persistence !== after.persistence)
    return [`it becomes ${after.persistence === 'u' ? 'unlogged' : 'logged'}`]
  return addedColumns
    .filter(({ default: value, identity, generated }) => identity || generated === 'stored' || value?.includes('('))
    .map(({ name, generated }) =>
      generated ? `${name} is computed for every row` : `every row gets a value of its own in ${name}`,
    )
}
