import {
  afterReview,
  type Column,
  type ListColumn,
  moveToChildTable,
  newName,
  recordsIn,
  rule,
  wordsOf,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  complexity: 'high',
  breaks: '1NF',
  docs: {
    summary: 'Keep records that repeat in a table of their own, not in a JSON array.',
    why: 'No constraint reaches into the array: a line without a price, a product that is gone or an amount in words is found when the sums are wrong. Every change of one line writes the whole document anew.',
    bad: "create table invoice (id bigint primary key, line_items jsonb not null default '[]');",
    good: 'create table invoice (id bigint primary key); create table invoice_line (invoice_id bigint references invoice, line_no integer, amount numeric(12, 2) not null, primary key (invoice_id, line_no));',
    unless: 'The document is kept as it was sent or received, and nobody ever asks for one of its parts.',
    references: [
      'https://www.postgresql.org/docs/current/datatype-json.html#JSON-DOC-DESIGN',
      'https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-JSON-PROCESSING',
    ],
  },
  needs: ['catalog'],
  uses: ['workload'],
  tier: 'inferred',

  *detect({ catalog, workload }) {
    for (const column of catalog.columns()) {
      if (column.table.partitionOf || column.table.variety === 'foreign' || column.inherited) continue
      const records = recordsIn(column, catalog, workload)
      if (!records) continue
      yield {
        on: column,
        facts: { ...records },
        assessment:
          records.shape === 'list'
            ? { confidence: records.seenIn.length > 1 ? 0.85 : 0.6 }
            : { severity: 'info', confidence: records.shape === 'attributes' ? 0.6 : 0.4 },
      }
    }
  },

  message: ({ on, facts: { shape, keys } }) => {
    if (shape === 'list') return `${on} keeps rows of another table in a JSON array.`
    return shape === 'attributes'
      ? `${on} is a document, but ${keys.join(', ')} ${keys.length > 1 ? 'are' : 'is'} read from it as columns are.`
      : `${on} keeps what usage is told apart and priced by in a document without types or constraints.`
  },

  advice: ({ on, facts: { shape, keys } }) => {
    if (shape === 'list')
      return `Make a table with one row for each element, keyed by the row of ${on.table} and the element's number, and give it typed columns for the keys that every element has; rarer ones stay in a JSON column beside them.`
    return shape === 'attributes'
      ? `Give ${keys.join(', ')} typed columns${keys.length > 1 ? ' of their own' : ' of its own'}, and leave the rest in the document.`
      : 'Give typed columns to the keys that prices, limits and reports depend on, and leave the rest in the document.'
  },

  fix: ({ on, facts: { shape }, catalog, target }) => {
    if (shape !== 'list' || on.type.name.startsWith('_')) return []
    const list = asList(on)
    return afterReview(
      `Which keys of ${on} become columns of ${list.child}? The steps keep each element whole in data, which columns can be taken out of later.`,
      moveToChildTable(list, { catalog, target }),
    )
  },
})

function asList(column: Column): ListColumn {
  const owner = wordsOf(column.table.name).join('_')
  const json = column.type.name
  return {
    column,
    owner,
    child: newName([owner], wordsOf(column.name).join('_')),
    element: { name: 'data', type: 'jsonb' },
    explode: (value) =>
      `jsonb_array_elements(case when ${json}_typeof(${value}) = 'array' then ${value}${json === 'json' ? '::jsonb' : ''} else '[]' end)`,
    collect: (element, order) => `${json}_agg(${element} order by ${order})`,
    empty: "'[]'",
    unfit: (value) => `${json}_typeof(${value}) not in ('array', 'null')`,
  }
}
