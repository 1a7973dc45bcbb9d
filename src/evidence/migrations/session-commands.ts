import { nodeAt, nodesIn, type ParseNode, parseStatement, stringsIn } from '../../source/files/parse.js'

/** What a statement does to the session that runs it; most do none of this. */
export type SessionCommand =
  | { readonly does: 'begin' }
  | { readonly does: 'end'; readonly keeps: boolean; readonly chain: boolean }
  | { readonly does: 'savepoint' | 'release' | 'roll-back-to'; readonly name: string }
  /** `value` is null for the default and undefined when the text does not tell. */
  | {
      readonly does: 'set'
      readonly setting: string
      readonly value: string | null | undefined
      readonly local: boolean
      /** A block says it, which is a transaction by itself where no other is open. */
      readonly inBlock?: true
    }
  | { readonly does: 'reset-all' }

const FIRST_WORD = /^\s*(?:(?:--[^\n]*\n|\/\*[^]*?\*\/)\s*)*(\w+)/
const MAY_COMMAND =
  /^(?:begin|start|commit|end|rollback|abort|savepoint|release|prepare|set|reset|discard|select|do|call|perform)$/i
const SETS_INSIDE = /\bset_config\s*\(|\bset\s+(?:local\s+|session\s+)?(\w+)\s*(?:=|to\b)|\breset\s+(\w+)/gi

/** Reads the statement's effect on its session; the parser must be loaded. */
export function readSessionCommands(text: string): readonly SessionCommand[] {
  const word = FIRST_WORD.exec(text)?.[1]?.toLowerCase() ?? ''
  if (!MAY_COMMAND.test(word)) return []
  if (word === 'select' && !/\bset_config\b/i.test(text)) return []
  if (word === 'do') return settingsNamedIn(text)
  const parsed = parseStatement(text)
  if (parsed?.name === 'TransactionStmt') return readTransaction(parsed.node)
  if (parsed?.name === 'VariableSetStmt') return readSetting(parsed.node)
  if (parsed?.name === 'DiscardStmt') return parsed.node['target'] === 'DISCARD_ALL' ? [{ does: 'reset-all' }] : []
  return parsed?.name === 'SelectStmt' ? readSetConfig(parsed.node) : []
}

function readTransaction({ kind, chain, savepoint_name: name }: ParseNode): readonly SessionCommand[] {
  const savepoint = String(name ?? '')
  switch (kind) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      return [{ does: 'begin' }]
    case 'TRANS_STMT_COMMIT':
    case 'TRANS_STMT_PREPARE':
      return [{ does: 'end', keeps: true, chain: chain === true }]
    case 'TRANS_STMT_ROLLBACK':
      return [{ does: 'end', keeps: false, chain: chain === true }]
    case 'TRANS_STMT_SAVEPOINT':
      return [{ does: 'savepoint', name: savepoint }]
    case 'TRANS_STMT_RELEASE':
      return [{ does: 'release', name: savepoint }]
    case 'TRANS_STMT_ROLLBACK_TO':
      return [{ does: 'roll-back-to', name: savepoint }]
    default:
      return []
  }
}

function readSetting({ kind, name, args, is_local: isLocal }: ParseNode): readonly SessionCommand[] {
  const setting = String(name ?? '').toLowerCase()
  const local = isLocal === true
  switch (kind) {
    case 'VAR_SET_VALUE':
      return [{ does: 'set', setting, value: listedValue(args), local }]
    case 'VAR_SET_DEFAULT':
    case 'VAR_RESET':
      return [{ does: 'set', setting, value: null, local }]
    case 'VAR_RESET_ALL':
      return [{ does: 'reset-all' }]
    default:
      return []
  }
}

function listedValue(list: unknown): string | undefined {
  const values = nodesIn(list).map(([, node]) => constantOf(node))
  return values.every((value) => typeof value === 'string') ? values.join(', ') : undefined
}

/** The text of a constant; null for NULL and undefined for what is no constant. */
function constantOf(node: ParseNode): string | null | undefined {
  if (node['isnull'] === true) return null
  const bool = node['boolval'] as ParseNode | undefined
  if (bool) return bool['boolval'] === true ? 'true' : 'false'
  const value =
    nodeAt(node, 'sval', 'sval') ??
    nodeAt(node, 'fval', 'fval') ??
    (node['ival'] && (nodeAt(node, 'ival', 'ival') ?? 0))
  return value === undefined ? undefined : String(value)
}

function readSetConfig(select: ParseNode): readonly SessionCommand[] {
  return nodesIn(select['targetList']).flatMap(([, target]): readonly SessionCommand[] => {
    const call = nodeAt(target, 'val', 'FuncCall') as ParseNode | undefined
    if (stringsIn(call?.['funcname']).at(-1) !== 'set_config') return []
    const [setting, value, local] = nodesIn(call?.['args']).map(([name, node]) =>
      name === 'TypeCast' ? constantOf((nodeAt(node, 'arg', 'A_Const') ?? {}) as ParseNode) : constantOf(node),
    )
    if (typeof setting !== 'string') return []
    return [{ does: 'set', setting: setting.toLowerCase(), value, local: /^(?:t|true|on|1|yes)$/i.test(local ?? '') }]
  })
}

/** A block may set what it likes, under conditions that the text does not tell. */
function settingsNamedIn(text: string): readonly SessionCommand[] {
  return [...text.matchAll(SETS_INSIDE)].flatMap((found): readonly SessionCommand[] => {
    const named = found[1] ?? found[2] ?? /^\s*'([\w.]+)'/.exec(text.slice(found.index + found[0].length))?.[1]
    return named ? [{ does: 'set', setting: named.toLowerCase(), value: undefined, local: true, inBlock: true }] : []
  })
}
