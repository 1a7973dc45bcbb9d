import {
  at,
  bindQuery,
  bindWorkload,
  type Block,
  type BoundQuery,
  editText,
  groupBy,
  identify,
  quoteIdentifier,
  rule,
  spanOf,
  textOf,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  confidence: 0.9,
  docs: {
    summary: 'Read a table once for several values of the same rows, in one lateral subquery.',
    why: 'Each scalar subquery is run by itself, for each row: two sums of the same rows read them twice, three read them three times.',
    bad: `create table customer (id bigint primary key);
create table invoice (id bigint primary key, customer_id bigint not null references customer, total numeric(12, 2) not null);
create index on invoice (customer_id);
-- workload
select id, (select sum(total) from invoice where customer_id = customer.id) as sum,
  (select max(total) from invoice where customer_id = customer.id) as most from customer;`,
    good: `create table customer (id bigint primary key);
create table invoice (id bigint primary key, customer_id bigint not null references customer, total numeric(12, 2) not null);
create index on invoice (customer_id);
-- workload
select customer.id, of.sum, of.most from customer
cross join lateral (select sum(total) as sum, max(total) as most from invoice where customer_id = customer.id) as of;`,
    references: ['https://www.postgresql.org/docs/current/queries-table-expressions.html#QUERIES-LATERAL'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const [found] = repeatsIn(bound)
      const [first] = found ?? []
      if (found && first) yield { on: about(first.relations[0]?.table), facts: { times: found.length } }
    }
  },

  message: ({ on, facts: { times } }) =>
    `${on} reads the same rows of ${on.relation?.name} in ${times} subqueries, where one would do.`,

  rewrite: ({ on: { query }, catalog }) => {
    const bound = bindQuery(query.tree, catalog)
    const [found] = repeatsIn(bound)
    const [first] = found ?? []
    const last = bound.root.relations.at(-1)
    if (!found || !first || found.some(({ parent, sublink }) => parent !== bound.root || sublink?.clause !== 'target'))
      return null
    if (!last || bound.root.joins.length > 0 || bound.root.relations.length !== 1) return null
    const where = textOf(query.text, first.node['whereClause'])
    const table = first.relations[0]!
    const values = found.map(({ targets }) => textOf(query.text, targets[0]?.tree))
    const end = endOf(query.text, last.node, last.alias !== last.name)
    if (!where || values.some((value) => value === null) || end === null) return null
    const named = `${table.schema ? `${table.schema}.` : ''}${table.name}${table.alias === table.name ? '' : ` ${table.alias}`}`
    const list = values.map((value, place) => `${value} as value_${place + 1}`).join(', ')
    return editText(query.text, [
      ...found.map(({ sublink }, place) => {
        const span = spanOf(query.text, { SubLink: sublink?.node })
        const target = bound.root.targets.find(({ tree }) => at(tree, 'SubLink') === sublink?.node)
        const isNamed = span && /^\s*(?:as\b|"?\w+"?\s*(?:,|from\b))/i.test(query.text.slice(span.to))
        const name = target?.name && !isNamed ? ` as ${quoteIdentifier(target.name)}` : ''
        return span && { ...span, text: `of_${table.name}.value_${place + 1}${name}` }
      }),
      {
        from: end,
        to: end,
        text: ` cross join lateral (select ${list} from ${named} where ${where}) as of_${table.name}`,
      },
    ])
  },
})

/** Scalar subqueries over one table that the same condition chooses the rows of. */
function repeatsIn(bound: BoundQuery): readonly (readonly Block[])[] {
  const scalar = bound.blocks.filter(
    ({ place, sublink, relations: [relation, other], aggregates, groupBy: groups, limit, outer, node, targets }) =>
      place === 'expression' &&
      sublink?.node['subLinkType'] === 'EXPR_SUBLINK' &&
      relation?.table &&
      !other &&
      outer.length > 0 &&
      node['whereClause'] &&
      aggregates.length > 0 &&
      targets.length === 1 &&
      groups.length === 0 &&
      limit === null &&
      !node['havingClause'],
  )
  const groups = groupBy(scalar, ({ parent, relations: [relation], node }) =>
    identify([bound.blocks.indexOf(parent!), relation?.table?.address, relation?.alias, node['whereClause']]),
  )
  return [...groups.values()].filter((group) => group.length > 1)
}

function endOf(text: string, node: unknown, isAliased: boolean): number | null {
  const start = Buffer.from(text)
    .subarray(0, Number(at(node, 'location')))
    .toString().length
  const pattern = isAliased ? /^(?:[\w"]+\s*\.\s*)?[\w"]+\s+(?:as\s+)?[\w"]+/i : /^(?:[\w"]+\s*\.\s*)?[\w"]+/
  const found = pattern.exec(text.slice(start))
  return found && start + found[0].length
}
