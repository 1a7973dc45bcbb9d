import type { Hold, Observation, RelationChange } from '../../../source/files/observation/observer.js'
import type { RelationState } from '../../../source/files/observation/relations.js'
import { nodeAt, nodesIn, type ParsedStatement, stringsIn } from '../../../source/files/parse.js'
import { isAtLeast, type LockMode } from '../../../source/lock-mode.js'
import { documentedEffects } from '../documented.js'
import { effect, type Effect, nameIn } from '../effect.js'
import { type SessionState, timeoutIn } from '../trace-session.js'
import { type ImaginedRelations, isAboutPartitions } from './relations.js'
import { printType, rewritesRows } from './types.js'

/** Says what statements are documented to do, one behind the other, in the way in which a server is observed. */
export interface StaticObserver {
  /** From here on, what is there counts as there before. */
  beginRelease(): void
  /** Null for a statement that may do anything. */
  observe(statement: ParsedStatement, state: SessionState): Observation | null
}

export function observeStatically(relations: ImaginedRelations): StaticObserver {
  let old = new Set<number>()
  let transaction = -1
  let held = new Map<number, LockMode>()

  const relationOf = ({ relation, of }: Effect) =>
    of === 'index' ? relations.findByIndex(relation) : relations.find(relation)

  return {
    beginRelease() {
      old = new Set([...relations.all()].map(({ oid }) => oid))
    },
    observe(statement, state) {
      if (state.transaction !== transaction) held = new Map()
      transaction = state.transaction
      const effects = documentedEffects(statement)
      if (!effects) return null
      // A table that nothing made was there before.
      const met = [...effects, ...effectsOnReferenced(statement, effects, relations)].flatMap((effect) => {
        const isThere = effect.of === 'index' || relations.has(effect.relation)
        const relation = relationOf(effect)
        if (relation && !isThere) old.add(relation.oid)
        if (!relation || !old.has(relation.oid)) return []
        const isWhole = statement.name === 'AlterTableStmt' && effect === effects[0] && !isPartitionCommand(statement)
        return (isWhole ? relations.withPartitions(relation) : [relation]).map((one) => ({ effect, relation: one }))
      })
      const before = met.map(({ relation }) => relation)
      relations.apply(statement)
      const changes = before.flatMap((relation): readonly RelationChange[] => {
        const after = relations.now(relation.oid)
        return after === relation ? [] : [{ before: relation, after }]
      })
      const taken = new Set<number>()
      for (const { effect, relation } of met) {
        const mode = held.get(relation.oid)
        if (mode && isAtLeast(mode, effect.mode)) continue
        held.set(relation.oid, effect.mode)
        taken.add(relation.oid)
      }
      const rewritten = met.filter(({ effect, relation }) => isRewritten(effect, relation, statement, state))
      const isNamed = (relation: RelationState) => !rewritten.some((one) => one.relation === relation)
      const scanned = met.filter(
        ({ effect, relation }) => effect.scans && isNamed(relation) && isRead(relation, statement),
      )
      return {
        transaction: String(transaction),
        holds: [...held].flatMap(([oid, mode]): readonly Hold[] => {
          const relation = before.find((one) => one.oid === oid) ?? relations.now(oid)
          return relation ? [{ relation, mode, taken: taken.has(oid) }] : []
        }),
        scanned: [...rewritten.filter(({ relation }) => relation.kind === 'table'), ...scanned].map(
          ({ relation }) => relation,
        ),
        rewritten: rewritten.map(({ relation }) => relation),
        emptied: statement.name === 'TruncateStmt' ? before : [],
        rebuiltIndexes: rewritten.flatMap(({ relation }) =>
          relation.indexes.map(({ name }) => ({ relation, index: name })),
        ),
        changes,
        dropped: readDropped(statement),
        timeouts: {
          lock: timeoutIn(state.settings, 'lock_timeout') ?? 0,
          statement: timeoutIn(state.settings, 'statement_timeout') ?? 0,
          idleInTransaction: timeoutIn(state.settings, 'idle_in_transaction_session_timeout') ?? 0,
          transaction: timeoutIn(state.settings, 'transaction_timeout') ?? 0,
        },
      }
    },
  }
}

