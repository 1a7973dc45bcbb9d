import { afterReview, quoteIdentifier, quoteRelation, rule, statement } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Enforce a constraint, or drop it.',
    why: 'NOT ENFORCED leaves a rule in the schema that is not kept: readers and tools take it for a fact, and no row is ever checked against it.',
    bad: 'create table item (id bigint primary key, price numeric not null check (price >= 0) not enforced);',
    good: 'create table item (id bigint primary key, price numeric not null check (price >= 0));',
    unless: 'The rows come from a system that keeps the rule itself.',
    references: ['https://www.postgresql.org/docs/18/sql-createtable.html#SQL-CREATETABLE-PARMS-ENFORCED'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const constraint of catalog.constraints())
      if (!constraint.enforced && !constraint.inherited) yield { on: constraint, facts: { type: constraint.type } }
  },

  message: ({ on, facts: { type } }) => `${on} (${type}) is NOT ENFORCED: no row is checked against it.`,

  fix: ({ on, facts: { type } }) => {
    // PostgreSQL 18 can turn the enforcement of foreign keys on, and no other.
    if (type !== 'foreign key') return []
    const alter = `alter table ${quoteRelation(on.table)} alter constraint ${quoteIdentifier(on.name)}`
    return afterReview(`Why is ${on} not enforced? All rows of ${on.table} are checked while the steps run.`, [
      statement(`${alter} enforced`, `${alter} not enforced`, {
        phase: 'validate',
        lock: 'SHARE ROW EXCLUSIVE',
        scans: true,
      }),
    ])
  },
})
