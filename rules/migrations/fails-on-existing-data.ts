import { addressOf, alterationsOf, rowChangeOf, rule } from '../../src/kit.js'
import type { Migrations, MigrationStatement, RelationState } from '../../src/kit.js'

/** What rows do to a change: they hold NULL, repeat a key, break a check, refer to nothing, do not fit. */
const BY_DATA: Readonly<Record<string, string>> = {
  '23502': 'rows hold NULL',
  '23503': 'rows refer to what is not there',
  '23505': 'rows repeat a key',
  '23514': 'rows break the check',
  '23P01': 'rows exclude each other',
  '22001': 'values are too long',
  '22003': 'values are out of range',
  '22P02': 'values cannot be read as the new type',
}
/** Distinct values are an estimate; only clearly fewer than rows say that some repeat. */
const SURELY_REPEATED = 0.9

export default rule({
  severity: 'error',
  docs: {
    summary: 'Mend the rows before a change that they are in the way of.',
    why: 'The migration fails on production, where the rows are, after it has passed everywhere else.',
    bad: 'create table invoice (id bigint primary key, number text); insert into invoice values (1, null);\n-- migration\nalter table invoice alter column number set not null;',
    good: "create table invoice (id bigint primary key, number text); insert into invoice values (1, null);\n-- migration\nupdate invoice set number = '-' where number is null;\nalter table invoice alter column number set not null;",
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      const { failure, failed, parsed } = statement
      const why =
        failed && parsed && /^(?:AlterTable|Index)/.test(parsed.name) ? BY_DATA[failure?.code ?? ''] : undefined
      if (why) {
        yield {
          on: statement.about(null),
          facts: factsOf(null, why, { message: failure?.message ?? '' }),
          assessment: { tier: 'observed' },
        }
        continue
      }
      for (const { relation, column, reason, share } of countedAgainst(statement, migrations))
        yield {
          on: statement.about(relation, [column]),
          facts: factsOf(`${addressOf(relation)}.${column}`, reason, { share }),
          assessment: { tier: 'measured', confidence: 0.9 },
        }
    }
  },

  message: ({ facts: { object, why, message, share } }) =>
    object === null
      ? `It fails, because ${why}: ${message}.`
      : `It will fail: ${share === null ? '' : `about ${Math.max(0.1, Math.round(share * 1000) / 10)} % of the `}${why} in ${object}, by the server's statistics.`,

  advice: ({ on }) =>
    `Find the rows, mend them in a migration before, and keep new ones out by a NOT VALID constraint meanwhile.${on.statement.goesOn ? ' Behind the error psql goes on with the next statement, unless the script says \\set ON_ERROR_STOP on.' : ''}`,
})

/** Columns whose counted values are in the way, unless the release has changed the table's rows before. */
function* countedAgainst(statement: MigrationStatement, migrations: Migrations) {
  for (const { before, changedColumns, addedConstraints, addedIndexes } of alterationsOf(statement)) {
    const rows = migrations.statisticsOf(before)?.rows ?? 0
    if (rows === 0 || isMended(statement, before, migrations)) continue
    for (const column of changedColumns) {
      const share = migrations.columnStatisticsOf(before, column.before.name)?.nullFraction ?? 0
      if (column.after.notNull && !column.before.notNull && share > 0)
        yield { relation: before, column: column.after.name, reason: 'rows hold NULL', share }
    }
    const keys = [
      ...addedConstraints.flatMap(({ type, columns }) =>
        type === 'unique' || type === 'primary key' ? [columns] : [],
      ),
      ...addedIndexes.flatMap(({ unique, definition }) => (unique ? [singleColumn(definition)] : [])),
    ]
    for (const [column = '', second] of keys) {
      const counted = second === undefined ? migrations.columnStatisticsOf(before, column) : undefined
      if (!counted || counted.distinct === 0) continue
      const filled = rows * (1 - counted.nullFraction)
      const distinct = counted.distinct > 0 ? counted.distinct : -counted.distinct * rows
      if (filled > 0 && distinct < SURELY_REPEATED * filled)
        yield { relation: before, column, reason: 'rows repeat a value', share: null }
    }
  }
}

/** The column of an index on one column and on all rows. */
function singleColumn(definition: string): readonly string[] {
  const column = /\((\w+)\)$/.exec(definition)?.[1]
  return column === undefined ? [] : [column]
}

function isMended(statement: MigrationStatement, { oid }: RelationState, migrations: Migrations): boolean {
  for (const earlier of migrations.statements()) {
    if (earlier === statement) return false
    if (rowChangeOf(earlier)?.relation.oid === oid || earlier.parsed?.name === 'DoStmt') return true
  }
  return false
}

function factsOf(
  object: string | null,
  why: string,
  { message = '', share = null }: { readonly message?: string; readonly share?: number | null },
) {
  return { object, why, message, share }
}
