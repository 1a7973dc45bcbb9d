import {
  at,
  bindQuery,
  bindWorkload,
  type Block,
  type BoundQuery,
  editText,
  keyNamesOf,
  multipliersOf,
  type Relation,
  rule,
  spanOf,
  textOf,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  confidence: 0.9,
  docs: {
    summary: 'Ask EXISTS for rows of another table that are not shown, instead of joining them and taking DISTINCT.',
    why: 'The join makes a row for each match, and DISTINCT sorts or hashes them all to take them out again. EXISTS stops at the first match and makes none.',
    bad: `create table customer (id bigint primary key, name text not null);
create table invoice (id bigint primary key, customer_id bigint not null references customer);
-- workload
select distinct c.id, c.name from customer c join invoice i on i.customer_id = c.id;`,
    good: `create table customer (id bigint primary key, name text not null);
create table invoice (id bigint primary key, customer_id bigint not null references customer);
-- workload
select c.id, c.name from customer c where exists (select from invoice i where i.customer_id = c.id);`,
    references: ['https://www.postgresql.org/docs/current/functions-subquery.html#FUNCTIONS-SUBQUERY-EXISTS'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const found = bound.blocks.map((block) => fanOutOf(block, bound)).find(Boolean)
      if (found)
        yield { on: about(found.shown.table), facts: { shown: found.shown.name, by: found.by.map(({ name }) => name) } }
    }
  },

  message: ({ on, facts: { shown, by } }) =>
    `${on} joins ${by.join(', ')}, shows nothing of it, and takes the repeated rows of ${shown} out again by DISTINCT.`,

  rewrite: ({ on: { query }, catalog }) => {
    const bound = bindQuery(query.tree, catalog)
    const found = fanOutOf(bound.root, bound)
    const [join, more] = bound.root.joins
    if (!found || !join || more || join.kind !== 'inner' || bound.root.relations.length !== 2) return null
    const [shown, hidden] = bound.root.relations
    if (found.shown !== shown || !hidden?.table || !join.node['quals']) return null
    return asExists(query.text, bound.root, shown, hidden)
  },
})

/** A relation whose rows DISTINCT makes single again, and what repeats them. */
function fanOutOf(
  block: Block,
  bound: BoundQuery,
): { readonly shown: Relation; readonly by: readonly Relation[] } | null {
  if (block.distinct !== 'all' || block.aggregates.length > 0 || block.groupBy.length > 0 || block.setOperation)
    return null
  const [shown, other] = [
    ...new Set(block.targets.flatMap(({ tree, star }) => (tree === null ? star : relationsIn(tree, bound)))),
  ]
  if (!shown || other || block.targets.some(({ tree }) => tree !== null && relationsIn(tree, bound).length === 0))
    return null
  const names = new Set(block.targets.flatMap(({ tree }) => bound.reference(at(tree, 'ColumnRef'))?.name ?? []))
  const isWhole = block.targets.some(({ tree }) => tree === null)
  if (!keyNamesOf(shown).some((key) => key.length > 0 && (isWhole || key.every((name) => names.has(name))))) return null
  const by = multipliersOf(shown).filter(({ kind }) => kind === 'table')
  return by.length > 0 && by.length === multipliersOf(shown).length ? { shown, by } : null
}

function relationsIn(tree: unknown, bound: BoundQuery): readonly Relation[] {
  return bound.referencesIn(tree).map(({ relation }) => relation)
}

/** `from a join b on x where y` as `from a where exists (select from b where x and y)`. */
function asExists(text: string, block: Block, shown: Relation, hidden: Relation): string | null {
  const [join] = block.joins
  const on = spanOf(text, join?.node['quals'])
  const condition = textOf(text, join?.node['quals'])
  const where = block.node['whereClause']
  const filter = where ? spanOf(text, where) : null
  const word = /\bdistinct\b/i.exec(text)
  const place = placeOf(shown, text)
  if (!on || !condition || (where && !filter) || !word || place === null) return null
  const named = `${hidden.schema ? `${hidden.schema}.` : ''}${hidden.name}${hidden.alias === hidden.name ? '' : ` ${hidden.alias}`}`
  const both = filter ? `(${condition}) and (${text.slice(filter.from, filter.to)})` : condition
  const exists = ` where exists (select 1 from ${named} where ${both})`
  return editText(text, [
    { from: word.index, to: word.index + word[0].length, text: '' },
    { from: place, to: filter ? filter.to : on.to, text: exists },
  ])
}

/** Where the relation's mention ends. */
function placeOf({ node, alias, name }: Relation, text: string): number | null {
  const start = Buffer.from(text).subarray(0, Number(node['location'])).toString().length
  const pattern = /^(?:[\w"]+\s*\.\s*)?[\w"]+/.exec(text.slice(start))
  if (!pattern) return null
  const end = start + pattern[0].length
  if (alias === name) return end
  const named = /^\s+(?:as\s+)?[\w"]+/i.exec(text.slice(end))
  return named ? end + named[0].length : null
}
