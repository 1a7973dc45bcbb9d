import { rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Use an identity column instead of serial.',
    why: 'serial leaves a sequence with rights of its own, which INSERT needs beside those on the table, and a default that anybody can override or drop; identity is the standard, and the sequence belongs to the column.',
    bad: 'create table invoice (id bigserial primary key);',
    good: 'create table invoice (id bigint generated always as identity primary key);',
    references: ['https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_serial'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const { ownedBy, identity, address } of catalog.sequences) {
      if (!ownedBy || identity || ownedBy.inherited || ownedBy.table.partitionOf) continue
      if (ownedBy.default?.startsWith('nextval(')) yield { on: ownedBy, facts: { sequence: address } }
    }
  },

  message: ({ on, facts: { sequence } }) =>
    `${on} takes its numbers from ${sequence} by a default, not as an identity column.`,
})
