import { afterReview, type DefaultGrant, revokeDefaults, rule, type Schema } from '../../src/kit.js'

const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER'])

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Do not let everybody write to the tables that will be made.',
    why: 'Default privileges are granted to each new table of the schema without a word in its migration, and PUBLIC is every role that is there or ever will be.',
    bad: 'alter default privileges in schema public grant all on tables to public; create table account (id bigint primary key); revoke all on account from public;',
    good: 'create role app; alter default privileges in schema public grant all on tables to app; create table account (id bigint primary key);',
    references: ['https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const schema of catalog.schemas) {
      const open = openDefaultsOf(schema)
      if (open.length === 0) continue
      yield {
        on: schema,
        facts: {
          privileges: [...new Set(open.map(({ privilege }) => privilege))],
          owners: [...new Set(open.map(({ owner }) => owner))],
        },
      }
    }
  },

  message: ({ on, facts: { privileges, owners } }) =>
    `Every role gets ${privileges.join(', ')} on each table that ${owners.join(' or ')} will make in ${on}.`,

  fix: ({ on }) =>
    afterReview(
      `Which roles write to the tables that are made in ${on.name}? They need the privilege as a default of their own first.`,
      revokeDefaults(on, openDefaultsOf(on)),
    ),

  advice: () => 'Take the default away with ALTER DEFAULT PRIVILEGES … REVOKE, and grant to the roles that write.',
})

function openDefaultsOf({ defaultGrants }: Schema): readonly DefaultGrant[] {
  return defaultGrants.filter(
    ({ objects, grantee, privilege }) => objects === 'tables' && grantee === 'PUBLIC' && WRITES.has(privilege),
  )
}
