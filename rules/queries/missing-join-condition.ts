import { bindWorkload, type Block, identify, isSingle, type Relation, rule } from '../../src/kit.js'

export default rule({
  severity: 'error',
  confidence: 0.9,
  docs: {
    summary: 'Join every table of a query to the others; say CROSS JOIN where every combination is meant.',
    why: 'Without a condition between them, each row of one table is combined with each of the other: the result is as large as both multiplied, sums are multiplied too, and an UPDATE changes rows that nobody meant.',
    bad: `create table customer (id bigint primary key, name text not null);
create table invoice (id bigint primary key, customer_id bigint not null references customer, total numeric(12, 2) not null);
-- workload
select name, total from customer, invoice where total > $1;`,
    good: `create table customer (id bigint primary key, name text not null);
create table invoice (id bigint primary key, customer_id bigint not null references customer, total numeric(12, 2) not null);
-- workload
select name, total from customer, invoice where customer.id = customer_id and total > $1;`,
    unless: 'One of the tables is known to hold one row.',
    references: ['https://www.postgresql.org/docs/current/queries-table-expressions.html#QUERIES-JOIN'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const apart = bound.blocks.map(relationsApart).find((groups) => groups.length > 1)
      if (!apart) continue
      const names = apart.map((group) => group.map(({ name }) => name).join(', '))
      yield { on: about(), facts: { groups: names } }
    }
  },

  message: ({ on, facts: { groups } }) =>
    `${on} combines every row of ${groups[0]} with every row of ${groups.slice(1).join(' and of ')}: no condition joins them.`,
})

/** Groups of relations that no condition links; single rows and what is meant to be crossed are left out. */
function relationsApart(block: Block): readonly (readonly Relation[])[] {
  const { relations, predicates, joins } = block
  if (relations.length < 2 || relations.some(({ kind }) => kind === 'unknown')) return []
  const groups = new Map(relations.map((relation) => [relation, new Set([relation])]))
  const link = (linked: readonly Relation[]) => {
    const [first, ...others] = linked.filter((relation) => groups.has(relation))
    for (const other of others) {
      const [into, from] = [groups.get(first!)!, groups.get(other)!]
      for (const relation of from) groups.set(relation, into.add(relation))
    }
  }
  const values = new Map<string, Relation>()
  for (const { left, right, operator, negated } of predicates) {
    link([...left.references, ...(right?.references ?? [])].map(({ relation }) => relation))
    // Both are held equal to the same value.
    for (const [own, other] of [[left, right] as const, [right, left] as const]) {
      if (operator !== '=' || negated || !own?.reference || other?.kind !== 'value') continue
      const value = identify(other.tree)
      const known = values.get(value)
      if (known) link([known, own.reference.relation])
      values.set(value, own.reference.relation)
    }
  }
  for (const { left, right, kind, conditioned } of joins)
    if (kind === 'cross' && !conditioned) link([...left, ...right])
  // Lateral subqueries and functions are of the rows beside them.
  for (const relation of relations) {
    if (relation.kind === 'function') link(relations)
    if (relation.body) link([relation, ...relation.body.outer.map((reference) => reference.relation)])
  }
  const counted = [...new Set(groups.values())].map((group) => [...group])
  // How many rows a subquery returns is its own affair.
  return counted.filter(
    (group) => group.some(({ table, view }) => table ?? view) && !group.every((relation) => isOneRow(relation, group)),
  )
}

function isOneRow(relation: Relation, group: readonly Relation[]): boolean {
  const others = new Set(group.filter((other) => other !== relation))
  return (
    isSingle(relation, new Set()) ||
    (others.size > 0 && isSingle(relation, others) && [...others].some((other) => isSingle(other, new Set())))
  )
}
