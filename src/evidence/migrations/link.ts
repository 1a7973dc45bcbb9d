import type { LoadedMigration } from '../../source/files/model.js'
import { type ParsedStatement, parseStatement } from '../../source/files/parse.js'
import type { Catalog } from '../catalog/model.js'
import type { ColumnStatistics, TableStatistics } from '../statistics/model.js'
import { leftByDownSides } from './down-sides.js'
import { type Irregularity, type SessionState, timeoutIn, traceSession } from './trace-session.js'
import type { Migration, Migrations, MigrationStatement, RelationState, StatementSubject, Timeouts } from './model.js'

export interface MigrationContext {
  /** Where observations come from a server that is not there, `inferred`. */
  readonly basis?: 'inferred'
  readonly before: Catalog
  readonly statisticsOf: (address: string) => TableStatistics | undefined
  readonly columnStatisticsOf?: (address: string) => ColumnStatistics | undefined
  /** The catalog after all of them were taken back; absent where that was not tried, or failed. */
  readonly undone?: Catalog | null
}

/** Links what was seen of new files to the schema that they meet. */
export function linkMigrations(loaded: readonly LoadedMigration[], context: MigrationContext): Migrations {
  const left = context.undone ? leftByDownSides(loaded, context.before, context.undone) : null
  const files = loaded.map((one) =>
    linkMigration(
      one,
      context.basis ?? 'observed',
      one.down && { ...one.down, left: left && (left.get(one.file) ?? []) },
    ),
  )
  return {
    before: context.before,
    files,
    *statements() {
      for (const { statements } of files) yield* statements
    },
    statisticsOf: ({ schema, name }) => context.statisticsOf(`${schema}.${name}`),
    columnStatisticsOf: ({ schema, name }, column) => context.columnStatisticsOf?.(`${schema}.${name}.${column}`),
  }
}

function linkMigration(
  { file, text, layout, parts, precedes = null, statements }: LoadedMigration,
  seenBy: MigrationStatement['basis'],
  down: Migration['down'],
): Migration {
  const linked: MigrationStatement[] = []
  const { states, irregularities } = traceParts(parts, statements)
  const migration: Migration = {
    name: nameOf(file),
    file,
    text,
    layout,
    irregularities,
    statements: linked,
    down,
    precedes: precedes && nameOf(precedes),
  }
  /** SET LOCAL was applied as SET, for what it means to the schema. */
  const misleads = irregularities.some(({ kind }) => kind === 'local-without-transaction')
  let seen: Timeouts | null = null
  for (const [index, { text: sql, location, outcome, observation, failure }] of statements.entries()) {
    seen = observation?.timeouts ?? seen
    const timeouts = misleads || !seen ? timeoutsIn(states[index]!.settings) : seen
    let parsed: ParsedStatement | null | undefined
    const statement: MigrationStatement = {
      migration,
      index,
      sql,
      location,
      get parsed() {
        return (parsed ??= parseStatement(sql))
      },
      transaction: outcome === 'failed' ? null : states[index]!.transaction,
      openedBy: states[index]!.openedBy,
      basis: observation ? seenBy : 'inferred',
      holds: observation?.holds ?? [],
      scanned: observation?.scanned ?? [],
      rewritten: observation?.rewritten ?? [],
      emptied: observation?.emptied ?? [],
      rebuiltIndexes: observation?.rebuiltIndexes ?? [],
      changes: observation?.changes ?? [],
      dropped: observation?.dropped ?? [],
      timeouts,
      failure,
      failed: outcome === 'failed',
      about: (relation, columnNames = []) => describe(statement, relation, columnNames),
    }
    linked.push(statement)
  }
  return migration

  function describe(
    statement: MigrationStatement,
    relation: { readonly schema: string; readonly name: string } | null,
    columnNames: readonly string[],
  ): StatementSubject {
    const object = relation ? `${relation.schema}.${relation.name}` : null
    const stem = object ? `${migration.name} ${object}` : migration.name
    const number = numberOf(statement, object)
    return {
      kind: 'statement',
      address: number === 1 ? stem : `${stem} (${number})`,
      name: object ?? migration.name,
      comment: null,
      location: statement.location,
      relation,
      columnNames,
      statement,
      toString: () => object ?? migration.name,
    }
  }

  /** 1 for the first statement of the migration that touches the relation. */
  function numberOf({ index }: MigrationStatement, object: string | null): number {
    if (object === null) return index + 1
    return 1 + linked.slice(0, index).filter((earlier) => touches(earlier, object)).length
  }
}

function touches({ holds, scanned, changes }: MigrationStatement, object: string): boolean {
  const is = ({ schema, name }: RelationState) => `${schema}.${name}` === object
  return (
    holds.some(({ relation, taken }) => taken && is(relation)) ||
    scanned.some(is) ||
    changes.some(({ before }) => is(before))
  )
}

/** Follows the session through the parts, each of which has transactions of its own. */
export function traceParts(
  parts: LoadedMigration['parts'],
  statements: readonly Pick<LoadedMigration['statements'][number], 'text' | 'location'>[],
): { readonly states: readonly SessionState[]; readonly irregularities: readonly Irregularity[] } {
  const states: SessionState[] = []
  const irregularities: Irregularity[] = []
  for (const [at, { transaction: mode }] of parts.entries()) {
    const first = states.length
    const before = states.at(-1)?.transaction ?? 0
    const end = parts[at + 1]?.line ?? Infinity
    const own = statements.slice(first).filter(({ location }) => location.line < end)
    const trace = traceSession(own, { transaction: mode })
    states.push(...trace.states.map((state) => ({ ...state, transaction: state.transaction + before + 1 })))
    irregularities.push(...trace.irregularities.map((one) => ({ ...one, statement: one.statement + first })))
  }
  return { states, irregularities }
}

function timeoutsIn(settings: SessionState['settings']): Timeouts {
  const read = (name: string) => timeoutIn(settings, name) ?? 0
  return {
    lock: read('lock_timeout'),
    statement: read('statement_timeout'),
    idleInTransaction: read('idle_in_transaction_session_timeout'),
    transaction: read('transaction_timeout'),
  }
}

const GENERIC = /^(?:migration|up|index)\.[a-z]+$/

function nameOf(file: string): string {
  const parts = file.split('/')
  return parts.slice(GENERIC.test(parts.at(-1) ?? '') ? -2 : -1).join('/')
}
