import { rule, validateConstraint } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Validate a constraint that was added as NOT VALID.',
    why: 'Rows that were there before were never checked: they may break the constraint, the planner does not rely on it, and a dump of them may not load.',
    bad: 'create table item (id bigint primary key, price numeric not null); alter table item add constraint item_price check (price >= 0) not valid;',
    good: 'create table item (id bigint primary key, price numeric not null); alter table item add constraint item_price check (price >= 0) not valid; alter table item validate constraint item_price;',
    unless: 'Old rows break it, are known to, and may stay.',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-VALIDATE-CONSTRAINT'],
  },
  needs: ['catalog'],
  yieldsTo: ['keys/duplicate-foreign-key', 'constraints/always-true-check', 'constraints/implied-check'],

  *detect({ catalog }) {
    for (const constraint of catalog.constraints()) {
      if (constraint.validated || !constraint.enforced || constraint.inherited) continue
      yield { on: constraint, facts: { type: constraint.type } }
    }
  },

  message: ({ on, facts: { type } }) =>
    `${on} (${type}) is NOT VALID: it holds for new rows, and nobody looked at the old ones.`,

  fix: ({ on }) => validateConstraint(on),
})
