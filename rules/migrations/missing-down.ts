import { rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Give a migration a way back where the others have one.',
    why: 'A release that must be taken back stops at the first migration without a down side, and everything behind it stays.',
    bad: 'create table invoice (id bigint primary key);\n-- migration: 0001_note.up.sql by golang-migrate\nalter table invoice add column note text;\n-- migration: 0002_place.up.sql by golang-migrate\nalter table invoice add column place text;\n-- migration: 0002_place.down.sql by golang-migrate\nalter table invoice drop column place;',
    good: 'create table invoice (id bigint primary key);\n-- migration: 0001_note.up.sql by golang-migrate\nalter table invoice add column note text;\n-- migration: 0001_note.down.sql by golang-migrate\nalter table invoice drop column note;',
    unless: 'You only ever go forward, and mend a bad release by another one.',
    references: ['https://github.com/golang-migrate/migrate/blob/master/MIGRATIONS.md'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const [at, { down, statements, name }] of migrations.files.entries()) {
      const earlier = migrations.files.slice(Math.max(0, at - HABIT), at)
      if (down === null && earlier.length === HABIT && earlier.every((one) => one.down === null)) continue
      const [first] = statements.filter(
        ({ changes, parsed }) => (changes.length > 0 || isMaker(parsed?.name)) && !onlyValidates(parsed?.node),
      )
      if (
        down === undefined ||
        down?.isExplained ||
        !first ||
        (down && down.statements.some(({ text }) => !SAYS_NOTHING.test(text)))
      )
        continue
      yield {
        on: statements[0]!.about(null),
        facts: { name, file: down?.file ?? null, dropped: first.dropped.length },
        assessment: { tier: 'declared' },
      }
    }
  },

  message: ({ facts: { name, file } }) =>
    file === null ? `${name} has no down side, as others here have.` : `The down side of ${name} does nothing.`,

  advice: () =>
    'Write the statements that take it back; where that cannot be, say why in a comment, or let it fail with that sentence.',
})

/** So many in a row without a down side are a habit of that time, not an oversight. */
const HABIT = 3

/** What people write to have something there. */
const SAYS_NOTHING = /^\s*(?:select\s+(?:\d+|'[^']*')|do\s+(\$\w*\$)\s*begin\s*(?:null\s*;\s*)?end\s*;?\s*\1)\s*$/i

/** It makes something that was not there. */
function isMaker(name: string | undefined): boolean {
  return name !== undefined && /^Create|^IndexStmt$|^ViewStmt$/.test(name)
}

/** It checks the rows that are there; nothing is to be taken back. */
function onlyValidates(node: unknown): boolean {
  const kinds = JSON.stringify(node ?? null).match(/"AT_\w+"/g) ?? []
  return kinds.length > 0 && kinds.every((kind) => kind === '"AT_ValidateConstraint"')
}
