import { checkOf, dropPolicy, isConstantTrue, rule, type Policy } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Drop a permissive policy that another one makes pointless, or narrow the other one.',
    why: 'Permissive policies are joined with OR. Beside one that is always true, or that says the same for more roles and commands, a policy restricts nothing, though it reads as if it did.',
    bad: "create table note (id bigint primary key, author text not null); alter table note enable row level security; create policy own on note for select using (author = current_setting('app.author')); create policy everybody on note for select using (true);",
    good: "create table note (id bigint primary key, author text not null); alter table note enable row level security; create policy own on note for select using (author = current_setting('app.author')); create policy tenant on note as restrictive for select using (true);",
    references: ['https://www.postgresql.org/docs/current/ddl-rowsecurity.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      for (const policy of table.policies) {
        const broader = table.policies.find((other) => isCovered(policy, other))
        if (!broader) continue
        const open = !isSame(policy, broader)
        yield {
          on: policy,
          related: [broader],
          facts: { broader: broader.name, open },
          ...(open ? {} : { assessment: { severity: 'info' } }),
        }
      }
    }
  },

  message: ({ on, facts: { broader, open } }) =>
    open
      ? `${on} restricts nothing: ${broader} is true for every row, and permissive policies are joined with OR.`
      : `${on} says what ${broader} says already, for no other role or command.`,

  advice: ({ on, facts: { broader, open } }) =>
    open
      ? `Decide which of the two is meant: drop ${on.name} if everybody may see every row, narrow ${broader} if not.`
      : `Drop ${on.name}.`,

  fix: ({ on, facts: { open } }) => (open ? [] : dropPolicy(on)),
})

/** Whether all that one permissive policy allows is allowed by the other; of two equal ones, the later name is covered. */
function isCovered(policy: Policy, other: Policy): boolean {
  if (policy === other || !policy.permissive || !other.permissive) return false
  if (other.command !== 'all' && other.command !== policy.command) return false
  if (!other.roles.includes('PUBLIC') && !policy.roles.every((role) => other.roles.includes(role))) return false
  if (!allows(other.using, policy.using) || !allows(checkOf(other), checkOf(policy))) return false
  const mutual = other.command === policy.command && isSame(policy, other) && other.roles.join() === policy.roles.join()
  return !mutual || other.name < policy.name
}

function allows(broad: string | null, narrow: string | null): boolean {
  return narrow === null || narrow === broad || isConstantTrue(broad)
}

function isSame(policy: Policy, other: Policy): boolean {
  const equal = (a: string | null, b: string | null) => a === null || a === b
  return equal(policy.using, other.using) && equal(checkOf(policy), checkOf(other))
}
