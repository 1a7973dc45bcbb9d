import type { PlanNode } from './model.js'

/** A scan of a table that returned far more or fewer rows than the planner expected. */
export interface Misestimate {
  readonly node: PlanNode
  /** Rows of one execution of the node. */
  readonly expected: number
  readonly returned: number
}

/** How far apart they are, at least 1. */
export function factorOf({ expected, returned }: Pick<Misestimate, 'expected' | 'returned'>): number {
  const [less, more] = [Math.max(1, Math.min(expected, returned)), Math.max(1, expected, returned)]
  return more / less
}

/** Times that rows are apart from which plans change. */
const FAR_OFF = 10
/** Fewer rows in all cost nothing, however they are read. */
const MANY_ROWS = 1000

/**
 * The scans whose estimates are far off, in a plan that was measured. A node that is not read to its end (below LIMIT, on the
 * inner side of a join that stops at the first match, or of a merge) returns less than it would, and is left alone then.
 */
export function misestimatesIn(root: PlanNode): readonly Misestimate[] {
  const found: Misestimate[] = []
  const visit = (node: PlanNode, isCut: boolean): void => {
    const { actual, relation, rows: expected } = node
    if (actual && relation) {
      const { rows: returned, loops } = actual
      const isFar = factorOf({ expected, returned }) >= FAR_OFF
      const isMuch = Math.max(returned, expected) * loops >= MANY_ROWS
      if (isFar && isMuch && (returned > expected || !isCut)) found.push({ node, expected, returned })
    }
    for (const child of node.children) visit(child, isCut || cuts(node, child))
  }
  visit(root, false)
  return found
}

function cuts({ type, joinType }: PlanNode, { side }: PlanNode): boolean {
  if (type === 'Limit' || type === 'Merge Join' || side === 'subplan') return true
  return (joinType === 'Semi' || joinType === 'Anti') && side === 'inner'
}

/** `1 row`, `4,100 rows` */
export function countRows(rows: number): string {
  const whole = Math.round(rows)
  return `${whole.toLocaleString('en')} ${whole === 1 ? 'row' : 'rows'}`
}
