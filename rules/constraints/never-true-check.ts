import { findCheckConflicts, findCheckDefects, rule } from '../../src/kit.js'

export default rule({
  severity: 'error',
  docs: {
    summary: 'Let a CHECK be satisfiable.',
    why: 'Where the condition contradicts itself, or the one beside it, no value passes: every insert fails, or the column can only ever be NULL.',
    bad: 'create table plan (id bigint primary key, seats integer not null, check (seats > 100 and seats < 10));',
    good: 'create table plan (id bigint primary key, seats integer not null, check (seats > 10 and seats < 100));',
    unless: 'Nothing may be written to the table, which CHECK (false) says in so many words.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const defect of [...findCheckDefects(table), ...findCheckConflicts(table)]) {
        if (defect.kind !== 'never true') continue
        const { check, other, refusesAll } = defect
        yield {
          on: check,
          related: other ? [other] : [],
          facts: {
            expression: check.expression,
            other: other?.expression ?? null,
            otherName: other?.name ?? null,
            refusesAll,
          },
          assessment: refusesAll ? {} : { severity: 'warning' },
        }
      }
    }
  },

  message: ({ on, facts: { expression, other, otherName, refusesAll } }) => {
    const condition = other ? `${expression} and ${other} (${otherName})` : expression
    return `${on} ${refusesAll ? 'refuses every row' : 'lets only NULL pass'}: no value satisfies ${condition}.`
  },

  advice: () => 'Write what was meant, often OR in the place of AND.',
})
