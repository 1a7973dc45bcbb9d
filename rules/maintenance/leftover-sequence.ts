import {
  afterReview,
  columnsFedBySequences,
  dropSequence,
  rule,
  type Catalog,
  type Column,
  type Sequence,
} from '../../src/kit.js'

const NUMBERS = /^(?:int[248]|numeric)$/

export default rule({
  severity: 'info',
  docs: {
    summary: 'Drop a sequence that a column has outgrown.',
    why: 'It looks as if it numbered the column. Whoever resets sequences after an import, or looks for the next number, takes the wrong one.',
    bad: 'create sequence account_id_seq; create table account (id uuid primary key default gen_random_uuid());',
    good: 'create table account (id bigserial primary key);',
    unless: 'An application still takes numbers from it.',
    references: ['https://www.postgresql.org/docs/current/sql-dropsequence.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const fed = columnsFedBySequences(catalog)
    for (const sequence of catalog.sequences) {
      if (sequence.identity || fed.has(sequence)) continue
      const column = sequence.ownedBy ?? columnByName(sequence, catalog)
      if (!column || !hasOtherValues(column) || isMentioned(sequence, catalog)) continue
      yield { on: sequence, related: [column], facts: { column: column.address } }
    }
  },

  message: ({ on, facts: { column } }) => `${on} is left over: ${column} takes its values from elsewhere.`,

  fix: ({ on }) => afterReview(`Does any application take numbers from ${on}?`, dropSequence(on)),
})

/** The column that `serial` would have made it for: `table_column_seq`. */
function columnByName({ schema, name }: Sequence, catalog: Catalog): Column | undefined {
  if (!name.endsWith('_seq')) return undefined
  const stem = name.slice(0, -'_seq'.length)
  for (let at = stem.indexOf('_'); at > 0; at = stem.indexOf('_', at + 1)) {
    const column = catalog.table(schema.name, stem.slice(0, at))?.column(stem.slice(at + 1))
    if (column) return column
  }
  return undefined
}

function hasOtherValues({ type, identity, default: value }: Column): boolean {
  return identity !== null || value !== null || !NUMBERS.test(type.name)
}

function isMentioned({ name }: Sequence, catalog: Catalog): boolean {
  return (
    catalog.functions.some(({ source }) => source?.includes(name)) ||
    catalog.views.some(({ definition }) => definition.includes(name)) ||
    catalog.tables.some(({ columns }) => columns.some((column) => column.default?.includes(name)))
  )
}
