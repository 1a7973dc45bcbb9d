import { addressOf, isAtLeast, rule, sizeOf } from '../../src/kit.js'
import type { MigrationStatement, Migrations } from '../../src/kit.js'

/** Tables in one transaction from which on it is worth a word. */
const MANY = 3

export default rule({
  severity: 'info',
  docs: {
    summary: 'Lock one table in a transaction.',
    why: 'Each lock is kept until the last statement has run, so the first table waits for all the others; and two transactions that take the same tables in another order end in a deadlock.',
    bad: 'create table a (id int); create table b (id int); create table c (id int);\n-- migration\nbegin;\nalter table a add column x int;\nalter table b add column x int;\nalter table c add column x int;\ncommit;',
    good: 'create table a (id int); create table b (id int); create table c (id int);\n-- migration\nalter table a add column x int;\nalter table b add column x int;\nalter table c add column x int;',
    unless: 'The changes must become visible together.',
    references: ['https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    const last = new Map<number, MigrationStatement>()
    for (const statement of migrations.statements())
      if (statement.transaction !== null && statement.openedBy !== null && statement.holds.length > 0)
        last.set(statement.transaction, statement)
    for (const statement of last.values()) {
      const tables = lockedTables(migrations, statement)
      if (tables.length < MANY) continue
      yield {
        on: statement.about(null),
        facts: {
          tables: tables.map(addressOf),
          openedBy: statement.openedBy ?? 'script',
          tool: statement.migration.layout,
          files: new Set(statement.together.map(({ migration }) => migration.file)).size,
        },
        assessment: { tier: statement.basis },
      }
    }
  },

  message: ({ facts: { tables, openedBy, tool, files } }) => {
    const shown = tables.slice(0, 3).join(', ')
    const more = tables.length > 3 ? ` and ${tables.length - 3} more` : ''
    return `One transaction${openedBy === 'runner' ? ` (${tool} opens it${files > 1 ? ` around ${files} files` : ''})` : ''} ends up with ACCESS EXCLUSIVE locks on ${tables.length} tables: ${shown}${more}.`
  },
})

function lockedTables(migrations: Migrations, { holds }: MigrationStatement) {
  return holds
    .filter(({ relation, mode }) => isAtLeast(mode, 'ACCESS EXCLUSIVE') && relation.kind.endsWith('table'))
    .map(({ relation }) => relation)
    .filter((relation) => relation.partitionOf === null && sizeOf(migrations, [relation]).rows !== 0)
}
