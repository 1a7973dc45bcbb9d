import type ts from 'typescript'

/** Text whose every UTF-16 unit knows where it was written. */
export interface Text {
  readonly kind: 'text'
  readonly text: string
  /** Where each unit stands in `file`. */
  readonly origins: readonly number[]
  /** The file that the text comes from when it is not the code itself. */
  readonly file: string | null
}

/** What migration code asks the database to do, in order. */
export type Work =
  | { readonly does: 'sql'; readonly sql: Text }
  | { readonly does: 'say'; readonly sql: 'begin' | 'commit'; readonly offset: number }
  | { readonly does: 'unseen'; readonly what: string; readonly why: Unseen; readonly offset: number }

/** built: a query builder makes the SQL · unresolved: the text is only known when the code runs · elsewhere: other code does it. */
export type Unseen = 'built' | 'unresolved' | 'elsewhere'

/** What an expression is known to be without running it. */
export type Value =
  | Text
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'record'; readonly entries: ReadonlyMap<string, Value> }
  | { readonly kind: 'function'; readonly node: ts.FunctionLikeDeclaration; readonly scope: Scope }
  /** Something that reaches the database; `path` is how the code names it. */
  | { readonly kind: 'handle'; readonly path: string }
  /** Work that is done once it is awaited. */
  | { readonly kind: 'work'; readonly path: string; readonly work: readonly Work[] }
  | typeof UNKNOWN

export const UNKNOWN = { kind: 'unknown' } as const

/** Names that can be seen, innermost first. */
export interface Scope {
  readonly names: Map<string, () => Value>
  readonly outer: Scope | null
  /** What `this` is. */
  readonly self: ts.ClassLikeDeclaration | null
}

/** A scope inside another. */
export function openScope(outer: Scope | null, self: Scope['self'] = outer?.self ?? null): Scope {
  return { names: new Map(), outer, self }
}

/** The value of a name; unknown when nothing in the file defines it. */
export function lookUp(scope: Scope, name: string): Value {
  for (let at: Scope | null = scope; at; at = at.outer) {
    const found = at.names.get(name)
    if (found) return found()
  }
  return UNKNOWN
}

/** Text that was not written but follows from what stands at the offset. */
export function textAt(text: string, offset: number): Text {
  return { kind: 'text', text, origins: Array.from({ length: text.length }, () => offset), file: null }
}

/** The texts one behind the other; null unless all come from the same file. */
export function joinTexts(texts: readonly Text[]): Text | null {
  const files = new Set(texts.filter(({ text }) => text !== '').map(({ file }) => file))
  if (files.size > 1) return null
  return {
    kind: 'text',
    text: texts.map(({ text }) => text).join(''),
    origins: texts.flatMap(({ origins }) => origins),
    file: [...files][0] ?? null,
  }
}

export function sliceText(value: Text, from: number, to = value.text.length): Text {
  return { ...value, text: value.text.slice(from, to), origins: value.origins.slice(from, to) }
}
