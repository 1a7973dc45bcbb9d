import { afterReview, quoteRelation, rule, statement } from '../../src/kit.js'

export default rule({
  severity: 'error',
  docs: {
    summary: 'Enable row level security on a table that has policies.',
    why: 'Policies do nothing until row level security is enabled on their table: whoever may read the table reads every row, while the schema looks guarded.',
    bad: "create table note (id bigint primary key, author text not null); create policy own on note using (author = current_setting('app.author'));",
    good: "create table note (id bigint primary key, author text not null); create policy own on note using (author = current_setting('app.author')); alter table note enable row level security;",
    references: ['https://www.postgresql.org/docs/current/ddl-rowsecurity.html'],
  },
  needs: ['catalog'],
  // A policy that is not enforced costs nothing.
  reveals: ['indexes/unindexed-policy-column'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.rowSecurity || table.policies.length === 0) continue
      yield { on: table, related: table.policies, facts: { policies: table.policies.map(({ name }) => name) } }
    }
  },

  message: ({ on, facts: { policies } }) =>
    `${on} has ${policies.length === 1 ? 'the policy' : 'the policies'} ${policies.join(', ')}, but row level security is off, so nothing is enforced.`,

  fix: ({ on }) =>
    afterReview(`Do the policies of ${on} let every role that uses it do its work? Until now they were not enforced.`, [
      statement(
        `alter table ${quoteRelation(on)} enable row level security`,
        `alter table ${quoteRelation(on)} disable row level security`,
        { phase: 'switch', lock: 'ACCESS EXCLUSIVE' },
      ),
    ]),
})
