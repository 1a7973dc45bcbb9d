import {
  afterReview,
  mentions,
  quoteIdentifier,
  quoteRelation,
  rule,
  statement,
  wordsOf,
  type Column,
  type Table,
} from '../../src/kit.js'

/** Default that writes a UTC wall clock, which also answers in which zone the values are. */
const UTC_CLOCK =
  /^\(*timezone\('utc'::text, now\(\)\)\)*$|^\(*\(*(?:now\(\)|CURRENT_TIMESTAMP)\)* AT TIME ZONE 'utc'::text\)*$/i

/** A database of this many tables without one timestamptz keeps wall clocks of one zone by convention. */
const CONVENTION = 5

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Store instants as timestamptz.',
    why: 'A timestamp without time zone is a wall clock on no particular wall: at the end of daylight saving two instants become one value, and the same value falls into different months for different readers.',
    bad: 'create table charge (id bigint primary key, charged_at timestamp not null);',
    good: 'create table charge (id bigint primary key, charged_at timestamptz not null);',
    unless: 'The column means a local wall clock, such as an opening time, and its zone is stored beside it.',
    references: [
      'https://www.postgresql.org/docs/current/datatype-datetime.html',
      'https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_timestamp_.28without_time_zone.29',
    ],
  },
  needs: ['catalog'],
  complexity: 'medium',

  *detect({ catalog }) {
    const tables = catalog.tables.filter(({ partitionOf, variety }) => !partitionOf && variety !== 'foreign')
    const convention =
      tables.length >= CONVENTION &&
      !tables.some((table) => table.columns.some(({ type }) => type.name === 'timestamptz'))
    for (const table of tables) {
      const columns = table.columns.filter(
        (column) => column.type.name === 'timestamp' && !column.inherited && !isLocalClock(column),
      )
      if (columns.length === 0) continue
      yield {
        on: table,
        related: columns,
        facts: { columns: columns.map(({ name }) => name), convention },
        ...(convention ? { assessment: { severity: 'info' } } : {}),
      }
    }
  },

  message: ({ on, facts }) => `${on} stores ${facts.columns.join(', ')} as timestamp without time zone.`,

  advice: ({ facts }) =>
    facts.convention
      ? 'Store instants as timestamptz. No column of this database does, so its wall clocks are probably of one zone by agreement: write that agreement down, and keep it out of the hands of sessions with another TimeZone.'
      : 'Store instants as timestamptz.',

  fix: ({ on, facts }) => {
    const columns = facts.columns.flatMap((name) => on.column(name) ?? []).filter(({ generated }) => !generated)
    // PostgreSQL does not change the type of a partition key.
    const isKey = (column: Column) => on.partitionKey?.columns.includes(column)
    if (columns.length === 0 || columns.some(isKey)) return []
    const change = (type: string, value: (column: Column) => string | null) =>
      `alter table ${quoteRelation(on)} ${columns.map((column) => alterations(column, type, value(column))).join(', ')}`
    return afterReview(
      `In which time zone were the wall clocks of ${on} written? The steps say UTC. Every row is written anew while nobody can read the table, unless the session's TimeZone is UTC.`,
      [
        statement(
          change('timestamptz', ({ default: value }) => (value && UTC_CLOCK.test(value) ? 'now()' : null)),
          change('timestamp', ({ default: value }) => (value && UTC_CLOCK.test(value) ? value : null)),
          { phase: 'switch', lock: 'ACCESS EXCLUSIVE', rewrites: true, scans: true },
        ),
      ],
    )
  },
})

function alterations(column: Column, type: string, newDefault: string | null): string {
  const alter = `alter column ${quoteIdentifier(column.name)}`
  const precision = column.type.sql.match(/\((\d)\)/)?.[0] ?? ''
  const named = type === 'timestamp' ? column.type.sql : `timestamp${precision} with time zone`
  const changed = `${alter} type ${named} using ${quoteIdentifier(column.name)} at time zone 'UTC'`
  return newDefault ? `${alter} drop default, ${changed}, ${alter} set default ${newDefault}` : changed
}

/** A wall clock on a known wall: the name says local, or it is the beginning or end of something in a table that names its zone. */
function isLocalClock(column: Column): boolean {
  const words = wordsOf(column.name)
  if (mentions(words, 'local')) return true
  return namesZone(column.table) && mentions(words, 'start', 'end') && !mentions(words, 'started', 'ended')
}

function namesZone(table: Table): boolean {
  return table.columns.some(({ name, type }) => {
    if (type.typcategory !== 'S') return false
    const words = wordsOf(name)
    return mentions(words, 'zone') || /time_?zone/i.test(name)
  })
}
