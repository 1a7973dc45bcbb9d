import {
  afterReview,
  changeColumnTypes,
  type Column,
  type DaySign,
  holdsDays,
  rule,
  type TypeChange,
  weakest,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  complexity: 'medium',
  docs: {
    summary: 'Store days as date.',
    why: 'A day kept as midnight of no zone becomes the day before as soon as a driver or a report reads it in a zone west of the one that wrote it; and each comparison with a day has to know that there is a time of day which means nothing.',
    bad: "create table person (id bigint primary key, born_on_day timestamp default date_trunc('day', now()));",
    good: 'create table person (id bigint primary key, born_on_day date default current_date);',
    unless: 'The midnights are instants that happen to be midnights so far.',
    references: ['https://www.postgresql.org/docs/current/datatype-datetime.html'],
  },
  needs: ['catalog'],
  uses: ['sample'],

  *detect({ catalog, sample }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const found = table.columns.flatMap((column) => {
        const sign = holdsDays(column, sample)
        return sign ? [{ column, sign }] : []
      })
      if (found.length === 0) continue
      const witnessed = found.flatMap(({ sign }) => (sign.by === 'rows' ? [sign.grounds] : []))
      const signs = found.map(({ sign }) => sign.by)
      yield {
        on: table,
        related: found.map(({ column }) => column),
        facts: { columns: found.map(({ column, sign }) => ({ name: column.name, by: sign.by })) },
        ...(witnessed.length > 0 ? { grounds: weakest(witnessed) } : {}),
        assessment: signs.includes('name') ? { tier: 'inferred', confidence: 0.8 } : {},
      }
    }
  },

  message: ({ on, facts: { columns } }) =>
    `${on} stores days as timestamp without time zone: ${columns.map(({ name, by }) => `${name} (${REASONS[by]})`).join(', ')}.`,

  fix: ({ on, facts: { columns }, catalog, target }) => {
    const changed = columns.flatMap(({ name }) => on.column(name) ?? [])
    // PostgreSQL does not change the type of a partition key.
    if (changed.some((column) => on.partitionKey?.columns.includes(column))) return []
    const names = changed.map(({ name }) => name).join(', ')
    return afterReview(
      `Is each value of ${names} of ${on} a day, and do the programs that read them take a date?`,
      changeColumnTypes(changed.map(toDate), { catalog, target }),
    )
  },
})

const REASONS: Readonly<Record<DaySign['by'], string>> = {
  catalog: 'as its default or CHECK says',
  rows: 'it is midnight in every row',
  name: 'as its name says',
}

function toDate(column: Column): TypeChange {
  return { column, type: 'date', unfit: (value) => `${value} <> date_trunc('day', ${value})` }
}
