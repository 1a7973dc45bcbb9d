import { dropConstraint, findCheckConflicts, rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Drop the CHECK that another CHECK of the table implies.',
    why: 'Each row is checked twice, and who relaxes the rule later changes one of the two and wonders why the other still refuses.',
    bad: 'create table invoice (id bigint primary key, total numeric not null, check (total >= 0), check (total > 0));',
    good: 'create table invoice (id bigint primary key, total numeric not null, tax numeric not null, check (total > 0), check (tax >= 0));',
    unless: 'The application tells its users which of the two failed.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const defect of findCheckConflicts(table)) {
        if (defect.kind !== 'implied') continue
        const { check, by, equal } = defect
        yield {
          on: check,
          related: [by],
          facts: { by: by.name, expression: check.expression, byExpression: by.expression, equal },
        }
      }
    }
  },

  message: ({ on, facts: { by, equal } }) =>
    equal ? `${on} says the same as ${by}.` : `${on} refuses nothing that ${by} does not refuse.`,

  advice: ({ on, facts: { by } }) => `Drop ${on.name}; ${by} stays.`,

  fix: ({ on }) => dropConstraint(on),
})
