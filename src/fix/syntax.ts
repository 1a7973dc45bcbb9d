import { nodesIn, type ParseNode, parseStatement, stringsIn } from '../source/files/parse.js'

/** Something that older servers do not know, and the major version that brought it. */
export interface NewSyntax {
  readonly what: string
  readonly since: number
}

const FUNCTIONS: Readonly<Record<string, number>> = {
  gen_random_uuid: 13,
  date_bin: 14,
  string_to_table: 14,
  any_value: 16,
  uuidv4: 18,
  uuidv7: 18,
}

/** Settings that older servers refuse to set. */
const SETTINGS: Readonly<Record<string, number>> = {
  transaction_timeout: 17,
  idle_session_timeout: 14,
  default_toast_compression: 14,
  client_connection_check_interval: 14,
}

/** Kinds of nodes that are new as a whole. */
const NODES: Readonly<Record<string, NewSyntax>> = {
  MergeStmt: { what: 'MERGE', since: 15 },
  JsonObjectConstructor: { what: 'JSON_OBJECT', since: 16 },
  JsonArrayConstructor: { what: 'JSON_ARRAY', since: 16 },
  JsonIsPredicate: { what: 'IS JSON', since: 16 },
  JsonFuncExpr: { what: 'the query functions of SQL/JSON', since: 17 },
  JsonTable: { what: 'JSON_TABLE', since: 17 },
}

const SUBCOMMANDS: Readonly<Record<string, NewSyntax>> = {
  AT_SetExpression: { what: 'SET EXPRESSION', since: 17 },
  AT_SetCompression: { what: 'SET COMPRESSION', since: 14 },
  AT_SetAccessMethod: { what: 'SET ACCESS METHOD', since: 15 },
  AT_DropExpression: { what: 'DROP EXPRESSION', since: 13 },
}

const REINDEX_OPTIONS: NewSyntax = { what: 'REINDEX with CONCURRENTLY or TABLESPACE in parentheses', since: 14 }
/** The parser makes no difference between both ways to write CONCURRENTLY. */
const REINDEX_WITH_OPTION = /^\s*reindex\s*\([^)]*\b(?:concurrently|tablespace)\b/i

/** The newest thing in a statement that not every supported server knows; null when there is none. Bodies of functions are text and not looked into. The parser must be loaded. */
export function newestSyntax(sql: string): NewSyntax | null {
  const statement = parseStatement(sql)
  if (!statement) return null
  const found = [
    ...syntaxIn(statement.name, statement.node),
    ...(REINDEX_WITH_OPTION.test(sql) ? [REINDEX_OPTIONS] : []),
  ]
  return found.reduce<NewSyntax | null>((newest, one) => (newest && newest.since >= one.since ? newest : one), null)
}

function* syntaxIn(name: string, node: unknown): Generator<NewSyntax> {
  if (typeof node !== 'object' || node === null) return
  const one = judgeNode(name, node as ParseNode)
  if (one) yield one
  for (const [key, part] of Object.entries(node)) yield* syntaxIn(Array.isArray(node) ? '' : key, part)
}

function judgeNode(name: string, node: ParseNode): NewSyntax | null {
  const { contype, subtype, defname } = node
  if (node['nulls_not_distinct'] === true) return { what: 'NULLS NOT DISTINCT', since: 15 }
  if (contype === 'CONSTR_NOTNULL' && node['keys'] !== undefined)
    return { what: 'NOT NULL as a named constraint', since: 18 }
  if (contype === 'CONSTR_GENERATED' && node['generated_kind'] === 'v')
    return { what: 'virtual generated columns', since: 18 }
  if (contype === 'CONSTR_ATTR_NOT_ENFORCED' || isNotEnforced(node)) return { what: 'NOT ENFORCED', since: 18 }
  if (node['without_overlaps'] === true || node['fk_with_period'] === true)
    return { what: 'keys over periods', since: 18 }
  if (Array.isArray(node['fk_del_set_cols'])) return { what: 'ON DELETE SET NULL of some columns', since: 15 }
  if (name === 'MergeStmt' && node['returningClause']) return { what: 'MERGE with RETURNING', since: 17 }
  if (NODES[name]) return NODES[name]
  if (name === 'VariableSetStmt' && SETTINGS[String(node['name'])])
    return { what: `the setting ${String(node['name'])}`, since: SETTINGS[String(node['name'])]! }
  if (node['sql_body'] !== undefined) return { what: 'function bodies that are SQL, not text', since: 14 }
  if (name === 'StatsElem' && node['expr'] !== undefined) return { what: 'statistics of expressions', since: 14 }
  if (name === 'ColumnDef' && node['storage_name'] !== undefined) return { what: 'STORAGE in CREATE TABLE', since: 16 }
  if (name === 'ColumnDef' && node['compression'] !== undefined) return { what: 'COMPRESSION', since: 14 }
  if (node['limitOption'] === 'LIMIT_OPTION_WITH_TIES') return { what: 'WITH TIES', since: 13 }
  if (node['priv_name'] === 'maintain') return { what: 'the privilege MAINTAIN', since: 17 }
  if (node['pubobjtype'] === 'PUBLICATIONOBJ_TABLES_IN_SCHEMA' || (name === 'pubtable' && node['whereClause']))
    return { what: 'publications of schemas or of some rows', since: 15 }
  if (node['alterEnforceability'] === true) return { what: 'ALTER CONSTRAINT … ENFORCED', since: 18 }
  if (name === 'CreateTrigStmt' && node['replace'] === true) return { what: 'CREATE OR REPLACE TRIGGER', since: 14 }
  if (defname === 'security_invoker') return { what: 'views with security_invoker', since: 15 }
  if (typeof subtype === 'string' && SUBCOMMANDS[subtype]) return SUBCOMMANDS[subtype]
  if (name === 'PartitionCmd' && node['concurrent'] === true)
    return { what: 'DETACH PARTITION CONCURRENTLY', since: 14 }
  if (name === 'IndexStmt' && node['accessMethod'] === 'spgist' && nodesIn(node['indexIncludingParams']).length > 0)
    return { what: 'INCLUDE in SP-GiST indexes', since: 14 }
  if (name === 'FuncCall') {
    const called = stringsIn(node['funcname']).at(-1) ?? ''
    const since = FUNCTIONS[called]
    return since === undefined ? null : { what: `${called}()`, since }
  }
  if (name === 'TypeName' || name === 'typeName') {
    const type = stringsIn(node['names']).at(-1) ?? ''
    return type.endsWith('multirange') ? { what: `the type ${type}`, since: 14 } : null
  }
  return null
}

/** The parser says so of every CHECK and foreign key that is enforced. */
function isNotEnforced({ contype, is_enforced }: ParseNode): boolean {
  return (contype === 'CONSTR_CHECK' || contype === 'CONSTR_FOREIGN') && is_enforced !== true
}
