import {
  addCheck,
  afterReview,
  type Catalog,
  type Column,
  type Detection,
  groupBy,
  holdsStatus,
  isConfined,
  mayHoldStatus,
  means,
  quoteIdentifier,
  quoteLiteral,
  rule,
  type Schema,
  statusValuesOf,
  type StatusValues,
  tablesSurelyIn,
  wordsOf,
} from '../../src/kit.js'

/** With fewer values known, a list would only be a guess. */
const FEWEST = 2

/** More columns of one name are a habit of the house, and one finding. */
const FEW = 10

type OpenStatus = Pick<StatusValues, 'values' | 'seenIn' | 'complete'> & { readonly columns: readonly string[] }

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Let a CHECK, an enum or a foreign key name the values that a status can have.',
    why: 'A misspelt or half-migrated status is accepted, and its row falls out of every query and index that asks for the known ones: an invoice that is `payed` is never dunned and never paid.',
    bad: "create table invoice (id bigint primary key, status text not null default 'draft');",
    good: "create table invoice (id bigint primary key, status text not null default 'draft' check (status in ('draft', 'open', 'paid')));",
    unless: 'The values belong to another system, which may add to them at any time.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog'],
  tier: 'inferred',

  *detect({ catalog }): Generator<Detection<Schema | Column, OpenStatus>> {
    const found = catalog.columns().flatMap((column) => {
      const { table } = column
      if (table.partitionOf || table.variety === 'foreign' || column.inherited) return []
      if (!mayHoldStatus(column) || isConfined(column)) return []
      const known = statusValuesOf(column, catalog)
      return holdsStatus(column, known) === 'yes' || isStateOfDocument(column, catalog) ? [{ column, known }] : []
    })
    for (const namesakes of groupBy(found, ({ column }) => `${column.table.schema.name} ${column.name}`).values()) {
      const [{ column }] = namesakes as [(typeof found)[number]]
      if (namesakes.length > FEW) {
        const seenIn = [...new Set(namesakes.flatMap(({ known }) => known.seenIn))]
        yield {
          on: column.table.schema,
          related: namesakes.map((one) => one.column.table),
          facts: {
            columns: namesakes.map((one) => `${one.column.table.name}.${one.column.name}`),
            values: [...new Set(namesakes.flatMap(({ known }) => known.values))],
            seenIn,
            complete: false,
          },
          assessment: { confidence: confidenceOf(seenIn) },
        }
      } else
        for (const { column: one, known } of namesakes)
          yield { on: one, facts: { columns: [], ...known }, assessment: { confidence: confidenceOf(known.seenIn) } }
    }
  },

  message: ({ on, facts: { columns, values } }) =>
    `${on.kind === 'schema' ? `The status of ${columns.length} tables of ${on} (${columns.slice(0, 3).join(', ')} …)` : on} takes any text${values.length > 0 ? `, though the schema knows ${values.map(quoteLiteral).join(', ')}` : ''}.`,

  advice: ({ on, facts: { values, seenIn, complete } }) =>
    on.kind === 'schema'
      ? `Make one domain or enum of the values for all of them, after select distinct over each.`
      : values.length > 0
        ? `Add a CHECK with ${complete ? 'all values of the enum' : `${values.map(quoteLiteral).join(', ')} (seen in ${seenIn.join(', ')}) and what else there is`}: compare with select ${quoteIdentifier(on.name)}, count(*) … group by 1 and with the application first.`
        : `List the values with select ${quoteIdentifier(on.name)}, count(*) … group by 1, compare with the application, then add CHECK (${quoteIdentifier(on.name)} in (…)).`,

  fix: ({ on, facts: { values, complete } }) =>
    on.kind === 'schema' || values.length < FEWEST
      ? []
      : afterReview(
          complete
            ? `Is ${on} still meant to have the values of the enum?`
            : `Are these all values that ${on} can have: ${values.map(quoteLiteral).join(', ')}?`,
          addCheck(on.table, [on], `${quoteIdentifier(on.name)} in (${values.map(quoteLiteral).join(', ')})`),
        ),
})

/** A row of billing that lives through states cannot do without one; what a text says of it elsewhere may be anything. */
function isStateOfDocument(column: Column, catalog: Catalog): boolean {
  const words = wordsOf(column.name)
  const [word] = words
  return (
    column.notNull &&
    words.length === 1 &&
    means(word!, 'status', 'state') &&
    tablesSurelyIn(catalog, 'subscription', 'invoice', 'payment').includes(column.table)
  )
}

function confidenceOf(seenIn: readonly string[]): number {
  if (seenIn.some((place) => place !== 'default')) return 0.95
  return seenIn.length > 0 ? 0.9 : 0.75
}
