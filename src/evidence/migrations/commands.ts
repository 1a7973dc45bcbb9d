import { nodeAt, nodesIn, type ParseNode, stringsIn } from '../../source/files/parse.js'
import { LOCK_MODES, type LockMode } from '../../source/lock-mode.js'
import { type WrittenName } from './effect.js'
import type { Migration, Migrations, MigrationStatement, RelationState } from './model.js'
import { nameOfRelation } from './rows.js'

type Relation = Pick<RelationState, 'schema' | 'name'>

/** A command that writes a table or its indexes anew to win back room. */
export interface Compaction {
  readonly command: 'VACUUM FULL' | 'CLUSTER' | 'REINDEX'
  /** Null when it names none, and so means all of them. */
  readonly relation: Relation | null
}

/** VACUUM FULL, CLUSTER and REINDEX that are not concurrent; relations that the migrations make are none. */
export function compactionsOf({ parsed }: MigrationStatement, migrations: Migrations): readonly Compaction[] {
  if (!parsed) return []
  const { name, node } = parsed
  const named = (command: Compaction['command'], rangeVars: readonly unknown[]): readonly Compaction[] =>
    rangeVars.length === 0
      ? [{ command, relation: null }]
      : rangeVars.flatMap((one) => {
          const relation = nameOfRelation(one, migrations)
          return relation ? [{ command, relation }] : []
        })
  const options = nodesIn(node['options'] ?? node['params']).map(([, { defname }]) => String(defname))
  if (name === 'VacuumStmt' && options.includes('full'))
    return named(
      'VACUUM FULL',
      nodesIn(node['rels']).map(([, { relation }]) => relation),
    )
  if (name === 'ClusterStmt') return named('CLUSTER', node['relation'] ? [node['relation']] : [])
  if (name !== 'ReindexStmt' || options.includes('concurrently')) return []
  return named(
    'REINDEX',
    node['kind'] === 'REINDEX_OBJECT_INDEX'
      ? [tableOfIndex(node, migrations)]
      : node['relation']
        ? [node['relation']]
        : [],
  )
}

/** The table of an index that a statement names, as a `RangeVar`. */
function tableOfIndex(node: ParseNode, { before }: Migrations): unknown {
  const name = nodeAt(node, 'relation', 'relname')
  const table = before.tables.find(({ indexes }) => indexes.some((index) => index.name === name))
  return { relname: table?.name ?? '', schemaname: table?.schema.name }
}

/** What LOCK TABLE asks for, whose modes are numbered from 1 on; null for all other statements. */
export function lockCommandOf(
  { parsed }: MigrationStatement,
  migrations: Migrations,
): { readonly mode: LockMode; readonly relations: readonly Relation[] } | null {
  if (parsed?.name !== 'LockStmt') return null
  const relations = nodesIn(parsed.node['relations']).flatMap(([, one]) => nameOfRelation(one, migrations) ?? [])
  return { mode: LOCK_MODES[Number(parsed.node['mode'] ?? 8) - 1] ?? 'ACCESS EXCLUSIVE', relations }
}

/** The commands of an ALTER TABLE, and its table when the migrations met it. */
function alterCommands({ parsed }: MigrationStatement, migrations: Migrations) {
  if (parsed?.name !== 'AlterTableStmt') return null
  const relation = nameOfRelation(parsed.node['relation'], migrations)
  return relation && { relation, commands: nodesIn(parsed.node['cmds']).map(([, command]) => command) }
}

/** A partition that is taken out of its table; null for all other statements. */
export function detachmentOf(
  statement: MigrationStatement,
  migrations: Migrations,
): { readonly parent: Relation; readonly partition: string; readonly concurrently: boolean } | null {
  const altered = alterCommands(statement, migrations)
  const command = altered?.commands.find(({ subtype }) => subtype === 'AT_DetachPartition')
  if (!altered || !command) return null
  return {
    parent: altered.relation,
    partition: String(nodeAt(command, 'def', 'PartitionCmd', 'name', 'relname') ?? ''),
    concurrently: nodeAt(command, 'def', 'PartitionCmd', 'concurrent') === true,
  }
}

/** A trigger, or all of them, that is switched on or off. */
export interface TriggerSwitch {
  readonly relation: Relation
  readonly on: boolean
  /** `all` includes the triggers that keep foreign keys. */
  readonly which: 'all' | 'user' | 'one'
  readonly trigger: string | null
}

/** Triggers that ALTER TABLE switches on or off. */
export function triggerSwitchesOf(statement: MigrationStatement, migrations: Migrations): readonly TriggerSwitch[] {
  const altered = alterCommands(statement, migrations)
  return (altered?.commands ?? []).flatMap(({ subtype, name }): readonly TriggerSwitch[] => {
    const found = /^AT_(Enable|EnableAlways|EnableReplica|Disable)Trig(All|User)?$/.exec(String(subtype))
    if (!found || !altered) return []
    const which = found[2] === 'All' ? 'all' : found[2] === 'User' ? 'user' : 'one'
    return [
      {
        relation: altered.relation,
        on: found[1] !== 'Disable',
        which,
        trigger: typeof name === 'string' ? name : null,
      },
    ]
  })
}

