import { nodeAt, nodesIn, type ParseNode, stringsIn } from '../../source/files/parse.js'
import { type LockMode, strongest } from '../../source/lock-mode.js'
import { effect, type Effect, nameOf } from './effect.js'

/** What one part of ALTER TABLE does to the table and to others (https://www.postgresql.org/docs/current/sql-altertable.html). */
interface Part {
  readonly mode: LockMode
  readonly rewrites?: boolean | null
  readonly scans?: boolean
  readonly others?: readonly Effect[]
}

const STRONGEST: Part = { mode: 'ACCESS EXCLUSIVE' }
const ONLINE: Part = { mode: 'SHARE UPDATE EXCLUSIVE' }
const TRIGGERS: Part = { mode: 'SHARE ROW EXCLUSIVE' }

const PARTS: Readonly<Record<string, Part>> = {
  AT_SetStatistics: ONLINE,
  AT_SetOptions: ONLINE,
  AT_ResetOptions: ONLINE,
  AT_ClusterOn: ONLINE,
  AT_DropCluster: ONLINE,
  AT_EnableTrig: TRIGGERS,
  AT_EnableAlwaysTrig: TRIGGERS,
  AT_EnableReplicaTrig: TRIGGERS,
  AT_DisableTrig: TRIGGERS,
  AT_EnableTrigAll: TRIGGERS,
  AT_DisableTrigAll: TRIGGERS,
  AT_EnableTrigUser: TRIGGERS,
  AT_DisableTrigUser: TRIGGERS,
  AT_ValidateConstraint: { ...ONLINE, scans: true },
  AT_SetNotNull: { ...STRONGEST, scans: true },
  AT_AlterColumnType: { ...STRONGEST, rewrites: null },
  AT_SetExpression: { ...STRONGEST, rewrites: true },
  AT_SetLogged: { ...STRONGEST, rewrites: true },
  AT_SetUnLogged: { ...STRONGEST, rewrites: true },
  AT_SetAccessMethod: { ...STRONGEST, rewrites: null },
  AT_SetTableSpace: { ...STRONGEST, rewrites: null },
  AT_DetachPartitionFinalize: ONLINE,
}

/** Storage parameters whose change needs more than SHARE UPDATE EXCLUSIVE. */
const STRONG_OPTIONS = new Set(['user_catalog_table', 'security_barrier', 'security_invoker', 'check_option'])

/** Effects of `ALTER TABLE` and of what the grammar writes so: views, materialized views, indexes. */
export function alterTableEffects(node: ParseNode): readonly Effect[] {
  const relation = nameOf(node['relation'])
  if (!relation || node['objtype'] === 'OBJECT_INDEX' || node['objtype'] === 'OBJECT_TYPE') return []
  const parts = nodesIn(node['cmds']).map(([, command]) => partOf(command))
  const rewrites = parts.map((part) => part.rewrites ?? (part.rewrites === null ? null : false))
  return [
    effect(relation, strongest(parts.map(({ mode }) => mode)), {
      rewrites: rewrites.includes(true) || (rewrites.includes(null) ? null : false),
      scans: parts.some(({ scans }) => scans),
    }),
    ...parts.flatMap(({ others = [] }) => others),
  ]
}

function partOf(command: ParseNode): Part {
  const { subtype, def } = command
  switch (subtype) {
    case 'AT_AddColumn':
      return partOfColumn(nodeAt(def, 'ColumnDef') as ParseNode)
    case 'AT_AddConstraint':
      return partOfConstraint(nodeAt(def, 'Constraint') as ParseNode)
    case 'AT_SetRelOptions':
    case 'AT_ResetRelOptions': {
      const options = nodesIn(nodeAt(def, 'List', 'items')).map(([, option]) => String(option['defname']))
      return options.some((option) => STRONG_OPTIONS.has(option)) ? STRONGEST : ONLINE
    }
    case 'AT_AddInherit':
      return withOther(STRONGEST, def, 'SHARE UPDATE EXCLUSIVE')
    case 'AT_DropInherit':
      return withOther(STRONGEST, def, 'ACCESS SHARE')
    case 'AT_AttachPartition':
      return withOther(ONLINE, nodeAt(def, 'PartitionCmd', 'name'), 'ACCESS EXCLUSIVE', true)
    case 'AT_DetachPartition': {
      const concurrently = nodeAt(def, 'PartitionCmd', 'concurrent') === true
      const part = concurrently ? ONLINE : STRONGEST
      return withOther(part, nodeAt(def, 'PartitionCmd', 'name'), part.mode)
    }
    default:
      return PARTS[String(subtype)] ?? STRONGEST
  }
}

function withOther(part: Part, node: unknown, mode: LockMode, scans = false): Part {
  const other = nameOf(node)
  return other ? { ...part, others: [effect(other, mode, { scans })] } : part
}

function partOfConstraint(constraint: ParseNode): Part {
  const later = constraint['skip_validation'] === true
  switch (constraint['contype']) {
    case 'CONSTR_FOREIGN': {
      const other = nameOf(constraint['pktable'])
      return {
        mode: 'SHARE ROW EXCLUSIVE',
        scans: !later,
        others: other ? [effect(other, 'SHARE ROW EXCLUSIVE')] : [],
      }
    }
    case 'CONSTR_CHECK':
    case 'CONSTR_NOTNULL':
      return { ...STRONGEST, scans: !later }
    default:
      return { ...STRONGEST, scans: constraint['indexname'] === undefined }
  }
}

const SERIAL = /^(?:small|big)?serial[248]?$/

/** A new column is written into every row when its values differ from row to row, or may be refused. */
function partOfColumn(column: ParseNode): Part {
  const constraints = nodesIn(column['constraints']).map(([, node]) => node)
  const of = (type: string) => constraints.find(({ contype }) => contype === type)
  const fallback = of('CONSTR_DEFAULT')?.['raw_expr']
  const generated = of('CONSTR_GENERATED')
  const type = stringsIn(nodeAt(column, 'typeName', 'names'))
  const rewrites =
    SERIAL.test(type.at(-1) ?? '') ||
    of('CONSTR_IDENTITY') !== undefined ||
    (generated !== undefined && generated['generated_kind'] !== 'v') ||
    (fallback !== undefined && mayDiffer(fallback))
  const references = nameOf(of('CONSTR_FOREIGN')?.['pktable'])
  const filled = fallback !== undefined
  return {
    mode: 'ACCESS EXCLUSIVE',
    rewrites,
    scans:
      of('CONSTR_UNIQUE') !== undefined ||
      of('CONSTR_PRIMARY') !== undefined ||
      of('CONSTR_CHECK') !== undefined ||
      (references !== null && filled),
    others: references ? [effect(references, 'SHARE ROW EXCLUSIVE')] : [],
  }
}

/** Functions of PostgreSQL and its usual extensions that give another value for every row. */
const VOLATILE =
  /^(?:random\w*|gen_random_uuid|gen_random_bytes|gen_salt|uuidv[47]|uuid_generate_\w+|clock_timestamp|timeofday|nextval|setval|txid_current|pg_current_xact_id|gen_ulid|nanoid)$/

function mayDiffer(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(mayDiffer)
  if (typeof node !== 'object' || node === null) return false
  const called = stringsIn(nodeAt(node, 'FuncCall', 'funcname')).at(-1)
  if (called !== undefined && VOLATILE.test(called)) return true
  return Object.values(node).some(mayDiffer)
}
