import {
  at,
  bindWorkload,
  type BoundQuery,
  type Column,
  createIndex,
  groupBy,
  type Index,
  isFoundOtherwise,
  isKnownSmall,
  list,
  rule,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  confidence: 0.9,
  docs: {
    summary: 'Serve searches for a part of a text by a trigram index, or search for its beginning.',
    why: 'A pattern that begins with % may match anywhere, and no B-tree is in an order that helps: every row is read and compared.',
    bad: `create table customer (id bigint primary key, name text not null);
-- workload
select id from customer where name ilike '%' || $1 || '%';`,
    good: `create table customer (id bigint primary key, name text not null);
-- workload
select id from customer where name like $1 || '%';`,
    unless: 'The table will stay small.',
    references: ['https://www.postgresql.org/docs/current/pgtrgm.html'],
  },
  needs: ['catalog', 'workload'],
  uses: ['statistics'],

  *detect({ catalog, workload, statistics }) {
    const found = bindWorkload(workload, catalog).flatMap(({ bound, query, about }) =>
      searchesIn(bound)
        .filter((column) => !isKnownSmall(column.table, statistics, catalog))
        .map((column) => ({ column, query, about })),
    )
    for (const [column, searches] of groupBy(found, (search) => search.column)) {
      const names = searches.map(({ query, about }) => query.name ?? about().toString().replace('The query ', ''))
      yield { on: column, facts: { queries: [...new Set(names)] } }
    }
  },

  message: ({ on, facts: { queries } }) =>
    `${on} is searched for a pattern that begins with a wildcard, which no index of it serves (${queries.join(', ')}).`,

  advice: ({ on }) =>
    `Make a GIN index with gin_trgm_ops of pg_trgm on ${on.name}, or let the pattern begin with what is known.`,

  fix: ({ on, catalog }) => {
    const extension = catalog.extensions.find(({ name }) => name === 'pg_trgm')
    if (!extension) return []
    return createIndex(on.table, { method: 'gin', keys: [{ column: on, opclass: `${extension.schema}.gin_trgm_ops` }] })
  },
})

function searchesIn(bound: BoundQuery): readonly Column[] {
  return bound.blocks.flatMap(({ predicates }) =>
    predicates.flatMap((predicate) => {
      const { operator, negated, left, right, clause } = predicate
      if (negated || clause === 'having' || !right || !/^(?:i?like)$/.test(operator)) return []
      const column = left.reference?.column
      if (!left.reference || !column || !beginsWithWildcard(right.tree)) return []
      if (column.table.indexes.some((index) => servesPatterns(index, column))) return []
      return isFoundOtherwise(left.reference.relation, predicate) ? [] : [column]
    }),
  )
}

function servesPatterns({ valid, keys }: Index, column: Column): boolean {
  return valid && keys.some((key) => key.column === column && /trgm_ops|bigm_ops/.test(key.opclass))
}

/** `'%…'`, `'%' || …`, `concat('%', …)`. */
function beginsWithWildcard(tree: unknown): boolean {
  const text = at(tree, 'A_Const', 'sval', 'sval')
  if (typeof text === 'string') return text.startsWith('%') && text.length > 1
  const operation = at(tree, 'A_Expr')
  if (at(list(at(operation, 'name')).at(-1), 'String', 'sval') === '||') return beginsWith(at(operation, 'lexpr'))
  const call = at(tree, 'FuncCall')
  return at(list(at(call, 'funcname')).at(-1), 'String', 'sval') === 'concat' && beginsWith(list(at(call, 'args'))[0])
}

function beginsWith(tree: unknown): boolean {
  const text = at(tree, 'A_Const', 'sval', 'sval')
  return (typeof text === 'string' && text.startsWith('%')) || beginsWithWildcard(tree)
}
