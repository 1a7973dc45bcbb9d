import { nodeAt } from '../../source/files/parse.js'
import type { LockMode } from '../../source/lock-mode.js'

/** A relation as a statement names it. */
export interface WrittenName {
  readonly schema: string | null
  readonly name: string
}

/** What PostgreSQL documents that a statement does to a relation. */
export interface Effect {
  readonly relation: WrittenName
  /** `index`: the name is an index's, and all this happens to its table. */
  readonly of: 'relation' | 'index'
  readonly mode: LockMode
  /** It writes the table anew; null when that hangs on the types. */
  readonly rewrites: boolean | null
  /** It reads the table from end to end. */
  readonly scans: boolean
}

export function effect(relation: WrittenName, mode: LockMode, more: Partial<Effect> = {}): Effect {
  return { relation, mode, of: 'relation', rewrites: false, scans: false, ...more }
}

/** The name in a `RangeVar`. */
export function nameOf(node: unknown): WrittenName | null {
  const range = nodeAt(node, 'RangeVar') ?? node
  const name = nodeAt(range, 'relname')
  if (typeof name !== 'string') return null
  const schema = nodeAt(range, 'schemaname')
  return { schema: typeof schema === 'string' ? schema : null, name }
}

/** `[schema, name]` or `[name]`. */
export function nameIn(names: readonly string[]): WrittenName | null {
  const name = names.at(-1)
  return name === undefined ? null : { schema: names.at(-2) ?? null, name }
}
