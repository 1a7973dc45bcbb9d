import { at, bindWorkload, type BoundQuery, rule } from '../../src/kit.js'

export default rule({
  severity: 'error',
  docs: {
    summary: 'Test for NULL with IS NULL.',
    why: 'Nothing equals NULL, not even NULL: the comparison is never true, and the query silently finds no row.',
    bad: `create table invoice (id bigint primary key, paid_at timestamptz);
-- workload
select id from invoice where paid_at = null;`,
    good: `create table invoice (id bigint primary key, paid_at timestamptz);
-- workload
select id from invoice where paid_at is null;`,
    references: ['https://www.postgresql.org/docs/current/functions-comparison.html'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const [found] = comparisonsIn(bound)
      if (found) yield { on: about(), facts: { operator: found.operator } }
    }
  },

  message: ({ on, facts: { operator } }) => `${on} compares with NULL by ${operator}, which is never true.`,

  advice: ({ facts: { operator } }) => `Write ${operator === '=' ? 'IS NULL' : 'IS NOT NULL'}.`,
})

function comparisonsIn({ blocks }: BoundQuery) {
  return blocks.flatMap(({ predicates }) =>
    predicates.filter(
      ({ operator, left, right }) =>
        /^(?:=|<>)$/.test(operator) && [left, right].some((side) => at(side?.tree, 'A_Const', 'isnull') === true),
    ),
  )
}
