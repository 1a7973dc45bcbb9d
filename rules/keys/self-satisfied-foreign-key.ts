import { dropConstraint, rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Let a foreign key reference another row than its own.',
    why: 'A key whose columns reference themselves is satisfied by every row: it guards nothing, costs a check on each write, and the reference that was meant is missing.',
    bad: 'create table customer (id bigint primary key); create table account (id bigint primary key references account (id), customer_id bigint);',
    good: 'create table customer (id bigint primary key); create table account (id bigint primary key references customer (id), parent_id bigint references account (id));',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const foreignKey of catalog.foreignKeys()) {
      const { table, referencedTable, columns, referencedColumns, inherited } = foreignKey
      if (inherited || table.partitionOf || table !== referencedTable) continue
      if (columns.some(({ name }, at) => name !== referencedColumns[at]?.name)) continue
      yield { on: foreignKey, facts: { columns: columns.map(({ name }) => name) } }
    }
  },

  message: ({ on, facts: { columns } }) =>
    `${on} lets ${columns.join(', ')} reference ${columns.length > 1 ? 'themselves' : 'itself'}, which every row does.`,

  advice: ({ on }) => `Drop ${on.name}, and reference the table that was meant, if there is one.`,

  fix: ({ on }) => dropConstraint(on),
})
