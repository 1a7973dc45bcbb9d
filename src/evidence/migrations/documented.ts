import { nodeAt, nodesIn, type ParsedStatement, type ParseNode, stringsIn } from '../../source/files/parse.js'
import { LOCK_MODES, type LockMode, strongest } from '../../source/lock-mode.js'
import { alterTableEffects } from './documented-alter.js'
import { effect, type Effect, nameIn, nameOf, type WrittenName } from './effect.js'

type Reader = (node: ParseNode) => readonly Effect[]

/** What the documentation says that a statement does to relations that it names; null for a statement that may do anything, such as DO. */
export function documentedEffects({ name, node }: ParsedStatement): readonly Effect[] | null {
  if (MAY_DO_ANYTHING.has(name)) return null
  const read = READERS[name]
  return mergeEffects(read ? read(node) : [])
}

const MAY_DO_ANYTHING = new Set(['DoStmt', 'CallStmt', 'ExecuteStmt'])

/** `LOCK_MODES` as the parser numbers them, from 1. */
function modeNumbered(mode: unknown): LockMode {
  return LOCK_MODES[Number(mode ?? 8) - 1] ?? 'ACCESS EXCLUSIVE'
}

const named = (node: ParseNode, key: string) => nameOf(nodeAt(node, key))

/** One lock on the relation below a key of the node. */
const on =
  (key: string, mode: LockMode, more: Partial<Effect> = {}): Reader =>
  (node) => {
    const relation = named(node, key)
    return relation ? [effect(relation, mode, more)] : []
  }

