import {
  at,
  bindWorkload,
  type Block,
  type BoundQuery,
  isKnownSmall,
  fixedNames,
  keyNamesOf,
  rule,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  confidence: 0.8,
  complexity: 'medium',
  docs: {
    summary: 'Take the next page from where the last one ended, by the key that orders them.',
    why: 'OFFSET reads and throws away all rows before the page, so that each page costs more than the one before. Rows that come or go meanwhile shift the pages, and a row is seen twice or never.',
    bad: `create table invoice (id bigint primary key, issued_at timestamptz not null);
-- workload
select id from invoice order by issued_at desc, id limit 50 offset $1;`,
    good: `create table invoice (id bigint primary key, issued_at timestamptz not null);
-- workload
select id from invoice where (issued_at, id) < ($1, $2) order by issued_at desc, id desc limit 50;`,
    unless: 'People never go further than a few pages.',
    references: ['https://use-the-index-luke.com/no-offset'],
  },
  needs: ['catalog', 'workload'],
  uses: ['statistics'],

  *detect({ catalog, workload, statistics }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const block = bound.blocks.find(pagesThrough)
      const [table] = block?.relations.flatMap((relation) => relation.table ?? []) ?? []
      if (!block || !table || isKnownSmall(table, statistics, catalog)) continue
      const isOrdered = block.orderBy.length > 0
      const isTotal = isOrdered && endsWithKey(block, bound)
      yield {
        on: about(table),
        facts: { isOrdered, isTotal },
        assessment: isTotal ? {} : { severity: 'warning', confidence: 0.9 },
      }
    }
  },

  message: ({ on, facts: { isOrdered, isTotal } }) => {
    if (!isOrdered) return `${on} takes pages by OFFSET without ORDER BY: rows may come on two pages or on none.`
    return isTotal
      ? `${on} takes pages by OFFSET, which reads all pages before.`
      : `${on} takes pages by OFFSET in an order with ties: rows may come on two pages or on none.`
  },

  advice: ({ facts: { isTotal } }) =>
    `${isTotal ? '' : 'End the order with a unique key. '}Remember the last row of a page and ask for what comes after it: \`where (a, id) > ($1, $2) order by a, id limit n\`.`,
})

/** OFFSET that is not a fixed small number. */
function pagesThrough({ offset, command, setOperation }: Block): boolean {
  if (offset === null || command !== 'select' || setOperation) return false
  const fixed = at(offset, 'A_Const', 'ival')
  return fixed === undefined || Number(at(fixed, 'ival') ?? 0) > 100
}

/** No two rows are equal in what they are ordered by. */
function endsWithKey(block: Block, bound: BoundQuery): boolean {
  const ordered = block.orderBy.flatMap(({ tree }) => bound.reference(at(tree, 'ColumnRef')) ?? [])
  if (block.groupBy.length > 0 || block.distinct) return true
  return block.relations.some((relation) => {
    // A column that is compared with a value is the same in all rows.
    const fixed = fixedNames(relation, new Set())
    return keyNamesOf(relation).some((key) =>
      key.every((name) => fixed.has(name) || ordered.some((one) => one.relation === relation && one.name === name)),
    )
  })
}
