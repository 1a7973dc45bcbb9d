import { rule } from '../../src/kit.js'
import type { DownSide } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Have the down side give back the schema that the migration met.',
    why: 'A down side is run when a release has gone wrong. If it fails then, or leaves something behind, the next attempt meets a schema that nobody has tried.',
    bad: 'create table invoice (id bigint primary key);\n-- migration: 0001_note.up.sql by golang-migrate\nalter table invoice add column note text, add column place text;\n-- migration: 0001_note.down.sql by golang-migrate\nalter table invoice drop column note;',
    good: 'create table invoice (id bigint primary key);\n-- migration: 0001_note.up.sql by golang-migrate\nalter table invoice add column note text, add column place text;\n-- migration: 0001_note.down.sql by golang-migrate\nalter table invoice drop column note, drop column place;',
    unless: 'You only ever go forward.',
    references: ['https://www.postgresql.org/docs/current/ddl-alter.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const { down, statements, name } of migrations.files) {
      const left = down?.left?.filter(({ kind, how }) => !(kind === 'type' && how === 'changed')) ?? []
      if (!down || !statements[0] || down.statements.length === 0) continue
      if (!down.failure && left.length === 0) continue
      yield {
        on: statements[0].about(null),
        facts: {
          name,
          line: down.failure?.location.line ?? null,
          failure: down.failure?.message ?? null,
          left: left.slice(0, 4).map(({ kind, address, how }) => `${kind} ${address} is ${how}`),
          more: Math.max(0, left.length - 4),
        },
        assessment: { tier: 'observed', ...severityOf(down) },
      }
    }
  },

  message: ({ facts: { name, line, failure, left, more } }) =>
    failure === null
      ? `Taken back, ${name} leaves another schema than it met: ${left.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`
      : `The down side of ${name} fails in line ${line}: ${failure}.`,

  advice: ({ facts: { failure } }) =>
    failure === null
      ? 'Take back everything that the migration does, in the opposite order.'
      : 'Mend the statement, and run the migration up, down and up again.',
})

/** What is left behind hurts less than what is missing. */
function severityOf({ failure, left }: DownSide): { readonly severity?: 'info' } {
  return !failure && left?.every(({ how }) => how === 'left behind') ? { severity: 'info' } : {}
}
