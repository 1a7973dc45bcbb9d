import { dropConstraint, findCheckDefects, rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Drop the CHECK that NOT NULL has made superfluous.',
    why: 'A CHECK that only asks for a value is checked on every write beside the NOT NULL that asks for the same, and stays behind when that is taken away. Most are left over from setting NOT NULL without a long lock.',
    bad: 'create table customer (id bigint primary key, email text not null, constraint customer_email_present check (email is not null));',
    good: `create table customer (id bigint primary key, email text not null, constraint customer_email_filled check (email <> ''));`,
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const defect of findCheckDefects(table)) {
        if (defect.kind !== 'beside not null') continue
        const columns = defect.columns.map(({ name }) => name)
        yield { on: defect.check, related: defect.columns, facts: { columns, expression: defect.check.expression } }
      }
    }
  },

  message: ({ on, facts: { columns, expression } }) =>
    `${on} lets every row pass: ${expression}, and ${columns.join(', ')} cannot be null.`,

  fix: ({ on }) => dropConstraint(on),
})
