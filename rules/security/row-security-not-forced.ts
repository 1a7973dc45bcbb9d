import { afterReview, grantsToOthers, quoteRelation, rolesHeldBy, rule, statement } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Connect as a role that does not own the tables, or force row level security on them.',
    why: 'The owner of a table is not held to its policies. If the application connects as the owner, and nobody else may read the table, the policies guard against nobody.',
    bad: "create role app_owner login; create table note (id bigint primary key, author text not null); alter table note owner to app_owner; alter table note enable row level security; create policy own on note using (author = current_setting('app.author'));",
    good: "create role app_owner login; create table note (id bigint primary key, author text not null); alter table note owner to app_owner; alter table note enable row level security, force row level security; create policy own on note using (author = current_setting('app.author'));",
    unless:
      'A role that may use the tables inherits that from somewhere else than their grants, such as pg_read_all_data.',
    references: ['https://www.postgresql.org/docs/current/ddl-rowsecurity.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const logins = catalog.roles
      .filter(({ canLogin, superuser, bypassRowSecurity }) => canLogin && !superuser && !bypassRowSecurity)
      .map(({ name }) => ({ name, held: rolesHeldBy(name, catalog) }))
    for (const table of catalog.tables) {
      const { rowSecurity, forceRowSecurity, policies, partitionOf, owner } = table
      if (!rowSecurity || forceRowSecurity || policies.length === 0 || partitionOf) continue
      const acting = logins.filter(({ held }) => held.has(owner)).map(({ name }) => name)
      // Who is let in by a grant and is no owner is held to the policies.
      const guarded = grantsToOthers(table, catalog).some(({ grantee }) => !acting.includes(grantee))
      if (acting.length > 0 && !guarded) yield { on: table, facts: { owner, acting } }
    }
  },

  message: ({ on, facts: { owner, acting } }) =>
    acting.includes(owner)
      ? `The policies of ${on} guard against nobody: only its owner ${owner} may use it, and an owner is not held to policies.`
      : `The policies of ${on} guard against nobody: only its owner ${owner} may use it, as which ${acting.join(', ')} ${acting.length > 1 ? 'act' : 'acts'}, and an owner is not held to policies.`,

  fix: ({ on, facts: { owner } }) =>
    afterReview(`Shall ${owner} be held to the policies of ${on}, in migrations and backups too?`, [
      statement(
        `alter table ${quoteRelation(on)} force row level security`,
        `alter table ${quoteRelation(on)} no force row level security`,
        { phase: 'switch', lock: 'ACCESS EXCLUSIVE' },
      ),
    ]),
})
