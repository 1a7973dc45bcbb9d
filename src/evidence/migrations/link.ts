import type { LoadedMigration } from '../../source/files/model.js'
import { type ParsedStatement, parseStatement } from '../../source/files/parse.js'
import type { Catalog } from '../catalog/model.js'
import type { ColumnStatistics, TableStatistics } from '../statistics/model.js'
import { leftByDownSides } from './down-sides.js'
import { NEW_SESSION, traceParts } from './trace-parts.js'
import { type SessionState, timeoutIn } from './trace-session.js'
import type { Migration, Migrations, MigrationStatement, RelationState, StatementSubject, Timeouts } from './model.js'

export interface MigrationContext {
  /** Where observations come from a server that is not there, `inferred`. */
  readonly basis?: 'inferred'
  readonly before: Catalog
  readonly statisticsOf: (address: string) => TableStatistics | undefined
  readonly daysCounted?: number | null
  readonly columnStatisticsOf?: (address: string) => ColumnStatistics | undefined
  /** The catalog after all of them were taken back; absent where that was not tried, or failed. */
  readonly undone?: Catalog | null
}

/** Links what was seen of new files to the schema that they meet. */
export function linkMigrations(loaded: readonly LoadedMigration[], context: MigrationContext): Migrations {
  const left = context.undone ? leftByDownSides(loaded, context.before, context.undone) : null
  const together = new Map<number, MigrationStatement[]>()
  let session = NEW_SESSION
  const files = loaded.map((one) => {
    const trace = traceParts(one, one.statements, session)
    session = trace.end
    return linkMigration(one, {
      trace,
      together,
      seenBy: context.basis ?? 'observed',
      down: one.down && { ...one.down, left: left && (left.get(one.file) ?? []) },
    })
  })
  return {
    before: context.before,
    files,
    *statements() {
      for (const { statements } of files) yield* statements
    },
    daysCounted: context.daysCounted ?? null,
    statisticsOf: ({ schema, name }) => context.statisticsOf(`${schema}.${name}`),
    columnStatisticsOf: ({ schema, name }, column) => context.columnStatisticsOf?.(`${schema}.${name}.${column}`),
  }
}

interface Surroundings {
  readonly trace: ReturnType<typeof traceParts>
  /** Statements by the transaction that they run in, of all files. */
  readonly together: Map<number, MigrationStatement[]>
  readonly seenBy: MigrationStatement['basis']
  readonly down: Migration['down']
}

function linkMigration(
  { file, text, layout, precedes = null, errorStops = null, statements }: LoadedMigration,
  { trace: { states, irregularities }, together, seenBy, down }: Surroundings,
): Migration {
  const linked: MigrationStatement[] = []
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
      get together() {
        return statement.transaction === null ? [] : (together.get(statement.transaction) ?? [])
      },
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
      goesOn: location.file === file && errorStops?.findLast(({ line }) => line <= location.line)?.stops === false,
      about: (relation, columnNames = []) => describe(statement, relation, columnNames),
    }
    linked.push(statement)
    if (statement.transaction === null) continue
    const mates = together.get(statement.transaction)
    if (mates) mates.push(statement)
    else together.set(statement.transaction, [statement])
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
