import {
  addCheck,
  afterReview,
  holdsStatus,
  isConfined,
  mayHoldStatus,
  quoteIdentifier,
  quoteLiteral,
  rule,
  statusValuesOf,
} from '../../src/kit.js'

/** With fewer values known, a list would only be a guess. */
const FEWEST = 2

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

  *detect({ catalog }) {
    for (const column of catalog.columns()) {
      const { table } = column
      if (table.partitionOf || table.variety === 'foreign' || column.inherited) continue
      if (!mayHoldStatus(column) || isConfined(column)) continue
      const known = statusValuesOf(column, catalog)
      if (holdsStatus(column, known) !== 'yes') continue
      yield { on: column, facts: { ...known }, assessment: { confidence: confidenceOf(known.seenIn) } }
    }
  },

  message: ({ on, facts: { values } }) =>
    `${on} takes any text${values.length > 0 ? `, though the schema knows ${values.map(quoteLiteral).join(', ')}` : ''}.`,

  advice: ({ on, facts: { values, seenIn, complete } }) =>
    values.length > 0
      ? `${complete ? 'An enum names all values' : `Seen in ${seenIn.join(', ')}: ${values.map(quoteLiteral).join(', ')}`}. Compare with select ${quoteIdentifier(on.name)}, count(*) … group by 1 and with the application, then add the CHECK.`
      : `List the values with select ${quoteIdentifier(on.name)}, count(*) … group by 1, compare with the application, then add CHECK (${quoteIdentifier(on.name)} in (…)).`,

  fix: ({ on, facts: { values, complete } }) =>
    values.length < FEWEST
      ? []
      : afterReview(
          complete
            ? `Is ${on} still meant to have the values of the enum?`
            : `Are these all values that ${on} can have: ${values.map(quoteLiteral).join(', ')}?`,
          addCheck(on.table, [on], `${quoteIdentifier(on.name)} in (${values.map(quoteLiteral).join(', ')})`),
        ),
})

function confidenceOf(seenIn: readonly string[]): number {
  if (seenIn.some((place) => place !== 'default')) return 0.95
  return seenIn.length > 0 ? 0.9 : 0.75
}
