import { afterReview, codeOf, quoteRelation, rule, statement, type Catalog, type Routine } from '../../src/kit.js'

const WRITES = /\b(?:insert\s+into|update\s+[\w."]+(?:\s+(?:as\s+)?\w+)?\s+set|delete\s+from|truncate)\b/

/** Puts SQL together; what it can be made to do depends on what the caller hands in. */
const RUNS_TEXT = /\bexecute\b/
const TEXT = /\b(?:text|character varying|varchar|name|jsonb?|regclass)\b/

/** What a body looks at when it asks who calls. */
const ASKS =
  /\b(?:current_setting|session_user|current_user|current_role|pg_has_role|has_\w+_privilege|auth\s*\.\s*\w+|uid|jwt|is_\w+|check_\w+|verify_\w+|require_\w+|authori[sz]e\w*|assert_\w+|can_\w+|token|secret|password)\b/

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.7,
  docs: {
    summary: 'Take EXECUTE from PUBLIC on a SECURITY DEFINER function that writes, and grant it to those who need it.',
    why: 'Every function may be called by everybody unless that is revoked. One that runs with its owner’s rights, writes, and does not ask who calls, lends these rights to every role that can connect.',
    bad: "create table account (id bigint primary key, balance numeric not null); create function pay_out(account_id bigint) returns void language sql security definer set search_path = '' as $$ update public.account set balance = 0 where id = account_id $$;",
    good: "create table account (id bigint primary key, balance numeric not null); create function pay_out(account_id bigint) returns void language sql security definer set search_path = '' as $$ update public.account set balance = 0 where id = account_id $$; revoke execute on function pay_out from public;",
    unless: 'What it writes may be written by everybody, or it checks its caller by other means.',
    references: ['https://www.postgresql.org/docs/current/sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const routine of catalog.functions) {
      const { securityDefiner, returns, grants, schema } = routine
      if (!securityDefiner || returns === 'trigger' || returns === 'event_trigger') continue
      if (!grants.some(({ grantee }) => grantee === 'PUBLIC')) continue
      if (!schema.grants.some(({ grantee, privilege }) => grantee === 'PUBLIC' && privilege === 'USAGE')) continue
      const code = codeOf(routine)
      if (code === null || !(WRITES.test(code) || (RUNS_TEXT.test(code) && TEXT.test(routine.arguments)))) continue
      if (ASKS.test(code) || isPartOfSchema(routine, catalog)) continue
      yield { on: routine, facts: { owner: routine.owner } }
    }
  },

  message: ({ on, facts: { owner } }) => `Every role may call ${on}, which writes with the rights of ${owner}.`,

  fix: ({ on }) => {
    const routine = `${on.variety} ${quoteRelation(on)}(${on.arguments})`
    return afterReview(`Which roles call ${on}? They need a grant of their own.`, [
      statement(`revoke execute on ${routine} from public`, `grant execute on ${routine} to public`, {
        phase: 'contract',
      }),
    ])
  },
})

/** Whether policies, defaults, checks or views call it on behalf of whoever uses a table. */
function isPartOfSchema({ schema, name }: Routine, catalog: Catalog): boolean {
  const call = `${schema.name}.${name}(`
  return (
    catalog.views.some(({ definition }) => definition.includes(call)) ||
    catalog.tables.some(
      ({ policies, columns, checks }) =>
        policies.some(({ using, withCheck }) => `${using} ${withCheck}`.includes(call)) ||
        columns.some((column) => column.default?.includes(call)) ||
        checks.some(({ expression }) => expression.includes(call)),
    )
  )
}
