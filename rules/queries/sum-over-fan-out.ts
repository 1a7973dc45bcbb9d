import {
  at,
  bindWorkload,
  type Block,
  type BoundQuery,
  holdsMoney,
  identify,
  isSingle,
  keyNamesOf,
  list,
  type Node,
  type Relation,
  rule,
} from '../../src/kit.js'

export default rule({
  severity: 'error',
  aboutMoney: true,
  confidence: 0.9,
  complexity: 'medium',
  docs: {
    summary: 'Sum each table by itself, and join the sums.',
    why: 'A join with a table that has several rows for each repeats the amount once for each of them, and the sum is too large. With two such tables beside each other both sums are wrong, and only for those who have several of both.',
    bad: `create table invoice (id bigint primary key, customer_id bigint not null, total numeric(12, 2) not null);
create table payment (id bigint primary key, invoice_id bigint not null references invoice, amount numeric(12, 2) not null);
-- workload
select customer_id, sum(total) from invoice join payment on invoice_id = invoice.id group by customer_id;`,
    good: `create table invoice (id bigint primary key, customer_id bigint not null, total numeric(12, 2) not null);
create table payment (id bigint primary key, invoice_id bigint not null references invoice, amount numeric(12, 2) not null);
-- workload
select customer_id, sum(amount) from invoice join payment on invoice_id = invoice.id group by customer_id;`,
    references: ['https://wiki.postgresql.org/wiki/Don%27t_Do_This'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const [found] = bound.blocks.flatMap((block) => multipliedSums(block, bound))
      if (!found) continue
      const { column, by } = found
      yield {
        on: about(column.table),
        facts: { column: column.address, by: by.map(({ name }) => name), money: holdsMoney(column) === 'yes' },
        related: [column],
        assessment: holdsMoney(column) === 'yes' ? {} : { severity: 'warning' },
      }
    }
  },

  message: ({ on, facts: { column, by } }) =>
    `${on} sums ${column} over a join that repeats its rows, once for each row of ${by.join(' and of ')}.`,

  advice: ({ facts: { by, column } }) =>
    `Sum ${column} before the join, in a subquery by its key, or bring ${by.join(', ')} in as a subquery with one row for each.`,
})

/** Sums of columns whose rows another table of the join repeats. */
function multipliedSums(block: Block, bound: BoundQuery) {
  const grouped = relationsGroupedByKey(block, bound)
  return block.aggregates.flatMap((call) => {
    const name = at(list(call['funcname']).at(-1), 'String', 'sval')
    if (name !== 'sum' || call['agg_distinct']) return []
    const references = bound.referencesIn(call['args']).filter(({ relation }) => relation.block === block)
    const [first] = references
    const column =
      references.map((one) => bound.origin(one)).find((one) => one && holdsMoney(one) === 'yes') ??
      (first && bound.origin(first))
    if (!column || references.length === 0 || isFlag(call)) return []
    const by = repeating(new Set([...references.map(({ relation }) => relation), ...grouped]), block)
    return by.length > 0 ? [{ column, by }] : []
  })
}

/** What is summed is one for each row on purpose: `sum(case when … then 1 else 0 end)`. */
function isFlag(call: Node): boolean {
  return list(call['args']).some(
    (argument) => at(argument, 'CaseExpr') && !/"ColumnRef"/.test(JSON.stringify(resultsOf(at(argument, 'CaseExpr')))),
  )
}

function resultsOf(node: unknown): readonly unknown[] {
  return [...list(at(node, 'args')).map((when) => at(when, 'CaseWhen', 'result')), at(node, 'defresult')]
}

/** Relations whose key is grouped by: each group has one row of them. */
function relationsGroupedByKey(block: Block, bound: BoundQuery): readonly Relation[] {
  const grouped = block.groupBy.flatMap((item) => bound.reference(at(item, 'ColumnRef')) ?? [])
  return block.relations.filter((relation) =>
    keyNamesOf(relation).some((key) =>
      key.every((name) => grouped.some((one) => one.relation === relation && one.name === name)),
    ),
  )
}

/** Relations that may have several rows for one of the given ones, as far as equalities decide it. */
function repeating(given: Set<Relation>, block: Block): readonly Relation[] {
  const single = new Set(given)
  for (let grown = true; grown;) {
    grown = false
    for (const relation of block.relations)
      if (!single.has(relation) && (isSingle(relation, single) || !isCertain(relation, block))) {
        single.add(relation)
        grown = true
      }
  }
  return block.relations.filter((relation) => !single.has(relation))
}

/** Its keys are known, and equalities alone join it: a range, a constant or a subquery may leave one row. */
function isCertain({ table, body, kind, node }: Relation, block: Block): boolean {
  if (kind === 'view' || kind === 'function' || kind === 'unknown' || kind === 'system') return false
  if (!table && (!body || body.setOperation || body.limit !== null || body.distinct)) return false
  const own = block.predicates.filter(({ left, right }) =>
    [...left.references, ...(right?.references ?? [])].some(({ relation }) => relation.node === node),
  )
  const joins = own.some(
    ({ operator, left, right }) => operator === '=' && left.kind === 'column' && right?.kind === 'column',
  )
  return (
    joins &&
    own.every(({ operator, negated, left, right }) => {
      if (operator === 'is null' || operator === 'other') return negated || operator === 'is null'
      if (negated || operator !== '=') return false
      // A status or kind beside a unique partial index may pick one.
      return left.kind === 'column' && right?.kind === 'column' && identify(left.tree) !== identify(right.tree)
    })
  )
}
