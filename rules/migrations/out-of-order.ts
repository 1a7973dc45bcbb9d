import { rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Give a new migration a number behind all that are there.',
    why: 'Where the later ones have run already, the tool skips it, refuses it or runs it out of order; where the database is new, it runs before them. The two schemas need not be the same.',
    bad: 'create table invoice (id bigint primary key);\n-- there already: 003.sql\n-- migration: 002.sql\nalter table invoice add column note text;',
    good: 'create table invoice (id bigint primary key);\n-- migration: 003.sql\nalter table invoice add column note text;',
    unless: 'The later ones are not released either.',
    references: ['https://documentation.red-gate.com/fd/out-of-order-224919737.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const { name, precedes, statements } of migrations.files) {
      if (precedes === null || !statements[0]) continue
      yield { on: statements[0].about(null), facts: { name, precedes }, assessment: { tier: 'declared' } }
    }
  },

  message: ({ facts: { name, precedes } }) =>
    `${name} is new or changed, and comes before ${precedes}, which is there already.`,

  advice: () =>
    'Give it the next number; where it was changed after its release, leave it as it was and write another.',
})
