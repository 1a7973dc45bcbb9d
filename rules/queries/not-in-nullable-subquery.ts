import { at, bindWorkload, type Block, type BoundQuery, type Predicate, rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Ask NOT EXISTS where the subquery of NOT IN may return a NULL.',
    why: 'One NULL among the values makes NOT IN unknown for every row, and the query returns nothing. PostgreSQL cannot plan NOT IN as an anti-join either, so that it is slow before it is wrong.',
    bad: `create table customer (id bigint primary key);
create table invoice (id bigint primary key, customer_id bigint references customer);
-- workload
select id from customer where id not in (select customer_id from invoice);`,
    good: `create table customer (id bigint primary key);
create table invoice (id bigint primary key, customer_id bigint references customer);
-- workload
select id from customer where not exists (select from invoice where invoice.customer_id = customer.id);`,
    references: ['https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_NOT_IN'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, about } of bindWorkload(workload, catalog))
      for (const predicate of bound.blocks.flatMap(({ predicates }) => predicates)) {
        const body = negatedSubquery(predicate, bound)
        const column = body && nullableOutput(body, bound)
        if (!column) continue
        yield { on: about(), facts: { column: column.address }, related: [column] }
        break
      }
  },

  message: ({ on, facts: { column } }) =>
    `${on} asks NOT IN of a subquery whose ${column} may be NULL: with one NULL it returns no rows.`,

  advice: ({ facts: { column } }) =>
    `Use NOT EXISTS with a comparison, or add \`${column.split('.').at(-1)} is not null\` to the subquery.`,
})

function negatedSubquery({ operator, negated, right }: Predicate, bound: BoundQuery): Block | undefined {
  if (operator !== 'in subquery' || !negated || !right) return undefined
  return bound.blockOf(at(right.tree, 'SubLink', 'subselect'))
}

/** The column that the subquery returns, where it may be NULL and no condition of it keeps NULL out. */
function nullableOutput(body: Block, bound: BoundQuery) {
  const [target] = body.targets
  const reference = target && bound.reference(at(target.tree, 'ColumnRef'))
  const column = reference && bound.origin(reference)
  if (!reference || !column || body.setOperation) return null
  if (column.notNull && !reference.relation.nullable) return null
  const excludes = ({ alternative, operator, negated, left, right }: Predicate) => {
    if (alternative) return false
    const compared = [left, right].some(
      (side) => side?.reference?.relation === reference.relation && side.reference.name === reference.name,
    )
    if (!compared) return false
    return operator === 'is null' ? negated : !/^(?:exists|other|is (?:not )?distinct from)$/.test(operator)
  }
  return body.predicates.some(excludes) ? null : column
}
