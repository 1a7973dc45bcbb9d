import { rolesHeldBy, rule } from '../../src/kit.js'

/** Predefined roles whose members can read or write the server's files or run its programs. */
const POWERS = ['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files']

export default rule({
  severity: 'warning',
  impact: 'high',
  docs: {
    summary: 'Keep roles that may use the server’s files and programs from logging in.',
    why: 'Whoever may run a program on the server or write its files is a superuser in all but name: one injected statement in the application takes over the machine.',
    bad: 'create role app login; grant pg_execute_server_program to app;',
    good: 'create role app login; grant pg_read_all_data to app;',
    unless: 'The role is that of an administrator or of a job on the server itself.',
    references: ['https://www.postgresql.org/docs/current/predefined-roles.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const found = catalog.roles.flatMap((role) => {
      if (!role.canLogin || role.superuser) return []
      const held = rolesHeldBy(role.name, catalog)
      const powers = POWERS.filter((power) => held.has(power))
      return powers.length > 0 ? [{ role: role.name, powers }] : []
    })
    if (found.length > 0) yield { on: catalog.database, facts: { found } }
  },

  message: ({ facts: { found } }) =>
    found.map(({ role, powers }) => `${role} logs in with the powers of ${powers.join(', ')}`).join('; ') + '.',

  advice: () =>
    'Revoke the membership, and let a role without it call a SECURITY DEFINER function for the one thing that is needed.',
})
