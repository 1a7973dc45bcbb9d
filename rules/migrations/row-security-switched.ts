import { addressOf, alterationsOf, rule } from '../../src/kit.js'

export default rule({
  severity: 'error',
  docs: {
    summary: 'Switch row security on together with its policies, and off only when grants alone are to decide.',
    why: 'Without a policy every row is hidden from everybody but the owner, at once. Switched off, the policies count for nothing, and whoever may read the table reads all of it.',
    bad: 'create table invoice (id bigint primary key);\n-- migration\nalter table invoice enable row level security;',
    good: 'create table invoice (id bigint primary key);\n-- migration\nalter table invoice enable row level security;\ncreate policy own on invoice using (id > 0);',
    unless: 'Only the owner, or roles with BYPASSRLS, use the table.',
    references: ['https://www.postgresql.org/docs/current/ddl-rowsecurity.html'],
  },
  needs: ['migrations', 'catalog'],

  *detect({ migrations, catalog }) {
    for (const statement of migrations.statements())
      for (const { before, after } of alterationsOf(statement)) {
        if (before.rowSecurity === after.rowSecurity || before.kind === 'view') continue
        const table = catalog.tables.find(({ address }) => address === addressOf(after))
        const met = migrations.before.tables.find(({ address }) => address === addressOf(before))
        if (!table || table.rowSecurity !== after.rowSecurity) continue
        const policies = after.rowSecurity ? table.policies.length : (met?.policies.length ?? 0)
        // Off with policies, or on without.
        if (after.rowSecurity ? policies > 0 : policies === 0 || table.policies.length === 0) continue
        yield {
          on: statement.about(before),
          facts: { table: addressOf(before), on: after.rowSecurity, policies },
          assessment: { tier: statement.basis, ...(after.rowSecurity ? { severity: 'warning' } : {}) },
        }
      }
  },

  message: ({ facts: { table, on, policies } }) =>
    on
      ? `${table} gets row security and no policy: everybody but its owner sees no row of it.`
      : `${table} loses row security, and its ${policies === 1 ? 'policy counts' : `${policies} policies count`} for nothing: whoever may read it reads all rows.`,
})