/** An enum that CREATE TYPE makes; null for all other statements. */
export function enumMadeBy({
  parsed,
}: MigrationStatement): (WrittenName & { readonly labels: readonly string[] }) | null {
  if (parsed?.name !== 'CreateEnumStmt') return null
  const names = stringsIn(parsed.node['typeName'])
  return { schema: names.at(-2) ?? null, name: names.at(-1) ?? '', labels: stringsIn(parsed.node['vals']) }
}

/** An enum value that gets another name; null for all other statements. */
export function enumValueRenamedBy({ parsed }: MigrationStatement) {
  const from = parsed?.name === 'AlterEnumStmt' ? parsed.node['oldVal'] : undefined
  if (!parsed || typeof from !== 'string' || from === '') return null
  const names = stringsIn(parsed.node['typeName'])
  return { schema: names.at(-2) ?? null, name: names.at(-1) ?? '', from, to: String(parsed.node['newVal'] ?? '') }
}

/** Columns that an INSERT of constant rows names; null for all other statements. */
export function insertedInto(
  { parsed }: MigrationStatement,
  migrations: Migrations,
): { readonly relation: Relation; readonly columns: readonly string[] } | null {
  if (parsed?.name !== 'InsertStmt') return null
  const relation = nameOfRelation(parsed.node['relation'], migrations)
  const columns = nodesIn(parsed.node['cols']).map(([, { name }]) => String(name))
  return relation && { relation, columns }
}

/** How a CREATE INDEX CONCURRENTLY with IF NOT EXISTS names its index; null for all other statements. */
export function indexMadeIfMissing({ parsed }: MigrationStatement): { readonly name: string } | null {
  const { concurrent, if_not_exists: ifMissing, idxname } = parsed?.name === 'IndexStmt' ? parsed.node : {}
  return concurrent === true && ifMissing === true && typeof idxname === 'string' ? { name: idxname } : null
}

/** Whether a CREATE or DROP fails when it is run once more. */
export function failsWhenRepeated({ parsed }: MigrationStatement): boolean {
  if (!parsed) return false
  const { name, node } = parsed
  if (name === 'DropStmt') return node['missing_ok'] !== true
  if (name === 'CreateStmt' || name === 'IndexStmt' || name === 'CreateSchemaStmt' || name === 'CreateSeqStmt')
    return node['if_not_exists'] !== true
  return name === 'CreateEnumStmt'
}

/** An extension that is made without a version; null for all other statements. */
export function extensionMadeBy({
  parsed,
}: MigrationStatement): { readonly name: string; readonly pinned: boolean } | null {
  if (parsed?.name !== 'CreateExtensionStmt') return null
  const pinned = nodesIn(parsed.node['options']).some(([, { defname }]) => defname === 'new_version')
  return { name: String(parsed.node['extname'] ?? ''), pinned }
}

/** Tables that ANALYZE, or VACUUM with it, is told to look at; an empty list means all. Null for all other statements. */
export function analyzedBy({ parsed }: MigrationStatement): readonly string[] | null {
  if (parsed?.name !== 'VacuumStmt') return null
  const { is_vacuumcmd: vacuums, options, rels } = parsed.node
  if (vacuums === true && !nodesIn(options).some(([, { defname }]) => defname === 'analyze')) return null
  return nodesIn(rels).map(([, one]) => String(nodeAt(one, 'relation', 'relname') ?? ''))
}

const CHANGES_SCHEMA = /^(?:Create|Alter|Drop|Index|Rename|Comment|Grant|View|Rule)/
const CHANGES_DATA = new Set(['UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/** Whether a statement changes the schema, or rows; null for what does neither. */
export function subjectOf({ parsed }: MigrationStatement): 'schema' | 'data' | null {
  if (!parsed) return null
  if (CHANGES_DATA.has(parsed.name)) return 'data'
  return CHANGES_SCHEMA.test(parsed.name) ? 'schema' : null
}

/** Tables and types by name that a migration makes, or drops. */
export function namesMade({ statements }: Migration): readonly string[] {
  return statements.flatMap(({ parsed }) => {
    const name = parsed?.name === 'CreateStmt' ? nodeAt(parsed.node, 'relation', 'relname') : undefined
    return typeof name === 'string' ? [name] : []
  })
}

/** Tables that a statement drops, by name. */
export function tablesDroppedBy({ parsed }: MigrationStatement): readonly string[] {
  if (parsed?.name !== 'DropStmt' || parsed.node['removeType'] !== 'OBJECT_TABLE') return []
  return nodesIn(parsed.node['objects']).flatMap(([, list]) => stringsIn(nodeAt(list, 'items')).slice(-1))
}

/** The table that a lone ALTER TABLE changes by commands that could stand together; null for all other statements. */
export function alteredAlone(statement: MigrationStatement, migrations: Migrations): Relation | null {
  return alterCommands(statement, migrations)?.relation ?? null
}
