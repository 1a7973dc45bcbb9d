import { afterReview, holdsMoney, quoteRelation, rule, statement } from '../../src/kit.js'

export default rule({
  severity: 'error',
  docs: {
    summary: 'Make a table whose rows matter a logged one.',
    why: 'After a crash PostgreSQL empties unlogged tables, and a replica never has their rows, so a failover loses them too.',
    bad: 'create table customer (id bigint primary key); create unlogged table payment (id bigint primary key, customer_id bigint not null references customer, amount numeric(14, 2) not null);',
    good: 'create table customer (id bigint primary key); create table payment (id bigint primary key, customer_id bigint not null references customer, amount numeric(14, 2) not null);',
    unless: 'The rows can be made again from elsewhere, as those of a cache can.',
    references: ['https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-UNLOGGED'],
  },
  needs: ['catalog'],
  complexity: 'medium',

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.persistence !== 'unlogged' || table.partitionOf) continue
      const referenced = table.foreignKeys
        .filter(({ referencedTable }) => referencedTable.persistence === 'permanent')
        .map((key) => key.referencedTable.address)
      const money = table.columns.filter((column) => holdsMoney(column) === 'yes').map(({ name }) => name)
      // A table that stands alone, with no key into the others, may be a cache or a place for imports.
      if (referenced.length > 0) yield { on: table, facts: { referenced: [...new Set(referenced)], money } }
    }
  },

  message: ({ on, facts: { referenced, money } }) =>
    `${on} is unlogged, so a crash empties it, though its rows belong to those of ${referenced.join(', ')}${money.length > 0 ? ` and hold money (${money.join(', ')})` : ''}.`,

  fix: ({ on }) =>
    afterReview(`May the rows of ${on} be lost in a crash? If so, leave it. The steps write the table anew.`, [
      statement(`alter table ${quoteRelation(on)} set logged`, `alter table ${quoteRelation(on)} set unlogged`, {
        phase: 'switch',
        lock: 'ACCESS EXCLUSIVE',
        rewrites: true,
        scans: true,
      }),
    ]),
})
