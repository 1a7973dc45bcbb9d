import {
  at,
  bindQuery,
  bindWorkload,
  type Block,
  type BoundQuery,
  editText,
  indexesLedBy,
  isSearch,
  rule,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  confidence: 0.9,
  docs: {
    summary: 'Let the planner see through a common table expression that is filtered outside.',
    why: 'AS MATERIALIZED computes the whole expression first. A condition of the query around it cannot reach the table inside, so that an index that would find the few rows is not used.',
    bad: `create table invoice (id bigint primary key, customer_id bigint not null, total numeric(12, 2) not null);
create index on invoice (customer_id);
-- workload
with billed as materialized (select customer_id, total from invoice) select total from billed where customer_id = $1;`,
    good: `create table invoice (id bigint primary key, customer_id bigint not null, total numeric(12, 2) not null);
create index on invoice (customer_id);
-- workload
with billed as (select customer_id, total from invoice) select total from billed where customer_id = $1;`,
    references: ['https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-CTE-MATERIALIZATION'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const [found] = barriersIn(bound)
      if (found)
        yield { on: about(found.column.table), facts: { name: found.body.name ?? '', column: found.column.address } }
    }
  },

  message: ({ on, facts: { name, column } }) =>
    `${on} computes all of ${name} before it takes the rows of one ${column}: AS MATERIALIZED keeps the condition from the index.`,

  rewrite: ({ on: { query }, catalog }) => {
    const [found] = barriersIn(bindQuery(query.tree, catalog))
    if (!found?.body.name) return null
    const word = new RegExp(`\\b${found.body.name}"?\\s*(?:\\([^)]*\\)\\s*)?as\\s+(materialized\\s+)`, 'i').exec(
      query.text,
    )
    if (!word?.[1]) return null
    const from = word.index + word[0].length - word[1].length
    return editText(query.text, [{ from, to: from + word[1].length, text: '' }])
  },
})

/** Materialized expressions that one block reads, with a condition that an index inside could serve. */
function barriersIn(bound: BoundQuery) {
  return bound.blocks.flatMap((body) => {
    if (body.place !== 'cte' || body.materialized !== true || !isPlain(body, bound)) return []
    const uses = bound.blocks.flatMap(({ relations }) => relations.filter((relation) => relation.body === body))
    const [use] = uses
    if (!use || uses.length > 1) return []
    return use.block.predicates.flatMap((predicate) => {
      const { operator, negated, alternative, left, right } = predicate
      const [own, other] = left.reference?.relation === use ? [left, right] : [right, left]
      if (negated || alternative || operator !== '=' || own?.reference?.relation !== use || other?.kind !== 'value')
        return []
      const column = bound.origin(own.reference)
      if (!column || indexesLedBy(column).length === 0) return []
      const inner = body.relations.find(({ table }) => table === column.table)
      const isFound = body.predicates.some(
        (one) => inner && isSearch(one, inner) && indexesLedBy(isSearch(one, inner)!).length > 0,
      )
      return isFound ? [] : [{ body, column }]
    })
  })
}

/** What may be computed inside the query around it as well. */
function isPlain(
  { command, locks, limit, distinct, groupBy, aggregates, setOperation, node }: Block,
  { blocks }: BoundQuery,
): boolean {
  if (
    command !== 'select' ||
    locks ||
    limit !== null ||
    distinct ||
    setOperation ||
    groupBy.length + aggregates.length > 0
  )
    return false
  if (blocks.some((block) => block.command !== 'select' && block.command !== 'values')) return false
  return !/"(?:over|windowClause)":|"sval":"(?:random|gen_random_uuid|nextval|clock_timestamp|pg_\w+|setval)"/.test(
    JSON.stringify(at(node) ?? null),
  )
}
