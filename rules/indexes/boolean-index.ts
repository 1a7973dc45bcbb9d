import { rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Index the few rows that a flag singles out, with a partial index.',
    why: 'An index on a boolean has two values. For the common one the planner reads the table instead; for the rare one a partial index is a fraction of the size, and is not written when the common rows change.',
    bad: 'create table message (id bigint primary key, processed boolean not null default false); create index on message (processed);',
    good: 'create table message (id bigint primary key, processed boolean not null default false); create index on message (id) where not processed;',
    references: ['https://www.postgresql.org/docs/current/indexes-partial.html'],
  },
  needs: ['catalog'],
  yieldsTo: ['indexes/redundant-index', 'indexes/unused-index', 'maintenance/invalid-index'],

  *detect({ catalog }) {
    for (const index of catalog.indexes()) {
      const [key, ...others] = index.keys
      if (!key?.column || others.length > 0 || key.column.type.name !== 'bool') continue
      if (index.unique || index.constraint || index.predicate || index.partitionOf || !index.valid) continue
      if (index.included.length > 0) continue
      yield { on: index, related: [key.column], facts: { column: key.column.name } }
    }
  },

  message: ({ on, facts: { column } }) => `${on} indexes nothing but ${column}, which has two values.`,

  advice: ({ on, facts: { column } }) =>
    `Find out which value queries ask for. If it is the rare one, index what they sort or look up by, WHERE ${column} or WHERE NOT ${column}; otherwise drop ${on.name}.`,
})
