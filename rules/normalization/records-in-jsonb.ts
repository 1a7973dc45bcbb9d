import {
  afterReview,
  type Assessment,
  type Column,
  columnsOfElements,
  type ListColumn,
  moveToChildTable,
  newName,
  type Records,
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
  uses: ['workload', 'sample'],
  tier: 'inferred',
  // What columns hold can be judged; what documents hold could not. Queries that read the column are listed with the fix.
  reveals: [
    'consistency/total-apart-from-lines',
    'constraints/unchecked-amount',
    'queries/unknown-name',
    'redundancy/unreconciled-total',
  ],

  *detect({ catalog, workload, sample }) {
    for (const column of catalog.columns()) {
      if (column.table.partitionOf || column.table.variety === 'foreign' || column.inherited) continue
      const held = sample?.json(column)
      const records = recordsIn(column, catalog, workload, held)
      if (!records) continue
      const { columns, products } =
        held && records.shape === 'list' ? columnsOfElements(held) : { columns: [], products: [] }
      yield {
        on: column,
        facts: {
          ...records,
          ...(held ? { documents: held.documents, elements: held.elements, unlike: held.grounds.violations } : {}),
          columns: columns.map((one) => ({ ...one })),
          products: products.map((one) => ({ ...one })),
        },
        ...(held ? { grounds: held.grounds } : {}),
        assessment: { ...weigh(records), ...(held ? { confidence: 0.95 } : {}) },
      }
    }
  },

  message: ({ on, facts: { shape, keys } }) => {
    if (shape === 'list') return `${on} keeps rows of another table in a JSON array.`
    if (shape === 'object')
      return `${on} has ${listed(keys)} in nearly every row: columns without types or constraints.`
    return shape === 'attributes'
      ? `${on} is a document, but ${keys.join(', ')} ${keys.length > 1 ? 'are' : 'is'} read from it as columns are.`
      : `${on} keeps what usage is told apart and priced by in a document without types or constraints.`
  },

  advice: ({ on, facts: { shape, keys } }) => {
    if (shape === 'list')
      return `Make a table with one row for each element, keyed by the row of ${on.table} and the element's number, and give it typed columns for the keys that every element has; rarer ones stay in a JSON column beside them.`
    return shape === 'usage'
      ? 'Give typed columns to the keys that prices, limits and reports depend on, and leave the rest in the document.'
      : `Give ${listed(keys)} typed columns${keys.length > 1 ? ' of their own' : ' of its own'}, and leave the rest in the document.`
  },

  fix: ({ on, facts: { shape, columns, products }, catalog, target }) => {
    if (shape !== 'list' || on.type.name.startsWith('_')) return []
    const list = asList(on)
    const asked =
      columns.length === 0
        ? `Which keys of ${on} become columns of ${list.child}? The steps keep each element whole in data, which columns can be taken out of later.`
        : `Are ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')} what elements of ${on} need, as its rows have them? Other keys stay in data, and elements that do not fit wait in a table of rejects.`
    const checks = products.map(({ product, factors: [a, b], scale }) => ({
      columns: [product, a, b],
      condition: (of: (name: string) => string) => `${of(product)} = round(${of(a)} * ${of(b)}, ${scale})`,
    }))
    return afterReview(
      asked,
      moveToChildTable(columns.length === 0 ? list : { ...list, columns, checks }, { catalog, target }),
    )
  },
})

function weigh({ shape, seenIn }: Records): Assessment {
  if (shape === 'list') return { confidence: seenIn.length > 1 ? 0.85 : 0.6 }
  return { severity: 'info', confidence: shape === 'attributes' ? 0.6 : 0.4 }
}

/** `a, b and 3 more`. */
function listed(keys: readonly string[]): string {
  return keys.length > 5 ? `${keys.slice(0, 4).join(', ')} and ${keys.length - 4} more` : keys.join(', ')
}

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
