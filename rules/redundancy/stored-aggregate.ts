import {
  type AggregateFact,
  afterReview,
  type Catalog,
  type Column,
  createView,
  type ForeignKey,
  isReconciled,
  newName,
  quoteColumns,
  quoteIdentifier,
  quoteRelation,
  rule,
  storedSumsOf,
} from '../../src/kit.js'

const FORM: Readonly<Record<AggregateFact['form'], string>> = {
  count: 'the number of rows',
  sum: 'the sum',
  'sum of products': 'the sum of the products',
  earliest: 'the earliest',
  latest: 'the latest',
}

export default rule({
  severity: 'info',
  confidence: 0.85,
  impact: 'medium',
  complexity: 'low',
  docs: {
    summary: 'Compare a stored total, count or latest time with the rows that it is taken from.',
    why: 'It is a copy that every writer has to keep. One job that fails between two writes, one row that is corrected by hand, and the two say different things, both of which go on being read.',
    bad: `create table basket (id bigint primary key, item_count int not null);
      create table basket_item (id bigint primary key, basket_id bigint not null references basket, weight int not null);
      insert into basket select n, n % 7 + 1 from generate_series(1, 60) as n;
      insert into basket_item select row_number() over (), n, n * k % 11 from generate_series(1, 60) as n, generate_series(1, n % 7 + 1) as k;`,
    good: `create table basket (id bigint primary key, places int not null);
      create table basket_item (id bigint primary key, basket_id bigint not null references basket, weight int not null);
      insert into basket select n, n % 9 + 3 from generate_series(1, 60) as n;
      insert into basket_item select row_number() over (), n, n * k % 11 from generate_series(1, 60) as n, generate_series(1, n % 7 + 1) as k;`,
    unless: 'A job compares them, or the rows are thrown away after they were counted.',
    references: ['https://www.postgresql.org/docs/current/sql-createview.html'],
  },
  needs: ['catalog', 'sample'],

  *detect({ catalog, sample }) {
    const known = new Set(storedSumsOf(catalog).map(({ total }) => total))
    for (const table of catalog.tables) {
      for (const fact of sample.aggregates(table)) {
        const total = table.column(fact.total)
        const parts = catalog.tables.find(({ address }) => address === fact.parts)
        // The rule about totals of billing knows more of them.
        if (!total || !parts || known.has(total) || isReconciled({ total, parts }, catalog)) continue
        const of = fact.of.flatMap((name) => parts.column(name) ?? [])
        yield {
          on: total,
          related: of.length > 0 ? of : [parts],
          facts: {
            form: fact.form,
            of: fact.of,
            parts: parts.address,
            by: fact.by,
            differing: fact.grounds.violations,
            rows: fact.grounds.support,
            keys: fact.grounds.counterexamples.map(({ key }) => key),
          },
          grounds: fact.grounds,
          assessment: fact.grounds.violations > 0 ? { severity: 'warning' } : {},
        }
      }
    }
  },

  message: ({ on, facts: { form, of, parts, differing, rows, keys } }) => {
    const what = `${FORM[form]}${of.length > 0 ? ` of ${of.join(' and ')}` : ''} of ${parts}`
    const shown = keys.map((key) => Object.values(key).join(' ')).join(', ')
    return differing === 0
      ? `${on} is ${what} in all ${rows.toLocaleString('en')} rows, and nothing keeps it so.`
      : `${on} is ${what}, but for ${differing.toLocaleString('en')} of ${rows.toLocaleString('en')} rows${shown ? ` (${shown})` : ''}.`
  },

  advice: ({ on, facts: { parts, differing } }) =>
    `${differing > 0 ? 'Find out which of the two is right for each of the rows, and mend it. ' : ''}If ${on.name} is kept for fast reads, write both in one transaction and look every day at a view of the rows where it and ${parts} differ; else drop it and ask ${parts}, or a materialized view with a unique index.`,

  fix: ({ on, catalog, facts, target }) => {
    const parts = catalog.tables.find(({ address }) => address === facts.parts)
    const key = parts?.foreignKeys.find(({ columns }) => columns.map(({ name }) => name).join() === facts.by.join())
    const own = on.table.primaryKey?.columns ?? []
    if (!parts || !key || own.length === 0) return []
    return afterReview(
      `Is ${on} meant to be all of ${parts}, with no row thrown away before?`,
      createView(viewOf(on, key, own, facts, catalog), [on.table, parts], target),
    )
  },
})

/** The rows where both differ. */
function viewOf(
  total: Column,
  { table: parts, columns, referencedColumns }: ForeignKey,
  own: readonly Column[],
  { form, of }: Pick<AggregateFact, 'form' | 'of'>,
  catalog: Catalog,
) {
  const { table } = total
  const { schema } = table
  const taken = new Set(
    [...catalog.tables, ...catalog.views].filter((one) => one.schema === schema).map(({ name }) => name),
  )
  const name = (alias: string, one: { readonly name: string }) => `${alias}.${quoteIdentifier(one.name)}`
  const [first = '', second = ''] = of.map((one) => name('p', { name: one }))
  const value = {
    count: 'count(*)',
    sum: `coalesce(sum(${first}), 0)`,
    'sum of products': `coalesce(sum(${first}::numeric * ${second}), 0)`,
    earliest: `min(${first})`,
    latest: `max(${first})`,
  }[form]
  const match = columns.map((column, at) => `${name('p', column)} = ${name('t', referencedColumns[at]!)}`).join(' and ')
  const stored = quoteIdentifier(total.name)
  return {
    schema,
    name: newName([table.name, total.name], 'differences', taken),
    definition: [
      `select ${quoteColumns(own)}, ${stored}, taken_together`,
      `from (select ${[...new Set([...own, total])].map((column) => name('t', column)).join(', ')}, (select ${value} from ${quoteRelation(parts)} as p where ${match}) as taken_together from ${quoteRelation(table)} as t) as both_sides`,
      `where ${stored} is distinct from taken_together`,
    ].join('\n'),
    comment: `Rows whose ${total.name} is not what ${parts} says. No row is what it should show.`,
  }
}
