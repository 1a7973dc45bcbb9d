import { rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Store instants as timestamptz.',
    why: 'A timestamp without time zone is a wall clock on no particular wall: at the end of daylight saving two instants become one value, and the same value falls into different months for different readers.',
    bad: 'create table charge (id bigint primary key, charged_at timestamp not null);',
    good: 'create table charge (id bigint primary key, charged_at timestamptz not null);',
    unless: 'The column means a local wall clock, such as an opening time, and its zone is stored beside it.',
    references: ['https://www.postgresql.org/docs/current/datatype-datetime.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const columns = table.columns.filter(({ type, inherited }) => type.name === 'timestamp' && !inherited)
      if (columns.length === 0) continue
      yield { on: table, related: columns, facts: { columns: columns.map(({ name }) => name) } }
    }
  },

  message: ({ on, facts }) => `${on} stores ${facts.columns.join(', ')} as timestamp without time zone.`,
})
