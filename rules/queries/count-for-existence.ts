import {
  at,
  bindQuery,
  bindWorkload,
  type Block,
  type BoundQuery,
  editText,
  list,
  type Node,
  rule,
  spanOf,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Ask whether there is a row with EXISTS.',
    why: 'count(*) reads every row that matches, to learn whether there is one; EXISTS stops at the first.',
    bad: `create table invoice (id bigint primary key, customer_id bigint not null);
-- workload
select count(*) > 0 from invoice where customer_id = $1;`,
    good: `create table invoice (id bigint primary key, customer_id bigint not null);
-- workload
select exists (select from invoice where customer_id = $1);`,
    references: ['https://www.postgresql.org/docs/current/functions-subquery.html#FUNCTIONS-SUBQUERY-EXISTS'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const [found] = countsIn(bound)
      if (found)
        yield { on: about(found.block.relations[0]?.table), facts: { wants: found.wantsSome ? 'some' : 'none' } }
    }
  },

  message: ({ on, facts: { wants } }) =>
    `${on} counts all rows of ${on.relation?.name ?? 'a relation'} to learn whether there ${wants === 'some' ? 'is one' : 'is none'}.`,

  rewrite: ({ on: { query }, catalog }) => {
    const [found] = countsIn(bindQuery(query.tree, catalog))
    const comparison = found && spanOf(query.text, found.comparison)
    if (!found || !comparison) return null
    const call = spanOf(query.text, found.count)
    if (!call) return null
    const word = `${found.wantsSome ? '' : 'not '}exists `
    if (found.sublink) {
      const subquery = spanOf(query.text, found.sublink)
      if (!subquery) return null
      const text = query.text.slice(subquery.from, subquery.to)
      const inner = text.slice(0, call.from - subquery.from) + '1' + text.slice(call.to - subquery.from)
      return editText(query.text, [{ ...comparison, text: `${word}${inner}` }])
    }
    const rest = query.text.slice(comparison.to)
    const alias = /^\s+(?:as\s+)?(?!from\b)("?\w+"?)(?=\s)/i.exec(rest)
    const body = rest.slice(alias?.[0].length ?? 0).replace(/;\s*$/, '')
    return `${query.text.slice(0, comparison.from)}${word}(select 1${body})${alias?.[0] ?? ''}`
  },
})

interface Count {
  readonly block: Block
  /** `count(*) > 0`, with the subquery around the count where there is one. */
  readonly comparison: unknown
  readonly sublink: unknown
  readonly count: unknown
  readonly wantsSome: boolean
}

/** Comparisons of a count of all rows with none. */
function countsIn(bound: BoundQuery): readonly Count[] {
  return comparisonsIn(bound.root.node).flatMap((comparison): readonly Count[] => {
    const node = at(comparison, 'A_Expr') as Node
    const wantsSome = answerOf(node)
    if (wantsSome === null) return []
    const sublink = at(node, 'lexpr', 'SubLink') ? node['lexpr'] : null
    const inner = sublink ? bound.blockOf(at(sublink, 'SubLink', 'subselect')) : undefined
    const count = sublink ? inner?.targets[0]?.tree : node['lexpr']
    const block = inner ?? (bound.root.targets.some(({ tree }) => tree === comparison) ? bound.root : undefined)
    if (!block || !isCountOfRows(count)) return []
    const { groupBy, targets, setOperation, relations, distinct } = block
    if (groupBy.length > 0 || targets.length !== 1 || setOperation || distinct || relations.length === 0) return []
    return block.node['havingClause'] || block.limit ? [] : [{ block, comparison, sublink, count, wantsSome }]
  })
}

/** `> 0`, `>= 1`, `<> 0` want some rows; `= 0`, `< 1` none. */
function answerOf(node: Node): boolean | null {
  const operator = String(at(list(node['name']).at(-1), 'String', 'sval'))
  const constant = at(node, 'rexpr', 'A_Const', 'ival')
  if (constant === undefined || node['kind'] !== 'AEXPR_OP') return null
  const text = `${operator} ${Number(at(constant, 'ival') ?? 0)}`
  if (/^(?:> 0|>= 1|<> 0)$/.test(text)) return true
  return /^(?:= 0|< 1)$/.test(text) ? false : null
}

function isCountOfRows(tree: unknown): boolean {
  const call = at(tree, 'FuncCall') as Node | undefined
  if (!call || call['over'] || call['agg_filter'] || call['agg_distinct']) return false
  const name = at(list(call['funcname']).at(-1), 'String', 'sval')
  return name === 'count' && (call['agg_star'] === true || at(list(call['args'])[0], 'A_Const') !== undefined)
}

function comparisonsIn(tree: unknown): readonly unknown[] {
  if (Array.isArray(tree)) return tree.flatMap(comparisonsIn)
  if (typeof tree !== 'object' || tree === null) return []
  const own = 'A_Expr' in tree ? [tree] : []
  return [...own, ...Object.values(tree).flatMap(comparisonsIn)]
}
