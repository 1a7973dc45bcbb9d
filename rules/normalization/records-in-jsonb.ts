import {
  afterReview,
  type Column,
  newName,
  quoteColumns,
  quoteIdentifier,
  quoteRelation,
  recordsIn,
  rule,
  statement,
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

  fix: ({ on, facts: { shape } }) => (shape === 'list' && !on.type.name.startsWith('_') ? moveToTable(on) : []),
})

/** A child table with one row for each element, filled from the array; the column is renamed and stays for one more release. */
function moveToTable(column: Column) {
  const { table, name } = column
  const key = table.primaryKey?.columns ?? []
  if (key.length === 0 || table.variety === 'partitioned' || table.partitionKey) return []
  const owner = wordsOf(table.name).join('_')
  const parents = key.map((part) => (part.name.startsWith(`${owner}_`) ? part.name : `${owner}_${part.name}`))
  const parentKey = parents.map(quoteIdentifier).join(', ')
  const child = quoteRelation({ schema: table.schema, name: newName([owner], wordsOf(name).join('_')) })
  const types = key.map((part, at) => `${quoteIdentifier(parents[at] ?? '')} ${part.type.sql} not null`)
  const elements = column.type.name === 'json' ? 'json_array_elements' : 'jsonb_array_elements'
  const typeOf = column.type.name === 'json' ? 'json_typeof' : 'jsonb_typeof'
  const source = `p.${quoteIdentifier(name)}`
  const alter = `alter table ${quoteRelation(table)}`
  const taken = new Set(table.columns.map((other) => other.name))
  const renamed = quoteIdentifier(/[A-Z]/.test(name) ? `${name}Legacy` : newName([name], 'legacy', taken))
  return afterReview(
    `Which keys of ${column} become columns of ${child}? The steps keep each element whole in data; writers have to write to both until the column goes.`,
    [
      statement(
        `create table ${child} (${types.join(', ')}, line_no integer not null, data jsonb not null, primary key (${parentKey}, line_no), foreign key (${parentKey}) references ${quoteRelation(table)} (${quoteColumns(key)}) on delete cascade, check (line_no > 0))`,
        `drop table ${child}`,
        { lock: 'SHARE ROW EXCLUSIVE' },
      ),
      statement(
        `insert into ${child} (${parentKey}, line_no, data) select ${key.map((part) => `p.${quoteIdentifier(part.name)}`).join(', ')}, e.line_no, e.data${column.type.name === 'json' ? '::jsonb' : ''} from ${quoteRelation(table)} as p cross join lateral ${elements}(case when ${typeOf}(${source}) = 'array' then ${source} else '[]' end) with ordinality as e (data, line_no)`,
        null,
        {
          phase: 'backfill',
          lock: 'ROW SHARE',
          scans: true,
          precheck: `select count(*) from ${quoteRelation(table)} as p where ${typeOf}(${source}) not in ('array', 'null')`,
        },
      ),
      // Writers that no longer send the column must still get through.
      ...(column.notNull && column.default === null
        ? [
            statement(
              `${alter} alter column ${quoteIdentifier(name)} set default '[]'`,
              `${alter} alter column ${quoteIdentifier(name)} drop default`,
              { phase: 'contract', lock: 'ACCESS EXCLUSIVE' },
            ),
          ]
        : []),
      statement(
        `${alter} rename column ${quoteIdentifier(name)} to ${renamed}`,
        `${alter} rename column ${renamed} to ${quoteIdentifier(name)}`,
        {
          phase: 'contract',
          lock: 'ACCESS EXCLUSIVE',
        },
      ),
    ],
  )
}
