import { nodeAt, type ParseNode, stringsIn } from '../../source/files/parse.js'
import type { Migrations, MigrationStatement, RelationState } from './model.js'

/** A change of rows of a table that was there before. */
export interface RowChange {
  readonly relation: RelationState
  readonly verb: 'update' | 'delete'
  /** It reaches one row by its key, a list of keys, or a batch that LIMIT bounds. */
  readonly bounded: boolean
  /** It has no condition: a DELETE leaves the table empty. */
  readonly whole: boolean
}

const VERBS = { UpdateStmt: 'update', DeleteStmt: 'delete' } as const

/** The rows that an UPDATE or DELETE at the top of the statement changes; null for all other statements. */
export function rowChangeOf({ parsed, holds }: MigrationStatement): RowChange | null {
  if (!parsed) return null
  const verb = VERBS[parsed.name as keyof typeof VERBS]
  const target = nodeAt(parsed.node, 'relation') as ParseNode | undefined
  if (!verb || !target) return null
  const [schema, name] = [target['schemaname'], target['relname']]
  const relation = holds
    .map((hold) => hold.relation)
    .find((one) => one.name === name && (schema === undefined || one.schema === schema))
  if (!relation) return null
  const { whereClause, usingClause, fromClause } = parsed.node
  return {
    relation,
    verb,
    bounded: isBounded(whereClause, relation) || hasLimit(parsed.node),
    whole: whereClause === undefined && usingClause === undefined && fromClause === undefined,
  }
}

/** Every column of some key is compared with constants. */
function isBounded(where: unknown, relation: RelationState): boolean {
  const pinned = new Set(pinnedColumns(where))
  return relation.constraints.some(
    ({ type, columns }) =>
      (type === 'primary key' || type === 'unique') && columns.every((column) => pinned.has(column)),
  )
}

function pinnedColumns(where: unknown): readonly string[] {
  const [entry] = Object.entries((where ?? {}) as ParseNode)
  if (!entry) return []
  const [name, node] = entry as [string, ParseNode]
  if (name === 'BoolExpr' && node['boolop'] === 'AND_EXPR')
    return ((node['args'] as unknown[] | undefined) ?? []).flatMap(pinnedColumns)
  if (name !== 'A_Expr' || stringsIn(node['name']).at(-1) !== '=') return []
  if (!['AEXPR_OP', 'AEXPR_IN', 'AEXPR_OP_ANY'].includes(String(node['kind']))) return []
  const [left, right] = [node['lexpr'], node['rexpr']]
  if (isConstant(right)) return stringsIn(nodeAt(left, 'ColumnRef', 'fields')).slice(-1)
  return isConstant(left) ? stringsIn(nodeAt(right, 'ColumnRef', 'fields')).slice(-1) : []
}

/** No column and no query is in it. */
function isConstant(node: unknown): boolean {
  return node !== undefined && !JSON.stringify(node).match(/"(?:ColumnRef|SubLink)":/)
}

function hasLimit(node: ParseNode): boolean {
  return /"limitCount":/.test(JSON.stringify(node))
}

const CHANGES_ROWS = new Set(['UpdateStmt', 'DeleteStmt', 'InsertStmt', 'MergeStmt', 'SelectStmt', 'CopyStmt'])

/** Whether the statement is about rows, or is a block that may be: that it reads a table in full is then up to the planner. */
export function isAboutRows({ parsed }: MigrationStatement): boolean {
  return parsed === null || CHANGES_ROWS.has(parsed.name) || parsed.name === 'DoStmt' || parsed.name === 'CallStmt'
}

/** The table that a `RangeVar` of a statement names, as the migrations met it; null when they make it themselves. */
export function nameOfRelation(
  rangeVar: unknown,
  { before }: Migrations,
): Pick<RelationState, 'schema' | 'name'> | null {
  const [schema, name] = [nodeAt(rangeVar, 'schemaname'), nodeAt(rangeVar, 'relname')]
  const named = before.tables.filter(
    (table) => table.name === name && (schema === undefined || table.schema.name === schema),
  )
  const [table] = named
  return table && (named.length === 1 || table.schema.name === 'public')
    ? { schema: table.schema.name, name: table.name }
    : null
}
