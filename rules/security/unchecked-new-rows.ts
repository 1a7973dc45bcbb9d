import {
  afterReview,
  alterPolicy,
  codeOf,
  guardColumnsOf,
  isConstantTrue,
  rule,
  type Policy,
  type Table,
} from '../../src/kit.js'

export default rule({
  severity: 'error',
  docs: {
    summary: 'Check written rows against the same condition as the rows that may be seen.',
    why: 'WITH CHECK (true) lets whoever may write put rows under another tenant or user, or hand their own over, though each sees only their own.',
    bad: "create table note (id bigint primary key, tenant_id bigint not null); alter table note enable row level security; create policy own on note using (tenant_id = current_setting('app.tenant')::bigint) with check (true);",
    good: "create table note (id bigint primary key, tenant_id bigint not null); alter table note enable row level security; create policy own on note using (tenant_id = current_setting('app.tenant')::bigint);",
    unless: 'A trigger fills in or checks whose row it is.',
    references: ['https://www.postgresql.org/docs/current/sql-createpolicy.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (!table.rowSecurity) continue
      const restrictive = table.policies.some(({ permissive, withCheck, using, command }) =>
        permissive ? false : withCheck !== null || (using !== null && command !== 'select' && command !== 'delete'),
      )
      if (restrictive) continue
      for (const policy of table.policies) {
        if (!policy.permissive || !isConstantTrue(policy.withCheck) || isConstantTrue(policy.using)) continue
        const guards = policy.command === 'insert' ? ownersOf(policy) : guardColumnsOf(policy)
        if (guards.length > 0 && !guards.some((column) => isSetByTrigger(table, column)))
          yield { on: policy, facts: { command: policy.command, columns: guards } }
      }
    }
  },

  message: ({ on, facts: { command, columns } }) =>
    command === 'insert'
      ? `${on} lets rows be inserted with any ${columns.join(', ')}, by which the table's other policies tell whose they are.`
      : `${on} lets a row be given to somebody else: it selects rows by ${columns.join(', ')} and does not check the new value.`,

  fix: ({ on, facts: { command } }) =>
    command === 'insert' || on.using === null
      ? []
      : afterReview(`Is there a reason why ${on} lets rows be handed over?`, alterPolicy(on, null, on.using)),
})

/** Whether a trigger looks after the column before rows are written. */
function isSetByTrigger({ triggers }: Table, column: string): boolean {
  return triggers.some(
    ({ timing, function: routine }) =>
      timing === 'before' && (!routine || (codeOf(routine) ?? column.toLowerCase()).includes(column.toLowerCase())),
  )
}

/** Columns by which every permissive policy for reading and changing rows of the same roles tells whose they are. */
function ownersOf({ table, roles }: Policy): readonly string[] {
  const others = table.policies.filter(
    (other) =>
      other.permissive &&
      other.command !== 'insert' &&
      (other.roles.includes('PUBLIC') || roles.includes('PUBLIC') || other.roles.some((role) => roles.includes(role))),
  )
  const [first = [], ...rest] = others.map(guardColumnsOf)
  return first.filter((column) => rest.every((columns) => columns.includes(column)))
}
