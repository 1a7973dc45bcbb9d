import {
  at,
  bindQuery,
  bindWorkload,
  type BoundQuery,
  type Column,
  createIndex,
  editText,
  indexesLedBy,
  indexesOnExpression,
  isFoundOtherwise,
  isKnownSmall,
  list,
  type Node,
  type Predicate,
  quoteIdentifier,
  rule,
  spanOf,
  textOf,
  typeOf,
} from '../../src/kit.js'

const SEARCHES = new Set(['=', '<', '<=', '>', '>=', 'between', 'in', 'any', 'like'])
const IMMUTABLE = new Set(['lower', 'upper'])
/** Casts that change nothing an index would notice. */
const SAME = /^(?:text|varchar)$/

export default rule({
  severity: 'warning',
  confidence: 0.95,
  docs: {
    summary: 'Compare the column itself, or index the expression that is compared.',
    why: 'An index on a column finds values of the column. Around a function, a cast or arithmetic it is of no use, and every row is read and computed, although the index is there and is paid for with every write.',
    bad: `create table invoice (id bigint primary key, issued_at timestamptz not null);
create index on invoice (issued_at);
-- workload
select id from invoice where issued_at::date = $1;`,
    good: `create table invoice (id bigint primary key, issued_at timestamptz not null);
create index on invoice (issued_at);
-- workload
select id from invoice where issued_at >= $1 and issued_at < $1 + interval '1 day';`,
    references: ['https://use-the-index-luke.com/sql/where-clause/obfuscation'],
  },
  needs: ['catalog', 'workload'],
  uses: ['statistics'],

  *detect({ catalog, workload, statistics }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      for (const { column, wrapped, what } of defeatsIn(bound)) {
        if (isKnownSmall(column.table, statistics, catalog)) continue
        yield {
          on: about(column.table),
          facts: {
            column: column.name,
            index: indexesLedBy(column)[0]?.name ?? '',
            wrapping: what,
            indexable: indexableFunction(wrapped.tree),
          },
          related: [column],
        }
        break
      }
    }
  },

  message: ({ on, facts: { column, index, wrapping } }) =>
    `${on} compares ${wrapping} of ${on.relation?.name}.${column}, so the index ${index} on the column does not help.`,

  advice: ({ on, facts: { column, indexable } }) =>
    indexable
      ? `Index the expression, ${indexable}(${column}), or keep ${on.relation?.name}.${column} in the form that is searched.`
      : `Move the computation to the other side, so that ${column} stands alone; for a day or a month compare with its beginning and with that of the next.`,

  fix: ({ on, facts: { column: name, indexable }, catalog }) => {
    const column = on.relation && catalog.table(on.relation.schema, on.relation.name)?.column(name)
    if (!column || !indexable) return []
    const expression = `${indexable}(${quoteIdentifier(name)})`
    return createIndex(column.table, { keys: [{ expression, name: `${indexable}_${name}` }] })
  },

  rewrite: ({ on: { query }, catalog }) => {
    const bound = bindQuery(query.tree, catalog)
    const [first] = defeatsIn(bound)
    if (!first || !isDay(first.wrapped.tree)) return null
    const { predicate, wrapped, other, column } = first
    if (predicate.operator !== '=' || !/^(?:date|unknown)$/.test(typeOf(other.tree, bound) ?? '')) return null
    const span = spanOf(query.text, predicate.tree)
    const name = textOf(query.text, at(wrapped.tree, 'TypeCast', 'arg'))
    const day = textOf(query.text, other.tree)
    if (!span || !name || !day || column.type.name === 'date') return null
    const from = `(${day})::date`
    return editText(query.text, [{ ...span, text: `(${name} >= ${from} and ${name} < ${from} + 1)` }])
  },
})

interface Defeat {
  readonly predicate: Predicate
  readonly wrapped: Predicate['left']
  readonly other: Predicate['left']
  readonly column: Column
  readonly what: string
}

/** Comparisons of something made from a column that has an index of its own, where nothing else leads to the rows. */
function defeatsIn(bound: BoundQuery): readonly Defeat[] {
  return bound.blocks.flatMap(({ predicates }) =>
    predicates.flatMap((predicate): readonly Defeat[] => {
      const { operator, negated, alternative, clause, left, right } = predicate
      if (negated || alternative || clause === 'having' || !right || !SEARCHES.has(operator)) return []
      const [wrapped, other] = left.kind === 'expression' ? [left, right] : [right, left]
      if (wrapped.kind !== 'expression' || other.kind !== 'value') return []
      const [reference] = wrapped.references
      const column = reference?.column
      if (!reference || !column || wrapped.references.some((one) => one.column !== column)) return []
      const what = wrappingOf(wrapped.tree, column, bound)
      if (what === null || indexesLedBy(column).length === 0) return []
      if (indexesOnExpression(column.table, wrapped.tree).length > 0) return []
      return isFoundOtherwise(reference.relation, predicate) ? [] : [{ predicate, wrapped, other, column, what }]
    }),
  )
}

/** What is around the column, in words; null for what is something else than the column in another form. */
function wrappingOf(tree: unknown, { type, table }: Column, bound: BoundQuery): string | null {
  if (type.name === 'jsonb' || type.name === 'json' || type.category === 'array' || !table) return null
  const call = at(tree, 'FuncCall') as Node | undefined
  if (call) {
    const name = String(at(list(call['funcname']).at(-1), 'String', 'sval'))
    return call['over'] ? null : `${name}()`
  }
  if (at(tree, 'CoalesceExpr')) return 'coalesce()'
  const cast = at(tree, 'TypeCast')
  if (cast) {
    const to = typeOf(tree, bound)
    if (to === null || to === type.name || (SAME.test(to) && SAME.test(type.name))) return null
    return at(cast, 'arg', 'ColumnRef')
      ? `a cast to ${to}`
      : wrappingOf(at(cast, 'arg'), { type, table } as Column, bound)
  }
  const operator = at(list(at(tree, 'A_Expr', 'name')).at(-1), 'String', 'sval')
  return typeof operator === 'string' && /^(?:[-+*/%]|\|\|)$/.test(operator) ? `a result of ${operator}` : null
}

/** The function that an index could be on as it stands: immutable, and of the column alone. */
function indexableFunction(tree: unknown): string | null {
  const call = at(tree, 'FuncCall') as Node | undefined
  const name = String(at(list(call?.['funcname']).at(-1), 'String', 'sval'))
  const [argument, ...others] = list(call?.['args'])
  return IMMUTABLE.has(name) && at(argument, 'ColumnRef') && others.length === 0 ? name : null
}

function isDay(tree: unknown): boolean {
  return at(list(at(tree, 'TypeCast', 'typeName', 'names')).at(-1), 'String', 'sval') === 'date'
}
