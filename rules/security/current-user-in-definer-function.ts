import { codeOf, rule, type Catalog, type Routine } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Read session_user, or a setting of the application, where a SECURITY DEFINER function asks who calls it.',
    why: 'Inside a SECURITY DEFINER function current_user is its owner, whoever calls: what is compared with it or recorded from it is always the same name.',
    bad: "create table note (id bigint primary key, changed_by text); create function record_author() returns trigger language plpgsql security definer set search_path = '' as $$ begin new.changed_by := current_user; return new; end $$; create trigger record_author before update on note for each row execute function record_author();",
    good: "create table note (id bigint primary key, changed_by text); create function record_author() returns trigger language plpgsql security definer set search_path = '' as $$ begin new.changed_by := session_user; return new; end $$; create trigger record_author before update on note for each row execute function record_author();",
    unless: 'The owner is what is asked for.',
    references: ['https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SESSION'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const routine of catalog.functions) {
      if (!routine.securityDefiner) continue
      const code = codeOf(routine) ?? ''
      // Beside session_user, the author knows the two apart.
      if (!/\b(?:current_user|current_role)\b/.test(code) || /\bsession_user\b/.test(code)) continue
      if (isRunForOthers(routine, catalog)) yield { on: routine, facts: { owner: routine.owner } }
    }
  },

  message: ({ on, facts: { owner } }) => `${on} reads current_user, which there is always ${owner}, not the caller.`,
})

/** Whether triggers or policies run it on behalf of whoever uses a table. */
function isRunForOthers(routine: Routine, catalog: Catalog): boolean {
  const call = `${routine.schema.name}.${routine.name}(`
  return catalog.tables.some(
    ({ triggers, policies }) =>
      triggers.some((trigger) => trigger.function === routine) ||
      policies.some(({ using, withCheck }) => `${using} ${withCheck}`.includes(call)),
  )
}