const READERS: Readonly<Record<string, Reader>> = {
  AlterTableStmt: alterTableEffects,
  IndexStmt: (node) => {
    const relation = named(node, 'relation')
    if (!relation) return []
    // ON ONLY a partitioned table builds nothing.
    const scans = nodeAt(node, 'relation', 'inh') === true
    return [effect(relation, node['concurrent'] ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE', { scans })]
  },
  ReindexStmt: (node) => {
    const relation = named(node, 'relation')
    const concurrently = nodesIn(node['params']).some(([, option]) => option['defname'] === 'concurrently')
    const of = node['kind'] === 'REINDEX_OBJECT_INDEX' ? 'index' : 'relation'
    return relation ? [effect(relation, concurrently ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE', { of, scans: true })] : []
  },
  DropStmt: readDrop,
  TruncateStmt: ({ relations }) => list(relations).map((relation) => effect(relation, 'ACCESS EXCLUSIVE')),
  ClusterStmt: on('relation', 'ACCESS EXCLUSIVE', { rewrites: true, scans: true }),
  VacuumStmt: (node) => {
    const options = nodesIn(node['options']).map(([, option]) => option['defname'])
    const full = options.includes('full')
    return nodesIn(node['rels']).flatMap(([, rel]) => {
      const relation = nameOf(rel['relation'])
      return relation
        ? [effect(relation, full ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE', { rewrites: full, scans: full })]
        : []
    })
  },
  LockStmt: ({ relations, mode }) => list(relations).map((relation) => effect(relation, modeNumbered(mode))),
  RefreshMatViewStmt: (node) =>
    on('relation', node['concurrent'] ? 'EXCLUSIVE' : 'ACCESS EXCLUSIVE', { rewrites: !node['concurrent'] })(node),
  CreateTrigStmt: (node) => [...on('relation', 'SHARE ROW EXCLUSIVE')(node), ...on('constrrel', 'ACCESS SHARE')(node)],
  RuleStmt: on('relation', 'ACCESS EXCLUSIVE'),
  CreatePolicyStmt: on('table', 'ACCESS EXCLUSIVE'),
  AlterPolicyStmt: on('table', 'ACCESS EXCLUSIVE'),
  CreateStatsStmt: ({ relations }) => list(relations).map((relation) => effect(relation, 'SHARE UPDATE EXCLUSIVE')),
  RenameStmt: (node) => {
    if (['OBJECT_INDEX', 'OBJECT_TYPE', 'OBJECT_ATTRIBUTE'].includes(String(node['renameType']))) return []
    return on('relation', 'ACCESS EXCLUSIVE')(node)
  },
  AlterObjectSchemaStmt: on('relation', 'ACCESS EXCLUSIVE'),
  CommentStmt: readComment,
  GrantStmt: ({ targtype, objtype, objects }) =>
    targtype === 'ACL_TARGET_OBJECT' && objtype === 'OBJECT_TABLE'
      ? list(objects).map((relation) => effect(relation, 'ACCESS SHARE'))
      : [],
  CreateStmt: readCreateTable,
  CreateTableAsStmt: ({ query }) => readQuery(query),
  ViewStmt: (node) => [...readQuery(node['query']), ...(node['replace'] ? on('view', 'ACCESS EXCLUSIVE')(node) : [])],
  AlterSeqStmt: (node) => [...on('sequence', 'SHARE ROW EXCLUSIVE')(node)],
  CreatePublicationStmt: readPublication,
  AlterPublicationStmt: (node) => (node['action'] === 'AP_DropObjects' ? [] : readPublication(node)),
  CopyStmt: (node) =>
    nodeAt(node, 'query')
      ? readQuery(node['query'])
      : on('relation', node['is_from'] ? 'ROW EXCLUSIVE' : 'ACCESS SHARE')(node),
  ExplainStmt: ({ query }) => readQuery(query),
  PrepareStmt: ({ query }) => readQuery(query),
  DeclareCursorStmt: ({ query }) => readQuery(query),
  SelectStmt: (node) => readQuery({ SelectStmt: node }),
  InsertStmt: (node) => readQuery({ InsertStmt: node }),
  UpdateStmt: (node) => readQuery({ UpdateStmt: node }),
  DeleteStmt: (node) => readQuery({ DeleteStmt: node }),
  MergeStmt: (node) => readQuery({ MergeStmt: node }),
}

function list(relations: unknown): readonly WrittenName[] {
  return nodesIn(relations).flatMap(([, node]) => nameOf(node) ?? [])
}

const DROPS_RELATION = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_SEQUENCE',
  'OBJECT_FOREIGN_TABLE',
])
const DROPS_PART = new Set(['OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE'])

function readDrop({ removeType, objects, concurrent }: ParseNode): readonly Effect[] {
  const type = String(removeType)
  return nodesIn(objects).flatMap(([, object]) => {
    const names = stringsIn(object['items'])
    if (DROPS_RELATION.has(type)) return effectOn(nameIn(names), 'ACCESS EXCLUSIVE')
    if (DROPS_PART.has(type)) return effectOn(nameIn(names.slice(0, -1)), 'ACCESS EXCLUSIVE')
    if (type !== 'OBJECT_INDEX') return []
    return effectOn(nameIn(names), concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE', { of: 'index' })
  })
}

function effectOn(relation: WrittenName | null, mode: LockMode, more: Partial<Effect> = {}): readonly Effect[] {
  return relation ? [effect(relation, mode, more)] : []
}

const COMMENTS: Readonly<Record<string, { readonly mode: LockMode; readonly parts: number }>> = {
  OBJECT_TABLE: { mode: 'SHARE UPDATE EXCLUSIVE', parts: 0 },
  OBJECT_VIEW: { mode: 'SHARE UPDATE EXCLUSIVE', parts: 0 },
  OBJECT_MATVIEW: { mode: 'SHARE UPDATE EXCLUSIVE', parts: 0 },
  OBJECT_COLUMN: { mode: 'SHARE UPDATE EXCLUSIVE', parts: 1 },
  OBJECT_TABCONSTRAINT: { mode: 'ACCESS SHARE', parts: 1 },
  OBJECT_TRIGGER: { mode: 'ACCESS SHARE', parts: 1 },
  OBJECT_POLICY: { mode: 'ACCESS SHARE', parts: 1 },
  OBJECT_RULE: { mode: 'ACCESS SHARE', parts: 1 },
}

function readComment({ objtype, object }: ParseNode): readonly Effect[] {
  const found = COMMENTS[String(objtype)]
  const names = stringsIn(nodeAt(object, 'List', 'items'))
  return found ? effectOn(nameIn(names.slice(0, names.length - found.parts)), found.mode) : []
}

function readCreateTable({ tableElts, inhRelations, partbound, constraints }: ParseNode): readonly Effect[] {
  const elements = [...nodesIn(tableElts), ...nodesIn(constraints)]
  const parents = list(inhRelations).map((parent) =>
    effect(parent, partbound ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE'),
  )
  return elements.reduce<readonly Effect[]>((effects, [kind, element]) => {
    if (kind === 'TableLikeClause') return [...effects, ...on('relation', 'ACCESS SHARE')(element)]
    const own = kind === 'Constraint' ? [element] : nodesIn(element['constraints']).map(([, node]) => node)
    return [...effects, ...own.flatMap(on('pktable', 'SHARE ROW EXCLUSIVE'))]
  }, parents)
}

function readPublication({ pubobjects }: ParseNode): readonly Effect[] {
  return nodesIn(pubobjects).flatMap(([, object]) =>
    effectOn(nameOf(nodeAt(object, 'pubtable', 'relation')), 'SHARE UPDATE EXCLUSIVE'),
  )
}

/** Targets are written, what is locked by FOR UPDATE and its like is locked so, and the rest is read. */
function readQuery(query: unknown): readonly Effect[] {
  const effects: Effect[] = []
  const visit = (node: unknown, hidden: ReadonlySet<string>, mode: LockMode): void => {
    if (Array.isArray(node)) return node.forEach((item) => visit(item, hidden, mode))
    if (typeof node !== 'object' || node === null) return
    for (const [kind, child] of Object.entries(node as ParseNode)) {
      if (kind === 'RangeVar') {
        const relation = nameOf(child)
        if (relation && !(relation.schema === null && hidden.has(relation.name))) effects.push(effect(relation, mode))
      } else if (/^(?:Insert|Update|Delete|Merge)Stmt$/.test(kind)) {
        const target = nameOf(nodeAt(child, 'relation'))
        if (target) effects.push(effect(target, 'ROW EXCLUSIVE'))
        visit(withoutKey(child, 'relation'), tablesHidden(child, hidden), 'ACCESS SHARE')
      } else if (kind === 'SelectStmt') {
        visit(child, tablesHidden(child, hidden), nodeAt(child, 'lockingClause') ? 'ROW SHARE' : 'ACCESS SHARE')
      } else visit(child, hidden, mode)
    }
  }
  visit(query, new Set(), 'ACCESS SHARE')
  return effects
}

function withoutKey(node: unknown, key: string): object {
  return Object.fromEntries(Object.entries(node as object).filter(([name]) => name !== key))
}

/** Names of common table expressions stand before tables. */
function tablesHidden(node: unknown, outer: ReadonlySet<string>): ReadonlySet<string> {
  const names = nodesIn(nodeAt(node, 'withClause', 'ctes')).map(([, cte]) => String(cte['ctename']))
  return names.length === 0 ? outer : new Set([...outer, ...names])
}

/** One effect a relation. */
function mergeEffects(effects: readonly Effect[]): readonly Effect[] {
  const merged = new Map<string, Effect>()
  for (const one of effects) {
    const key = `${one.of} ${one.relation.schema ?? ''} ${one.relation.name}`
    const before = merged.get(key)
    merged.set(
      key,
      before
        ? {
            ...before,
            mode: strongest([before.mode, one.mode]),
            rewrites: before.rewrites || one.rewrites,
            scans: before.scans || one.scans,
          }
        : one,
    )
  }
  return [...merged.values()]
}
