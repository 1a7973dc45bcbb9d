import { rule, type Catalog, type Policy } from '../../src/kit.js'

/** `user_metadata` in a token, or the column behind it: a user may set both, unlike `app_metadata`. */
const USER_METADATA = /'\{?(?:raw_)?user_meta_?data\b|\braw_user_meta_data\b/

export default rule({
  severity: 'error',
  docs: {
    summary: 'Decide by app_metadata or by a table of your own, not by what users may write about themselves.',
    why: 'Every user can change their own user_metadata with one call of the client library, and so choose the role or tenant that the policy reads there.',
    bad: "create table note (id bigint primary key, tenant_id text not null); alter table note enable row level security; create policy own on note using (tenant_id = (current_setting('request.jwt.claims')::jsonb -> 'user_metadata' ->> 'tenant_id'));",
    good: "create table note (id bigint primary key, tenant_id text not null); alter table note enable row level security; create policy own on note using (tenant_id = (current_setting('request.jwt.claims')::jsonb -> 'app_metadata' ->> 'tenant_id'));",
    references: ['https://supabase.com/docs/guides/database/postgres/row-level-security#authjwt'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const trusting = trustingFunctions(catalog)
    for (const { policies } of catalog.tables) {
      for (const policy of policies) {
        const through = [...trusting].find((name) => textOf(policy).includes(`${name}(`))
        if (USER_METADATA.test(textOf(policy)) || through) yield { on: policy, facts: { through: through ?? null } }
      }
    }
  },

  message: ({ on, facts: { through } }) =>
    `${on} trusts user_metadata${through ? ` through ${through}()` : ''}, which users write themselves.`,
})

function textOf({ using, withCheck }: Policy): string {
  return `${using ?? ''} ${withCheck ?? ''}`
}

/** Functions that return what they find in the metadata, as their calls are printed. */
function trustingFunctions(catalog: Catalog): ReadonlySet<string> {
  return new Set(
    catalog.functions
      .filter(
        ({ source, returns }) => returns !== 'trigger' && USER_METADATA.test(source?.replaceAll(/--.*/g, '') ?? ''),
      )
      .map(({ schema, name }) => `${schema.name}.${name}`),
  )
}
