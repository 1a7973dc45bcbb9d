import { type Column, rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  confidence: 0.85,
  docs: {
    summary: 'Say whether a copy that no longer agrees is a snapshot, or was missed.',
    why: 'A column that repeats what the referenced row says was equal once. Where some rows differ now, either they keep what was true on their day, and nobody may «correct» them, or a change was not carried over, and what they say is wrong. The table does not tell which.',
    bad: `create table customer (id bigint primary key, email text not null);
      create table shipment (id bigint primary key, customer_id bigint not null references customer, customer_email text not null);
      insert into customer select n, 'c' || n || '@example.com' from generate_series(1, 50) as n;
      insert into shipment select n, n % 50 + 1, 'c' || (n % 50 + 1) || '@example.com' from generate_series(1, 400) as n;
      update customer set email = 'new' || id || '@example.com' where id in (7, 8);`,
    good: `create table customer (id bigint primary key, email text not null);
      create table shipment (id bigint primary key, customer_id bigint not null references customer, recipient_email text not null);
      insert into customer select n, 'c' || n || '@example.com' from generate_series(1, 50) as n;
      insert into shipment select n, n % 50 + 1, 'r' || n || '@example.com' from generate_series(1, 400) as n;`,
    unless: 'It is a snapshot; then let a comment say so.',
    references: ['https://www.postgresql.org/docs/current/sql-comment.html'],
  },
  needs: ['catalog', 'sample'],

  *detect({ catalog, sample }) {
    for (const table of catalog.tables) {
      for (const copy of sample.copies(table)) {
        const column = table.column(copy.column)
        const original = catalog.columns().find(({ address }) => address === copy.original)
        if (!column || !original || copy.grounds.violations === 0 || isSnapshot(column)) continue
        const by = copy.by.flatMap((name) => table.column(name) ?? [])
        yield {
          on: column,
          related: [original, ...by],
          facts: {
            original: original.address,
            differing: copy.grounds.violations,
            of: copy.grounds.support,
            find: copy.grounds.sql.replace('count(*)', 'c.*'),
          },
          grounds: copy.grounds,
        }
      }
    }
  },

  message: ({ on, facts: { original, differing, of } }) =>
    `${on} repeats ${original} of the row that it references, but for ${differing.toLocaleString('en')} of ${of.toLocaleString('en')} rows: they are a snapshot, or a change that was missed.`,

  advice: ({ on, facts: { original, find } }) =>
    `Look at them: ${find}. If ${on.name} is what was true on its day, say so in a comment; if it should follow ${original}, read it there by a join and drop the column.`,
})

/** Somebody has said so already. */
function isSnapshot({ comment }: Column): boolean {
  return /snapshot|as (?:it was|of|at)\b|at (?:the )?time|histor|frozen|damals|stand vom|no dia|al momento/i.test(
    comment ?? '',
  )
}
