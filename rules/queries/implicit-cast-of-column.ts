import {
  bindWorkload,
  type BoundQuery,
  castsColumn,
  type Column,
  indexesLedBy,
  isFoundOtherwise,
  isKnownSmall,
  rule,
  typeOf,
} from '../../src/kit.js'

const SEARCHES = new Set(['=', '<', '<=', '>', '>=', 'between', 'in', 'any'])

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Compare a column with values of its own type.',
    why: 'Where the other side has a wider type, PostgreSQL casts the column to it, row by row, and the index on the column cannot be used. A parameter that a driver sends as numeric or float8 does this without a sign of it in the statement.',
    bad: `create table invoice (id bigint primary key, total numeric(12, 2) not null);
-- workload
select total from invoice where id = $1::numeric;`,
    good: `create table invoice (id bigint primary key, total numeric(12, 2) not null);
-- workload
select total from invoice where id = $1::bigint;`,
    references: ['https://www.postgresql.org/docs/current/typeconv-oper.html'],
  },
  needs: ['catalog', 'workload'],
  uses: ['statistics'],

  *detect({ catalog, workload, statistics }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const [found] = castsIn(bound).filter(({ column }) => !isKnownSmall(column.table, statistics, catalog))
      if (!found) continue
      const { column, type } = found
      yield {
        on: about(column.table),
        facts: { column: column.name, columnType: column.type.name, type, index: indexesLedBy(column)[0]?.name ?? '' },
        related: [column],
      }
    }
  },

  message: ({ on, facts: { column, columnType, type, index } }) =>
    `${on} compares ${on.relation?.name}.${column} (${columnType}) with a value of type ${type}: every row is cast, and the index ${index} does not help.`,

  advice: ({ facts: { column, columnType } }) =>
    `Cast the other side to ${columnType}, or send the parameter as one; ${column} must stand alone.`,
})

function castsIn(bound: BoundQuery): readonly { readonly column: Column; readonly type: string }[] {
  return bound.blocks.flatMap(({ predicates }) =>
    predicates.flatMap((predicate) => {
      const { operator, negated, alternative, clause, left, right } = predicate
      if (negated || alternative || clause === 'having' || !right || !SEARCHES.has(operator)) return []
      const [own, other] = left.kind === 'column' ? [left, right] : [right, left]
      const column = own.reference?.column
      if (!own.reference || !column || other.references.some((one) => one.relation === own.reference?.relation))
        return []
      const type = typeOf(other.tree, bound)
      if (type === null || !castsColumn(column.type.name, type)) return []
      if (indexesLedBy(column).length === 0 || isFoundOtherwise(own.reference.relation, predicate)) return []
      return [{ column, type }]
    }),
  )
}
