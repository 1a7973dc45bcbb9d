import { addressOf, isAtLeast, rule } from '../../src/kit.js'
import type { MigrationStatement, Migrations } from '../../src/kit.js'

/** Longer waits are as good as none: every request behind the waiting statement waits as long. */
const LONGEST = 60_000

export default rule({
  severity: 'info',
  docs: {
    summary: 'Set lock_timeout before a statement that takes a strong lock.',
    why: 'A statement that waits for ACCESS EXCLUSIVE behind one long query makes every later request wait behind itself, readers too. With lock_timeout it gives up instead, and is tried again.',
    bad: 'create table invoice (id bigint primary key);\n-- migration\nalter table invoice add column note text;',
    good: "create table invoice (id bigint primary key);\n-- migration\nset lock_timeout = '2s';\nalter table invoice add column note text;",
    unless: 'The role or the tool that runs migrations sets it; the configuration says so.',
    references: ['https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    const waiting = [...migrations.statements()].filter((statement) => locksOf(migrations, statement).length > 0)
    const unguarded = waiting.filter(({ timeouts }) => !timeouts || timeouts.lock === 0 || timeouts.lock > LONGEST)
    const [first] = unguarded
    if (!first) return
    const [table] = locksOf(migrations, first)
    yield {
      on: first.about(table!),
      facts: {
        table: addressOf(table!),
        statements: unguarded.length,
        files: new Set(unguarded.map(({ migration }) => migration)).size,
        milliseconds: first.timeouts?.lock ?? 0,
      },
      assessment: { tier: first.basis },
    }
  },

  message: ({ facts: { table, statements, files, milliseconds } }) => {
    const how = milliseconds === 0 ? 'without lock_timeout' : `for up to ${milliseconds / 1000} s`
    const more =
      statements > 1
        ? `, as ${statements - 1} more ${statements === 2 ? 'statement does' : 'statements do'}${files > 1 ? ` in ${files} files` : ''}`
        : ''
    return `The lock on ${table} is waited for ${how}${more}; whoever comes later waits behind it.`
  },

  advice: () => "Begin with SET lock_timeout = '2s', and run the migration again when it gives up.",
})

/** Tables that the statement locks against readers or writers. */
function locksOf(migrations: Migrations, { holds }: MigrationStatement) {
  return holds
    .filter(({ relation, mode, taken }) => taken && relation.kind.endsWith('table') && isAtLeast(mode, 'SHARE'))
    .map(({ relation }) => relation)
    .filter((relation) => migrations.statisticsOf(relation)?.liveRows !== 0)
}
