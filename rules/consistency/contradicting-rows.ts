import { believedOf, groupBy, rule } from '../../src/kit.js'

/** With fewer rows, one that differs says nothing. */
const FEWEST = 20

export default rule({
  severity: 'error',
  complexity: 'medium',
  docs: {
    summary: 'Mend the rows that contradict what all others keep, and let a CHECK keep it.',
    why: 'A few rows break what thousands keep: they are mistakes that nothing refused, and each report, invoice and join that relies on the rule is wrong by them.',
    bad: `create table lease (id bigint primary key, starts_at date not null, ends_at date not null);
      insert into lease select n, date '2026-01-01' + n, date '2026-01-02' + n from generate_series(1, 200) as n;
      update lease set ends_at = starts_at - 1 where id in (7, 11);`,
    good: `create table lease (id bigint primary key, starts_at date not null, ends_at date not null);
      insert into lease select n, date '2026-01-01' + n, date '2026-01-02' + n from generate_series(1, 200) as n;`,
    unless: 'The rows are corrections that are meant to differ.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog', 'sample'],

  *detect({ catalog, sample }) {
    for (const table of catalog.tables) {
      const broken = believedOf(table, sample).flatMap((predicate) => {
        const { grounds } = sample.predicate(predicate.id) ?? {}
        const column = table.column(predicate.columns.at(-1)?.name ?? '')
        return grounds?.verdict === 'holds with exceptions' && grounds.support >= FEWEST && column
          ? [{ predicate, grounds, column }]
          : []
      })
      for (const [column, ofColumn] of groupBy(broken, (one) => one.column)) {
        const [{ predicate, grounds }] = ofColumn.toSorted((a, b) => b.grounds.violations - a.grounds.violations) as [
          (typeof broken)[number],
        ]
        yield {
          on: column,
          related: predicate.columns.flatMap(({ name }) => (name === column.name ? [] : (table.column(name) ?? []))),
          facts: {
            contradiction: predicate.contradiction,
            rows: grounds.violations,
            of: grounds.support,
            whole: grounds.tier === 'verified',
            keys: grounds.counterexamples.map(({ key, values }) => ({ ...key, ...values })),
            find: `select * from ${grounds.sql.replace(/^select count\(\*\) from /, '')}`,
          },
          grounds,
        }
      }
    }
  },

  message: ({ on, facts: { contradiction, rows, of, whole, keys } }) => {
    const shown = keys.map((key) => Object.values(key).join(' ')).join(', ')
    return `${rows} of ${of} ${whole ? '' : 'sampled '}rows of ${on.table} are such that ${contradiction}${shown ? `: ${Object.keys(keys[0] ?? {}).join(' ')} ${shown}${rows > keys.length ? ' …' : ''}` : ''}.`
  },

  advice: ({ facts: { find } }) => `Look at the rows (${find}), mend them, and let a CHECK keep others out.`,
})
