import { afterReview, codeOf, quoteIdentifier, quoteRelation, rule, statement, type Routine } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Set search_path on a SECURITY DEFINER function.',
    why: 'Such a function runs with its owner’s rights, but looks names up in the caller’s search_path: a caller who puts a table or function of their own first has it used with rights that are not theirs.',
    bad: 'create table account (id bigint primary key, balance numeric not null); create function total() returns numeric language sql security definer as $$ select sum(balance) from account $$;',
    good: 'create table account (id bigint primary key, balance numeric not null); create function total() returns numeric language sql security definer set search_path = public, pg_temp as $$ select sum(balance) from account $$;',
    references: ['https://www.postgresql.org/docs/current/sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const routine of catalog.functions) {
      if (!routine.securityDefiner || !isCallable(routine)) continue
      // A body without text is SQL-standard: its names were looked up when it was created.
      if (codeOf(routine) === null || ('search_path' in routine.settings && !followsCaller(routine))) continue
      yield { on: routine, facts: { path: routine.settings['search_path'] ?? null } }
    }
  },

  message: ({ on, facts: { path } }) =>
    path === null
      ? `${on} runs as ${on.owner} (SECURITY DEFINER) with the search_path of whoever calls it.`
      : `${on} runs as ${on.owner} (SECURITY DEFINER) with the search_path ${path}, in which "$user" is the owner’s own schema, whoever made it.`,

  fix: ({ on, facts: { path } }) => {
    if (path !== null) return []
    const routine = `${on.variety} ${quoteRelation(on)}(${on.arguments})`
    return afterReview(`Does ${on} use anything outside of the schema ${on.schema}? The steps let it see no other.`, [
      statement(
        `alter ${routine} set search_path = ${quoteIdentifier(on.schema.name)}, pg_temp`,
        `alter ${routine} reset search_path`,
      ),
    ])
  },
})

/** Somebody else than the owner may call it, or it is called by a trigger. */
function isCallable({ grants, owner, returns }: Routine): boolean {
  return returns === 'trigger' || grants.some(({ grantee }) => grantee !== owner)
}

function followsCaller({ settings }: Routine): boolean {
  return /"?\$user"?/.test(settings['search_path'] ?? '')
}
