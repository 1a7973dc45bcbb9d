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

/** The newest thing in a statement that not every supported server knows; null when there is none. Bodies of functions are text and not looked into. The parser must be loaded. */
export function newestSyntax(sql: string): NewSyntax | null {
  const statement = parseStatement(sql)
  if (!statement) return null
  const found = [...syntaxIn(statement.name, statement.node)]
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
  if (name === 'MergeStmt') return { what: 'MERGE', since: 15 }
  if (name === 'CreateTrigStmt' && node['replace'] === true) return { what: 'CREATE OR REPLACE TRIGGER', since: 14 }
  if (defname === 'security_invoker') return { what: 'views with security_invoker', since: 15 }
  if (subtype === 'AT_SetExpression') return { what: 'SET EXPRESSION', since: 17 }
  if (subtype === 'AT_SetCompression') return { what: 'SET COMPRESSION', since: 14 }
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
