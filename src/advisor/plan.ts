import { at, list, type Node } from '../evidence/tree.js'

/** The planner's answer for one statement. */
export interface Plan {
  /** Total cost in the planner's units. */
  readonly cost: number
  /** Names of the indexes that it reads, each with the node that does, outermost first. */
  readonly uses: readonly { readonly index: string; readonly node: string }[]
}

/** Reads what `EXPLAIN (FORMAT JSON)` printed, parsed or as text. */
export function readPlan(printed: unknown): Plan {
  const json = typeof printed === 'string' ? (JSON.parse(printed) as unknown) : printed
  const root = at(json, 0, 'Plan') as Node
  const uses: { index: string; node: string }[] = []
  const visit = (node: Node, around: string | null): void => {
    const type = String(node['Node Type'])
    const index = node['Index Name']
    // A bitmap's index stands below the node that names the table.
    if (typeof index === 'string') uses.push({ index, node: around && type.startsWith('Bitmap Index') ? around : type })
    const heap = type === 'Bitmap Heap Scan' ? type : type.startsWith('Bitmap') ? around : null
    for (const child of list(node['Plans'])) visit(child as Node, heap)
  }
  visit(root, null)
  return { cost: Number(root['Total Cost']), uses }
}

/** How many rows the planner expects. */
export function readRows(printed: unknown): number {
  const json = typeof printed === 'string' ? (JSON.parse(printed) as unknown) : printed
  return Number(at(json, 0, 'Plan', 'Plan Rows'))
}
