import { afterReview, polymorphicReferencesOf, rule, setNotNull } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.85,
  docs: {
    summary: 'Let the type and the id of a reference be present or absent together.',
    why: 'One half of the pair cannot be null and the other can: a row may name a kind without saying which one, or an id of no known table, and a join on the pair loses it silently.',
    bad: 'create table note (id bigint primary key, subject_type text not null, subject_id bigint);',
    good: 'create table note (id bigint primary key, subject_type text not null, subject_id bigint not null);',
    unless: 'A kind without an id is a meaning of its own, such as «all of them».',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-NOT-NULL'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const { type, id } of polymorphicReferencesOf(table, catalog)) {
        if (type.notNull === id.notNull || type.default !== null || id.default !== null) continue
        const [empty, filled] = type.notNull ? [id, type] : [type, id]
        if (empty.inherited || table.checks.some(({ columns }) => columns.includes(empty))) continue
        yield { on: empty, related: [filled], facts: { filled: filled.name } }
      }
    }
  },

  message: ({ on, facts: { filled } }) => `${on} can be null while ${filled}, the other half of the reference, cannot.`,

  fix: ({ on, facts: { filled }, target }) =>
    afterReview(
      `Does a row of ${on.table} with ${filled} but without ${on.name} mean anything?`,
      setNotNull(on, target),
    ),
})
