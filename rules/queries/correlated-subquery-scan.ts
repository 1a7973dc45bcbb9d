import {
  bindWorkload,
  type Block,
  type BoundQuery,
  type Column,
  createIndex,
  equalSides,
  indexesLedBy,
  isKnownSmall,
  isSearch,
  returnsOneRow,
  rule,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  confidence: 0.95,
  docs: {
    summary: 'Index what a correlated subquery is looked up by, or join its result.',
    why: 'A subquery that depends on the row around it runs again for each row. Without an index on what it compares, it reads its whole table each time: rows times rows.',
    bad: `create table customer (id bigint primary key);
create table invoice (id bigint primary key, customer_id bigint not null references customer, total numeric(12, 2) not null);
-- workload
select id, (select sum(total) from invoice where customer_id = customer.id) from customer;`,
    good: `create table customer (id bigint primary key);
create table invoice (id bigint primary key, customer_id bigint not null references customer, total numeric(12, 2) not null);
create index on invoice (customer_id);
-- workload
select id, (select sum(total) from invoice where customer_id = customer.id) from customer;`,
    references: ['https://www.postgresql.org/docs/current/sql-expressions.html#SQL-SYNTAX-SCALAR-SUBQUERIES'],
  },
  needs: ['catalog', 'workload'],
  uses: ['statistics'],

  *detect({ catalog, workload, statistics }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const column = bound.blocks.map((block) => scannedBy(block, bound)).find(Boolean)
      if (!column || isKnownSmall(column.table, statistics, catalog)) continue
      yield { on: about(column.table), facts: { column: column.name }, related: [column] }
    }
  },

  message: ({ on, facts: { column } }) =>
    `${on} reads all of ${on.relation?.name} for each row, in a subquery by ${column}, which no index leads to.`,

  fix: ({ on, facts, catalog }) => {
    const column = on.relation && catalog.table(on.relation.schema, on.relation.name)?.column(facts.column)
    return column ? createIndex(column.table, { keys: [{ column }] }) : []
  },
})

/** The column that a subquery is correlated by, where every run reads its whole table. */
function scannedBy(block: Block, { root }: BoundQuery): Column | null {
  const { place, parent, outer, sublink, relations, predicates } = block
  const [relation] = relations
  if (place !== 'expression' || outer.length === 0 || relations.length !== 1 || !relation?.table || !parent) return null
  // EXISTS and IN below AND are planned as joins.
  const type = String(sublink?.node['subLinkType'])
  const isJoined = /^(?:EXISTS|ANY)_SUBLINK$/.test(type) && sublink?.clause === 'where'
  if (isJoined && parent.predicates.some(({ tree, alternative }) => holds(tree, sublink.node) && !alternative))
    return null
  if (returnsOneRow(parent) || (root === parent && parent.limit !== null)) return null
  if (predicates.some((predicate) => leadsByIndex(isSearch(predicate, relation)))) return null
  const sides = predicates.flatMap(equalSides)
  const found = sides.find(
    ([own, other]) =>
      own.reference?.relation === relation &&
      other.kind === 'value' &&
      JSON.stringify(other.tree).includes('ColumnRef'),
  )
  return found?.[0].reference?.column ?? null
}

function leadsByIndex(column: Column | null): boolean {
  return column !== null && indexesLedBy(column).length > 0
}

function holds(tree: unknown, node: unknown): boolean {
  if (tree === node) return true
  if (typeof tree !== 'object' || tree === null) return false
  return Object.values(tree).some((inner) => holds(inner, node))
}
