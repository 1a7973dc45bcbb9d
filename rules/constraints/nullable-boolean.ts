import { afterReview, isFilledByCheck, rule, setNotNull } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Make a boolean with a default NOT NULL.',
    why: 'NULL is a third answer that `where active` and `where not active` both leave out. The default says that nobody wants it, and an explicit NULL gets in all the same.',
    bad: 'create table plan (id bigint primary key, active boolean default true);',
    good: 'create table plan (id bigint primary key, active boolean not null default true, approved boolean);',
    unless: 'NULL means that nobody has answered yet.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-NOT-NULL'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const columns = table.columns.filter(
        (column) =>
          column.type.name === 'bool' &&
          !column.notNull &&
          !column.inherited &&
          !column.type.domain?.notNull &&
          /^'?(?:true|false)\b/.test(column.default ?? '') &&
          !isFilledByCheck(column),
      )
      if (columns.length === 0) continue
      yield { on: table, related: columns, facts: { columns: columns.map(({ name }) => name) } }
    }
  },

  message: ({ on, facts: { columns } }) =>
    `${on} lets ${columns.join(', ')} be null, beside true and false, although ${columns.length > 1 ? 'they have defaults' : 'it has a default'}.`,

  fix: ({ on, facts: { columns } }) =>
    afterReview(
      `Does NULL in ${columns.join(', ')} of ${on} mean anything but the default? The steps say no; rows that hold it must be filled first.`,
      columns.flatMap((name) => on.column(name) ?? []).flatMap((column) => setNotNull(column)),
    ),
})
