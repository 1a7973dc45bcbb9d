import { rule, type Policy, type Table } from '../../src/kit.js'

const COMMANDS = ['select', 'insert', 'update', 'delete'] as const

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Join the permissive policies for one role and command into one.',
    why: 'Every permissive policy that applies is evaluated for every row until one is true, and an OR of several conditions is less often served by an index.',
    bad: "create table note (id bigint primary key, author text, reader text); alter table note enable row level security; create policy a on note for select using (author = current_setting('app.user')); create policy b on note for select using (reader = current_setting('app.user'));",
    good: "create table note (id bigint primary key, author text, reader text); alter table note enable row level security; create policy a on note for select using (author = current_setting('app.user') or reader = current_setting('app.user'));",
    unless: 'Policies that are each readable are worth more than the time.',
    references: ['https://www.postgresql.org/docs/current/ddl-rowsecurity.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (!table.rowSecurity) continue
      const crowded = COMMANDS.map((command) => ({ command, policies: crowdOf(table, command) })).filter(
        ({ policies }) => policies.length > 1,
      )
      if (crowded.length === 0) continue
      yield {
        on: table,
        related: [...new Set(crowded.flatMap(({ policies }) => policies))],
        facts: {
          crowded: crowded.map(({ command, policies }) => ({ command, policies: policies.map(({ name }) => name) })),
        },
      }
    }
  },

  message: ({ on, facts: { crowded } }) =>
    `${on} has several permissive policies for one role: ${crowded.map(({ command, policies }) => `${policies.join(', ')} for ${command}`).join('; ')}.`,
})

/** The permissive policies for a command that share a role with another one. */
function crowdOf({ policies }: Table, command: (typeof COMMANDS)[number]): readonly Policy[] {
  const applying = policies.filter((policy) => policy.permissive && ['all', command].includes(policy.command))
  const meet = (a: Policy, b: Policy) =>
    a.roles.includes('PUBLIC') || b.roles.includes('PUBLIC') || a.roles.some((role) => b.roles.includes(role))
  return applying.filter((policy) => applying.some((other) => other !== policy && meet(policy, other)))
}
