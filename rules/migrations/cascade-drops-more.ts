import { rule } from '../../src/kit.js'
import type { MigrationStatement } from '../../src/kit.js'

/** What belongs to an object and goes with it by right. */
const OWN_PARTS = /^(?:type|rule|default value|toast|sequence|statistics object|publication relation|operation class)/

/** Triggers that serve a foreign key, and NOT NULL. */
const INTERNAL = /RI_ConstraintTrigger|_not_null"? on /

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Drop what depends on an object by name, not by CASCADE.',
    why: 'CASCADE drops views, foreign keys, policies and functions of other objects without naming them; the migration does not show what is lost, and it may be more in production.',
    bad: 'create table invoice (id bigint primary key); create view open_invoice as select id from invoice;\n-- migration\ndrop table invoice cascade;',
    good: 'create table invoice (id bigint primary key); create view open_invoice as select id from invoice;\n-- migration\ndrop view open_invoice;\ndrop table invoice;',
    references: ['https://www.postgresql.org/docs/current/ddl-depend.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      const lost = /\bcascade\b/i.test(statement.sql) ? lostWith(statement) : []
      if (lost.length === 0) continue
      const made = laterText(statement)
      const gone = lost.filter(({ name }) => !made.includes(name.toLowerCase()))
      if (gone.length === 0) continue
      yield {
        on: statement.about(null),
        facts: {
          dropped: statement.dropped
            .filter(({ original }) => original)
            .map(({ type, identity }) => `${type} ${identity}`),
          lost: gone.map(({ type, identity }) => `${type} ${identity}`),
        },
        assessment: { tier: statement.basis },
      }
    }
  },

  message: ({ facts: { dropped, lost } }) => {
    const shown = lost.slice(0, 3).join(', ')
    const more = lost.length > 3 ? ` and ${lost.length - 3} more` : ''
    return `Dropping ${dropped.slice(0, 2).join(', ')} by CASCADE also drops ${shown}${more}.`
  },

  advice: () => 'Drop by name what is meant to go, without CASCADE.',
})

/** Objects that are no parts of what the statement names. */
function lostWith({ dropped }: MigrationStatement) {
  const named = dropped.filter(({ original }) => original).map(({ identity }) => identity)
  return dropped
    .filter(({ original, type, identity }) => !original && !OWN_PARTS.test(type) && !INTERNAL.test(identity))
    .filter(({ type, identity }) => {
      const owner = / on (.+)$/.exec(identity)?.[1]
      if (type === 'index' || type === 'trigger' || type === 'table constraint' || type === 'policy')
        return (
          type !== 'index' &&
          owner !== undefined &&
          !named.some((name) => name === owner || name.startsWith(`${owner}.`))
        )
      return !named.some((name) => identity.startsWith(`${name}.`))
    })
    .map(({ type, identity }) => ({
      type,
      identity,
      name: identity
        .split(/ on |\(/)[0]!
        .split('.')
        .at(-1)!,
    }))
}

/** What the rest of the migration says, where it may make again what went. */
function laterText({ migration, index }: MigrationStatement): string {
  return migration.statements
    .slice(index + 1)
    .map(({ sql }) => sql)
    .join('\n')
    .toLowerCase()
}
