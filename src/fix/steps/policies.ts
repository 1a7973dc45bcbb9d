import type { Policy } from '../../evidence/catalog/model.js'
import { quoteIdentifier } from '../../quote.js'
import { quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { STEP } from './base.js'

/** Gives a policy other expressions; null leaves one as it is. */
export function alterPolicy(policy: Policy, using: string | null, withCheck: string | null): readonly Step[] {
  const on = `alter policy ${quoteIdentifier(policy.name)} on ${quoteRelation(policy.table)}`
  const change = (to: string | null, check: string | null) =>
    [on, to === null ? '' : `using (${to})`, check === null ? '' : `with check (${check})`].filter(Boolean).join(' ')
  return [
    {
      ...STEP,
      phase: 'switch',
      sql: change(using, withCheck),
      undo: change(using === null ? null : policy.using, withCheck === null ? null : policy.withCheck),
      lock: 'ACCESS EXCLUSIVE',
    },
  ]
}

/** Takes a policy away. */
export function dropPolicy(policy: Policy): readonly Step[] {
  const { command, permissive, roles, using, withCheck } = policy
  const on = `${quoteIdentifier(policy.name)} on ${quoteRelation(policy.table)}`
  const to = roles.map((role) => (role === 'PUBLIC' ? 'public' : quoteIdentifier(role))).join(', ')
  const undo = [
    `create policy ${on} as ${permissive ? 'permissive' : 'restrictive'} for ${command} to ${to}`,
    using === null ? '' : `using (${using})`,
    withCheck === null ? '' : `with check (${withCheck})`,
  ]
  return [
    {
      ...STEP,
      phase: 'contract',
      sql: `drop policy ${on}`,
      undo: undo.filter(Boolean).join(' '),
      lock: 'ACCESS EXCLUSIVE',
    },
  ]
}
