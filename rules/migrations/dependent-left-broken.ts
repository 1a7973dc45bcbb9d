import {
  addressOf,
  type Alteration,
  alterationsOf,
  type Catalog,
  createDependentFinder,
  type MigrationStatement,
  type RelationState,
  rule,
} from '../../src/kit.js'

export default rule({
  severity: 'error',
  docs: {
    summary: 'Change the functions and queries that use a column or table before it is dropped or renamed.',
    why: 'PostgreSQL does not look into function bodies: the drop succeeds, and the function fails when it is called next. So do queries of the application.',
    bad: 'create table invoice (id bigint primary key, total numeric); create function sum_up() returns numeric language plpgsql as $$ begin return (select sum(total) from invoice); end $$;\n-- migration\nalter table invoice drop column total;',
    good: 'create table invoice (id bigint primary key, total numeric); create function sum_up() returns numeric language plpgsql as $$ begin return (select sum(total) from invoice); end $$;\n-- migration\ncreate or replace function sum_up() returns numeric language plpgsql as $$ begin return 0; end $$;\nalter table invoice drop column total;',
    references: ['https://www.postgresql.org/docs/current/ddl-depend.html'],
  },
  needs: ['migrations', 'catalog'],
  uses: ['workload'],

  *detect({ migrations, catalog, workload }) {
    const finder = createDependentFinder(migrations.before, workload)
    for (const statement of migrations.statements())
      for (const { relation, columns } of goneWith(statement)) {
        const broken = finder
          .find(columns.map((column) => `${addressOf(relation)}.${column}`))
          .filter(({ kind, name, columns }) => {
            if (columns.length === 0) return false
            return (
              kind === 'query' ||
              (/^(?:function|procedure)$/.test(kind) && isUnchanged(name, migrations.before, catalog))
            )
          })
        if (broken.length === 0) continue
        const used = [...new Set(broken.flatMap((one) => one.columns))]
        yield {
          on: statement.about(relation, columns),
          facts: {
            gone: used.map((address) => address.slice(addressOf(relation).length + 1)),
            table: addressOf(relation),
            broken: broken.map(({ kind, name }) => `${kind} ${name}`),
          },
          assessment: { tier: statement.basis },
        }
      }
  },

  message: ({ facts: { gone, table, broken } }) => {
    const more = broken.length > 2 ? ` and ${broken.length - 2} more` : ''
    const columns = gone.length > 3 ? `${gone.slice(0, 3).join(', ')} …` : gone.join(', ')
    return `${table} (${columns}) is gone under its name, and ${broken.slice(0, 2).join(', ')}${more} still ${broken.length === 1 ? 'uses' : 'use'} it.`
  },
})

/** Columns that are not there under their old address afterwards. */
function goneWith(statement: MigrationStatement) {
  const altered = alterationsOf(statement).map((alteration) => ({
    relation: alteration.before,
    columns: goneFrom(alteration),
  }))
  const dropped = statement.changes
    .filter(({ after }) => after === null)
    .map(({ before }) => ({ relation: before, columns: namesOf(before) }))
  return [...altered, ...dropped].filter(
    ({ relation, columns }) => relation.kind.endsWith('table') && columns.length > 0,
  )
}

function goneFrom({ before, after, droppedColumns, changedColumns }: Alteration): readonly string[] {
  if (before.name !== after.name || before.schema !== after.schema) return namesOf(before)
  const renamed = changedColumns.filter((column) => column.before.name !== column.after.name)
  return [...droppedColumns.map(({ name }) => name), ...renamed.map((column) => column.before.name)]
}

function namesOf({ columns }: RelationState): readonly string[] {
  return columns.map(({ name }) => name)
}

/** The function is there after the migrations, as it was before. */
function isUnchanged(address: string, before: Catalog, after: Catalog): boolean {
  const find = ({ functions }: Catalog) => functions.find((one) => one.address === address)
  const [old, now] = [find(before), find(after)]
  return old !== undefined && now !== undefined && old.definition === now.definition
}
