import { mentions, polymorphicReferencesOf, rule, wordsOf } from '../../src/kit.js'

export default rule({
  severity: 'info',
  optIn: true,
  tier: 'inferred',
  confidence: 0.85,
  complexity: 'high',
  docs: {
    summary: 'Reference each kind of row with a column and a foreign key of its own.',
    why: 'A pair of type and id points into several tables, so no foreign key can check it: what it points to can be deleted, and the type can name a table that never was.',
    bad: 'create table comment (id bigint primary key, commentable_type text not null, commentable_id bigint not null, body text);',
    good: 'create table post (id bigint primary key); create table photo (id bigint primary key); create table comment (id bigint primary key, post_id bigint references post, photo_id bigint references photo, body text, check (num_nonnulls(post_id, photo_id) = 1));',
    unless: 'There are dozens of kinds, or the rows must outlive what they point to, as in an audit log.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign' || mentions(wordsOf(table.name), 'audit')) continue
      const references = polymorphicReferencesOf(table, catalog)
      if (references.length === 0) continue
      yield {
        on: table,
        related: references.flatMap(({ type, id }) => [type, id]),
        facts: { references: references.map(({ type, id }) => ({ type: type.name, id: id.name })) },
      }
    }
  },

  message: ({ on, facts: { references } }) =>
    `${on} points into several tables by ${references.map(({ type, id }) => `(${type}, ${id})`).join(' and ')}, which no foreign key can check.`,

  advice: ({ on }) =>
    `Give ${on} one nullable foreign key for each kind of row, and CHECK (num_nonnulls(…) = 1) over them.`,
})
