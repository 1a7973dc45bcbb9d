import { rule, tablesWrittenAs } from '../../src/kit.js'

export default rule({
  severity: 'info',
  complexity: 'medium',
  docs: {
    summary: 'Store yes and no as boolean.',
    why: 'Each reader has to know the two words, and a third one, such as Y beside yes, gets in without an error and falls out of both answers.',
    bad: `create table sender (id bigint primary key, active text not null);
      insert into sender select n, case when n % 2 = 0 then 'yes' else 'no' end from generate_series(1, 40) as n;`,
    good: `create table sender (id bigint primary key, active boolean not null);
      insert into sender select n, n % 2 = 0 from generate_series(1, 40) as n;`,
    unless: 'A third answer is meant to come.',
    references: ['https://www.postgresql.org/docs/current/datatype-boolean.html'],
  },
  needs: ['catalog', 'sample'],

  detect: ({ catalog, sample }) => tablesWrittenAs('boolean', catalog, sample),

  message: ({ on, facts: { columns } }) =>
    `${on} keeps yes and no as text: ${columns.map(({ name, type }) => `${name} (${type})`).join(', ')}.`,
})
