/** A node of PostgreSQL's parse tree, as libpg-query prints it. */
export type Node = Readonly<Record<string, unknown>>

/** A list of a parse tree; empty where there is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** What stands at the end of a path in a parse tree; undefined where the path ends before. */
export function at(tree: unknown, ...path: readonly (string | number)[]): unknown {
  let found = tree
  for (const step of path) found = (found as Readonly<Record<string | number, unknown>> | null | undefined)?.[step]
  return found
}
