import { afterReview, dropConstraint, findCheckDefects, rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Let a CHECK refuse something.',
    why: 'A CHECK passes when it is false for no row, and NULL passes too: what looks like a guard lets everything in, and everybody believes that it is guarded.',
    bad: `create table subscription (id bigint primary key, status text not null, check (status in ('active', 'canceled', null)));`,
    good: `create table subscription (id bigint primary key, status text not null, check (status in ('active', 'canceled')));`,
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const { kind, check } of findCheckDefects(table))
        if (kind === 'always true') yield { on: check, facts: { expression: check.expression } }
    }
  },

  message: ({ on, facts: { expression } }) => `${on} lets every row pass: ${expression} is never false.`,

  advice: ({ facts: { expression } }) =>
    /\bNULL\b/.test(expression.replaceAll(/IS (?:NOT )?NULL/g, ''))
      ? 'Take the NULL out of the condition: comparing with it gives NULL, which passes. A nullable column passes without being named.'
      : 'Write what was meant, often AND in the place of OR, or drop the CHECK.',

  fix: ({ on }) =>
    afterReview(`What was ${on} to refuse? The step only drops it, for it refuses nothing.`, dropConstraint(on)),
})
