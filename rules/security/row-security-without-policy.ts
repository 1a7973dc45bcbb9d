import { grantsToOthers, isEndUser, rule, type Table } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary:
      'Write the policies of a table whose row level security is on, or take away the privileges that do nothing.',
    why: 'With row level security on and no policy, every row is hidden and every write refused: those who were granted the table see an empty one, without an error that would say why.',
    bad: 'create table note (id bigint primary key); alter table note enable row level security; grant select on note to public;',
    good: 'create table note (id bigint primary key); alter table note enable row level security; grant select on note to public; create policy everybody on note for select using (true);',
    unless: 'The table is meant for its owner alone, and the privileges came with a default of the platform.',
    references: ['https://www.postgresql.org/docs/current/ddl-rowsecurity.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (!table.rowSecurity || table.policies.length > 0 || table.partitionOf) continue
      const grants = grantsToOthers(table, catalog).filter(({ privilege }) =>
        ['SELECT', 'INSERT', 'UPDATE', 'DELETE'].includes(privilege),
      )
      const roles = [...new Set(grants.map(({ grantee }) => grantee))].filter((role) => !isByDefault(role, table))
      if (roles.length > 0) yield { on: table, facts: { roles } }
    }
  },

  message: ({ on, facts: { roles } }) =>
    `${on} has row level security and no policy: ${roles.join(', ')} may use it, but will find no row and write none.`,
})

/** All privileges of an API's users come from a platform's defaults; no policy is then how a table is kept from them. */
function isByDefault(role: string, { grants }: Table): boolean {
  return (
    isEndUser(role) &&
    role !== 'PUBLIC' &&
    grants.some(({ grantee, privilege }) => grantee === role && privilege === 'TRUNCATE')
  )
}
