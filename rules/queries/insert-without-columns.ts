import { bindWorkload, list, rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Name the columns that INSERT fills.',
    why: 'Without names the values go to the columns in the order of the table: a column that is added, dropped or stands elsewhere in another environment makes it fail, or puts values where they do not belong.',
    bad: `create table plan (id bigint primary key, code text not null, name text not null);
-- workload
insert into plan values ($1, $2, $3);`,
    good: `create table plan (id bigint primary key, code text not null, name text not null);
-- workload
insert into plan (id, code, name) values ($1, $2, $3);`,
    references: ['https://www.postgresql.org/docs/current/dml-insert.html'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const block = bound.blocks.find(
        ({ command, node, target }) =>
          command === 'insert' && target?.table && list(node['cols']).length === 0 && node['selectStmt'],
      )
      const table = block?.target?.table
      if (table && table.columns.length > 1) yield { on: about(table), facts: { columns: table.columns.length } }
    }
  },

  message: ({ on, facts: { columns } }) =>
    `${on} fills the ${columns} columns of ${on.relation?.name} by their order, without naming them.`,
})
