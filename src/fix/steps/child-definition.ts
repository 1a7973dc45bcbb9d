import { quoteIdentifier } from '../../quote.js'
import { newName, quoteColumns, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { block, STEP } from './base.js'
import { type Child, joined } from './child-rows.js'
import { addConstraint } from './constraints.js'
import { defineColumns } from './element-columns.js'

/** The table with a row for each element, and the one for those that do not fit its columns. */
export function createTables(child: Child): readonly Step[] {
  const { parent, name, childTable, number, value, element, unfit, typed, checks = [], sorting } = child
  const rows = [...defineColumns(typed, checks), `${value} ${element.type} not null${sorting ? ` default '{}'` : ''}`]
  const create = (table: string, columns: readonly string[]): Step => ({
    ...STEP,
    sql: createTable(child, table, columns),
    undo: `drop table ${table}`,
    lock: 'SHARE ROW EXCLUSIVE',
  })
  return [
    {
      ...create(childTable, [`${number} integer not null check (${number} > 0)`, ...rows]),
      precheck: `select count(*) from ${parent} where ${unfit(name)}`,
    },
    ...(sorting
      ? [
          {
            ...create(sorting.rejects, [`${number} integer not null`, 'element jsonb', 'reason text not null']),
            note: 'Elements that do not fit the new columns stand here, each with the reason, and stay part of the list. Settle them before the contract phase: insert each as it should be, and delete it here.',
          },
        ]
      : []),
  ]
}

/** With the rights that the parent gives, row by row where it does so. */
function createTable(child: Child, relation: string, own: readonly string[]): string {
  const { table, key, parents, parent, number } = child
  const columns = [
    ...key.map((part, at) => `${parents[at]} ${part.type.sql} not null`),
    ...own,
    `primary key (${parents.join(', ')}, ${number})`,
    `foreign key (${parents.join(', ')}) references ${parent} (${quoteColumns(key)}) on update cascade on delete cascade`,
  ]
  const create = `create table ${relation} (${columns.join(', ')})`
  const grants = table.grants
    .filter(({ grantee, privilege }) => grantee !== table.owner && /^(?:SELECT|INSERT|UPDATE|DELETE)$/.test(privilege))
    .map(({ grantee, privilege }) => {
      const to = grantee === 'PUBLIC' ? 'public' : quoteIdentifier(grantee)
      return `grant ${privilege.toLowerCase()} on ${relation} to ${to}`
    })
  const visible = `exists (select from ${parent} as p where ${joined(child, 'p', relation)})`
  const security = table.rowSecurity
    ? [
        `alter table ${relation} enable row level security${table.forceRowSecurity ? ', force row level security' : ''}`,
        `create policy ${quoteIdentifier(newName([table.name], 'rows'))} on ${relation} using (${visible}) with check (${visible})`,
      ]
    : []
  const after = [...grants, ...security]
  return after.length > 0 ? block([create, ...after]) : create
}

/** An index and a foreign key for each column that names rows of another table. */
export function referenceSteps({
  table,
  childName,
  childTable,
  value,
  element,
  references,
  typed,
}: Child): readonly Step[] {
  const naming = [
    ...(references ? [{ column: value, name: element.name, references }] : []),
    ...typed.flatMap(({ name, references: key }) =>
      key ? [{ column: quoteIdentifier(name), name, references: key }] : [],
    ),
  ]
  return naming.flatMap(({ column, name, references: referenced }) => {
    const other = quoteRelation(referenced.table)
    const key = quoteIdentifier(referenced.name)
    const index = newName([childName, name], 'idx')
    const drop = `drop index concurrently if exists ${quoteRelation({ schema: table.schema, name: index })}`
    const found: Step = {
      ...STEP,
      phase: 'backfill',
      sql: `create index concurrently ${quoteIdentifier(index)} on ${childTable} (${column})`,
      undo: drop,
      transactional: false,
    }
    const keys = addConstraint(
      { schema: table.schema, name: childName },
      newName([childName, name], 'fkey'),
      `foreign key (${column}) references ${other} (${key})`,
      {
        lock: 'SHARE ROW EXCLUSIVE',
        precheck: `select count(*) from ${childTable} as c where c.${column} is not null and not exists (select from ${other} as r where r.${key} = c.${column})`,
      },
    ).map((step) => (step.phase === 'expand' ? { ...step, phase: 'backfill' as const } : step))
    return [found, ...keys]
  })
}
