import { at, bindWorkload, isKnownSmall, list, rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  confidence: 0.9,
  docs: {
    summary: 'Take random rows by TABLESAMPLE or by a random key, not by ordering all rows at random.',
    why: 'ORDER BY random() numbers and sorts every row to show a few of them.',
    bad: `create table coupon (id bigint primary key, code text not null);
-- workload
select code from coupon order by random() limit 10;`,
    good: `create table coupon (id bigint primary key, code text not null);
-- workload
select code from coupon where id >= $1 order by id limit 10;`,
    unless: 'The rows that it chooses from are few.',
    references: ['https://www.postgresql.org/docs/current/sql-select.html#SQL-FROM'],
  },
  needs: ['catalog', 'workload'],
  uses: ['statistics'],

  *detect({ catalog, workload, statistics }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const block = bound.blocks.find(
        ({ orderBy, relations }) =>
          relations.some(({ kind }) => kind === 'table') &&
          at(list(at(orderBy[0]?.tree, 'FuncCall', 'funcname')).at(-1), 'String', 'sval') === 'random',
      )
      const [table] = block?.relations.flatMap((relation) => relation.table ?? []) ?? []
      // Conditions may have left few rows.
      if (!block || !table || block.predicates.length > 0 || isKnownSmall(table, statistics, catalog)) continue
      yield { on: about(table), facts: {} }
    }
  },

  message: ({ on }) => `${on} sorts all rows of ${on.relation?.name} at random.`,
})
