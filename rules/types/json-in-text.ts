import { rule, tablesWrittenAs } from '../../src/kit.js'

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

  detect: ({ catalog, sample }) => tablesWrittenAs('json', catalog, sample),

  message: ({ on, facts: { columns } }) =>
    `${on} keeps JSON as text: ${columns.map(({ name, type }) => `${name} (${type})`).join(', ')}.`,
})
