import {
  afterReview,
  type Catalog,
  type Column,
  changeColumnTypes,
  mentions,
  rule,
  type Schema,
  type Table,
  wordsOf,
} from '../../src/kit.js'

/** Documents that are kept as they came, to the byte. */
const VERBATIM = /raw|orig|verbatim|signed|request|response|webhook|payload|body|envelope/i

/** Tables that pass documents on. */
const IN_TRANSIT = /queue|job|outbox|inbox|sent|received|message|activity|webhook|import|backup/i

export default rule({
  severity: 'info',
  docs: {
    summary: 'Store JSON that is queried as jsonb.',
    why: 'json is text that was checked once: it is parsed again on each access, has no = (so DISTINCT, GROUP BY and UNION fail on the row), and no index finds anything in it.',
    bad: 'create table subscription (id bigint primary key, settings json);',
    good: 'create table subscription (id bigint primary key, settings jsonb);',
    unless: 'The text itself matters: its blanks, the order of keys, a signature over it.',
    references: ['https://www.postgresql.org/docs/current/datatype-json.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign' || isInTransit(table)) continue
      const columns = table.columns.filter(
        (column) =>
          column.type.name === 'json' &&
          !column.inherited &&
          !VERBATIM.test(column.name) &&
          (!isChosen(table.schema, catalog) || isRead(column, catalog)),
      )
      if (columns.length === 0) continue
      yield { on: table, related: columns, facts: { columns: columns.map(({ name }) => name) } }
    }
  },

  message: ({ on, facts: { columns } }) => `${on} stores ${columns.join(', ')} as json, not jsonb.`,

  fix: ({ on, facts: { columns }, catalog, target }) => {
    const changed = columns.flatMap((name) => on.column(name) ?? [])
    if (changed.some(({ generated, type }) => generated || type.domain)) return []
    return afterReview(
      `Does anything depend on the text of ${columns.join(', ')} being kept as it was: blanks, order, repeated keys?`,
      changeColumnTypes(
        changed.map((column) => ({
          column,
          type: 'jsonb',
          default: column.default?.replace(/::json$/, '::jsonb') ?? null,
        })),
        { catalog, target },
      ),
    )
  },
})

/** Whoever keeps most documents of a schema as jsonb knows the difference. */
function isChosen(schema: Schema, { tables }: Catalog): boolean {
  const types = tables.flatMap((table) => (table.schema === schema ? table.columns.map(({ type }) => type.name) : []))
  return types.filter((type) => type === 'jsonb').length > types.filter((type) => type === 'json').length
}

/** An index or a view takes the document apart. */
function isRead({ table, name }: Column, { views }: Catalog): boolean {
  const inside = new RegExp(`\\b${name.replaceAll(/[^\w]/g, '\\$&')}"?\\)? (?:->|#>)`)
  if (table.indexes.some(({ keys }) => keys.some(({ column, expression }) => !column && inside.test(expression))))
    return true
  return views.some(({ dependsOn, definition }) => dependsOn.includes(table) && inside.test(definition))
}

function isInTransit({ name }: Table): boolean {
  return IN_TRANSIT.test(name) || mentions(wordsOf(name), 'audit')
}
