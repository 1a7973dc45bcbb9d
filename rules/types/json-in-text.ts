import { rule, weakest, writtenAs } from '../../src/kit.js'

export default rule({
  severity: 'info',
  complexity: 'medium',
  docs: {
    summary: 'Store JSON as jsonb.',
    why: 'As text it is checked by nobody, so a document that is cut off is found by the reader; no key in it can be indexed, and each look parses it anew.',
    bad: `create table delivery (id bigint primary key, body text not null);
      insert into delivery select n, '{"n": ' || n || '}' from generate_series(1, 40) as n;`,
    good: `create table delivery (id bigint primary key, body jsonb not null);
      insert into delivery select n, jsonb_build_object('n', n) from generate_series(1, 40) as n;`,
    unless: 'The very bytes count, as where a signature over them is checked.',
    references: ['https://www.postgresql.org/docs/current/datatype-json.html'],
  },
  needs: ['catalog', 'sample'],

  *detect({ catalog, sample }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const found = table.columns.flatMap((column) => {
        const grounds = writtenAs(column, 'json', sample)
        return grounds ? [{ column, grounds }] : []
      })
      if (found.length === 0) continue
      yield {
        on: table,
        related: found.map(({ column }) => column),
        facts: { columns: found.map(({ column: { name, type } }) => ({ name, type: type.sql })) },
        grounds: weakest(found.map(({ grounds }) => grounds)),
      }
    }
  },

  message: ({ on, facts: { columns } }) =>
    `${on} keeps JSON as text: ${columns.map(({ name, type }) => `${name} (${type})`).join(', ')}.`,
})
