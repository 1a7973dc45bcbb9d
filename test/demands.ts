import { nodesIn, type ParseNode, parseStatement, stringsIn } from '../src/source/files/parse.js'
import type { Step } from '../src/fix/step.js'

/** What the steps of one cure rely on, and what they take away, in words that are equal when they are about the same thing. */
export interface Demands {
  readonly wants: ReadonlySet<string>
  readonly refuses: ReadonlySet<string>
}

/** Reads the demands of steps from their statements, and of those in DO blocks what they say that they alter. The parser must be loaded. */
export function demandsOf(steps: readonly Step[]): Demands {
  const wants = new Set<string>()
  const refuses = new Set<string>()
  for (const { sql, alters = [] } of steps) {
    for (const address of alters) wants.add(`column ${address}`)
    for (const demand of readDemands(sql)) (demand.startsWith('-') ? refuses : wants).add(demand.replace(/^-/, ''))
  }
  return { wants, refuses }
}

/** Demands of which one keeps the other from being met. */
export function contradictions(a: Demands, b: Demands): readonly string[] {
  return [
    ...[...a.wants].filter((demand) => b.refuses.has(demand)),
    ...[...b.wants].filter((demand) => a.refuses.has(demand)),
  ]
}

function readDemands(sql: string): readonly string[] {
  const statement = parseStatement(sql)
  if (!statement) return []
  const { name, node } = statement
  if (name === 'IndexStmt') {
    const table = nameOf(node['relation'])
    const columns = nodesIn(node['indexParams']).flatMap(([, part]) => (part['name'] ? [String(part['name'])] : []))
    return [`table ${table}`, ...columns.map((column) => `column ${table}.${column}`)]
  }
  if (name === 'DropStmt') return droppedBy(node)
  if (name === 'CreatePolicyStmt' || name === 'AlterPolicyStmt')
    return [`table ${nameOf(node['table'])}`, `policy ${nameOf(node['table'])}.${String(node['policy_name'])}`]
  if (name === 'CreateTrigStmt') return [`table ${nameOf(node['relation'])}`]
  if (name !== 'AlterTableStmt') return []
  const relation = nameOf(node['relation'])
  if (node['objtype'] === 'OBJECT_INDEX') return [`index ${relation}`]
  return [`table ${relation}`, ...nodesIn(node['cmds']).flatMap(([, command]) => demandsOfCommand(relation, command))]
}

function demandsOfCommand(table: string, { subtype, name, def }: ParseNode): readonly string[] {
  const column = `column ${table}.${String(name)}`
  switch (subtype) {
    case 'AT_DropColumn':
      return [`-${column}`]
    case 'AT_AlterColumnType':
    case 'AT_ColumnDefault':
      return [column]
    case 'AT_SetNotNull':
      return [column, `not null ${table}.${String(name)}`]
    case 'AT_DropNotNull':
      return [column, `-not null ${table}.${String(name)}`]
    case 'AT_DropConstraint':
      return [`-constraint ${table}.${String(name)}`]
    case 'AT_ValidateConstraint':
    case 'AT_AlterConstraint':
      return [`constraint ${table}.${String(name)}`]
    case 'AT_SetLogged':
      return [`logged ${table}`]
    case 'AT_SetUnLogged':
      return [`-logged ${table}`]
    case 'AT_EnableRowSecurity':
      return [`row security ${table}`]
    case 'AT_DisableRowSecurity':
      return [`-row security ${table}`]
    case 'AT_EnableTrig':
      return [`trigger ${table}.${String(name)}`]
    case 'AT_AddConstraint':
      return constraintDemands(table, (def as ParseNode | undefined)?.['Constraint'] as ParseNode)
    default:
      return []
  }
}

function constraintDemands(table: string, constraint: ParseNode): readonly string[] {
  const { contype, keys, fk_attrs, indexname, fk_del_action, fk_del_set_cols, raw_expr } = constraint
  const own = [...stringsIn(keys), ...stringsIn(fk_attrs)]
  const empties = stringsIn(fk_del_set_cols)
  const read = contype === 'CONSTR_CHECK' ? columnsRead(raw_expr) : []
  return [
    ...[...own, ...read].map((column) => `column ${table}.${column}`),
    ...(contype === 'CONSTR_PRIMARY' || contype === 'CONSTR_NOTNULL' ? own : []).map(
      (column) => `not null ${table}.${column}`,
    ),
    ...(indexname ? [`index ${table.replace(/[^.]*$/, '')}${String(indexname)}`] : []),
    ...(contype === 'CONSTR_FOREIGN' && fk_del_action === 'n' ? (empties.length > 0 ? empties : own) : []).map(
      (column) => `-not null ${table}.${column}`,
    ),
    ...(contype === 'CONSTR_FOREIGN' ? [`table ${nameOf(constraint['pktable'])}`] : []),
  ]
}

function droppedBy(node: ParseNode): readonly string[] {
  const kinds: Readonly<Record<string, string>> = {
    OBJECT_INDEX: 'index',
    OBJECT_TABLE: 'table',
    OBJECT_TRIGGER: 'trigger',
    OBJECT_POLICY: 'policy',
    OBJECT_VIEW: 'view',
  }
  const kind = kinds[String(node['removeType'])]
  const objects = Array.isArray(node['objects']) ? node['objects'] : []
  return kind ? objects.map((object) => `-${kind} ${namesIn(object).join('.')}`) : []
}

/** Names of columns anywhere in an expression. */
function columnsRead(tree: unknown): readonly string[] {
  if (Array.isArray(tree)) return tree.flatMap(columnsRead)
  if (typeof tree !== 'object' || tree === null) return []
  const reference = (tree as { ColumnRef?: { fields?: unknown } }).ColumnRef
  if (reference) return stringsIn(reference.fields).slice(-1)
  return Object.values(tree).flatMap(columnsRead)
}

function namesIn(object: unknown): readonly string[] {
  const list = (object as { List?: { items?: unknown } } | undefined)?.List?.items
  return stringsIn(list ?? [object])
}

function nameOf(relation: unknown): string {
  const { schemaname, relname } = (relation ?? {}) as ParseNode
  return schemaname ? `${String(schemaname)}.${String(relname)}` : `public.${String(relname)}`
}
