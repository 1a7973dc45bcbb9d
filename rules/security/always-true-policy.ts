import { checkOf, grantsToOthers, isConstantTrue, isEndUser, rule, type Policy } from '../../src/kit.js'

const WRITES = ['update', 'delete', 'all']

export default rule({
  severity: 'error',
  docs: {
    summary: 'Let a policy for writing say whose rows may be written, and to which role it applies.',
    why: 'A permissive policy that is always true lets everybody it applies to change every row; without TO that is everybody, whatever the policy is called and whatever the other policies say.',
    bad: 'create table note (id bigint primary key); alter table note enable row level security; create policy service_role_only on note using (true);',
    good: 'create role service_role; create table note (id bigint primary key); alter table note enable row level security; create policy service_role_only on note to service_role using (true);',
    references: ['https://www.postgresql.org/docs/current/sql-createpolicy.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (!table.rowSecurity) continue
      const grants = grantsToOthers(table, catalog)
      const open = table.policies.filter(
        (policy) =>
          isOpen(policy) &&
          !table.policies.some((other) => !other.permissive && covers(other, policy)) &&
          // Without any grants in sight, those of the running system are not known.
          (grants.length === 0 || grants.some(({ grantee, privilege }) => isHeld(policy, grantee, privilege))),
      )
      if (open.length === 0) continue
      yield {
        on: table,
        related: open,
        facts: { policies: open.map(({ name, command, roles }) => ({ name, command, roles })) },
      }
    }
  },

  message: ({ on, facts: { policies } }) => {
    const said = policies.map(
      ({ name, command, roles }) =>
        `${name} lets ${roles.includes('PUBLIC') ? 'everybody' : roles.join(' and ')} ${command === 'all' ? 'read and change' : command} every row`,
    )
    return `Row level security of ${on} is open: ${said.join('; ')}.`
  },
})

function isOpen(policy: Policy): boolean {
  const { permissive, command, roles, using } = policy
  if (!permissive || !WRITES.includes(command) || !roles.some(isEndUser)) return false
  return isConstantTrue(using) && (command === 'delete' || isConstantTrue(checkOf(policy)))
}

/** Whether a restrictive policy narrows what this one opens. */
function covers(restrictive: Policy, open: Policy): boolean {
  return restrictive.command === 'all' || restrictive.command === open.command || open.command === 'all'
}

/** Whether a grant lets somebody do what the policy opens. */
function isHeld({ roles, command }: Policy, grantee: string, privilege: string): boolean {
  const writes = command === 'all' ? ['INSERT', 'UPDATE', 'DELETE'] : [command.toUpperCase()]
  return writes.includes(privilege) && (roles.includes('PUBLIC') || roles.includes(grantee) || grantee === 'PUBLIC')
}