function isPartitionCommand({ node }: ParsedStatement): boolean {
  return nodesIn(node['cmds']).some(([, command]) => isAboutPartitions(command))
}

/** A table that is dropped takes the triggers of its foreign keys from the tables that they reference. */
function effectsOnReferenced(
  { name, node }: ParsedStatement,
  effects: readonly Effect[],
  relations: ImaginedRelations,
): readonly Effect[] {
  if (name !== 'DropStmt' || node['removeType'] !== 'OBJECT_TABLE') return []
  return effects
    .filter(({ relation }) => relations.has(relation))
    .flatMap(({ relation }) => relations.find(relation).constraints)
    .flatMap(({ references }) => (references === null ? [] : (relations.now(references) ?? [])))
    .map((referenced) => effect(referenced, 'ACCESS EXCLUSIVE'))
}

/** A change of type is compared with the column's old one. */
function isRewritten(effect: Effect, relation: RelationState, { node }: ParsedStatement, state: SessionState): boolean {
  // A partitioned table keeps no rows itself.
  if (relation.kind === 'partitioned table') return false
  if (effect.rewrites !== null) return effect.rewrites
  const isUtc = /^(?:utc|etc\/utc|gmt)$/i.test(state.settings.get('timezone') ?? '')
  return nodesIn(node['cmds']).some(([, { subtype, name, def }]) => {
    if (subtype !== 'AT_AlterColumnType') return false
    const column = relation.columns.find((one) => one.name === name)
    const type = printType(nodeAt(def, 'ColumnDef', 'typeName'))
    return rewritesRows(column?.type ?? null, type, isUtc && !nodeAt(def, 'ColumnDef', 'raw_default')) === true
  })
}

/** SET NOT NULL takes a validated CHECK for proof, and a partition that has one is not read when it is attached. */
function isRead(relation: RelationState, { node }: ParsedStatement): boolean {
  const checks = relation.constraints.filter(({ type, validated }) => type === 'check' && validated)
  const reads = nodesIn(node['cmds']).filter(([, { subtype, name }]) => {
    const column = String(name ?? '')
    if (subtype === 'AT_SetNotNull') {
      const isSet = relation.columns.some((one) => one.name === column && one.notNull)
      return !isSet && !checks.some(({ definition }) => definition === `CHECK ((${column} IS NOT NULL))`)
    }
    if (subtype === 'AT_ValidateConstraint')
      return !relation.constraints.some((one) => one.name === column && one.validated)
    if (subtype === 'AT_AttachPartition') return checks.length === 0
    return true
  })
  return node['cmds'] === undefined || reads.length > 0
}

const DROPPED: Readonly<Record<string, string>> = {
  OBJECT_TABLE: 'table',
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'materialized view',
  OBJECT_INDEX: 'index',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_SCHEMA: 'schema',
  OBJECT_FOREIGN_TABLE: 'foreign table',
}

function readDropped({ name, node }: ParsedStatement): Observation['dropped'] {
  if (name === 'DropStmt') {
    const type = DROPPED[String(node['removeType'])]
    if (!type) return []
    return nodesIn(node['objects']).flatMap(([kind, object]) => {
      const written = kind === 'String' ? nameIn([String(object['sval'])]) : nameIn(stringsIn(object['items']))
      if (!written) return []
      const identity = type === 'schema' ? written.name : `${written.schema ?? 'public'}.${written.name}`
      return [{ type, identity, original: true }]
    })
  }
  if (name !== 'AlterTableStmt') return []
  const table = nodeAt(node, 'relation')
  const address = `${(nodeAt(table, 'schemaname') as string | undefined) ?? 'public'}.${String(nodeAt(table, 'relname'))}`
  return nodesIn(node['cmds']).flatMap(([, { subtype, name: part }]) => {
    if (subtype === 'AT_DropColumn')
      return [{ type: 'table column', identity: `${address}.${String(part)}`, original: true }]
    if (subtype === 'AT_DropConstraint')
      return [{ type: 'table constraint', identity: `${String(part)} on ${address}`, original: true }]
    return []
  })
}
