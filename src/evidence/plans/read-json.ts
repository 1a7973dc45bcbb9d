import { at, list, type Node } from '../tree.js'
import type { PlanNode } from './model.js'

/** Reads what `EXPLAIN (FORMAT JSON)` or `auto_explain` printed, parsed or as text; null for anything else. */
export function readJsonPlan(printed: unknown): PlanNode | null {
  const json = typeof printed === 'string' ? parse(printed) : printed
  const root = (at(json, 0, 'Plan') ?? at(json, 'Plan')) as Node | undefined
  return root && typeof root['Node Type'] === 'string' ? readNode(root) : null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

function readNode(node: Node): PlanNode {
  const number = (name: string) => Number(node[name] ?? 0)
  const text = (name: string) => (typeof node[name] === 'string' ? node[name] : null)
  const texts = (...names: readonly string[]) => names.flatMap((name) => text(name) ?? [])
  const name = text('Relation Name')
  const loops = number('Actual Loops')
  return {
    type: nameOf(node),
    side: SIDES[String(node['Parent Relationship'])] ?? null,
    joinType: text('Join Type'),
    relation: name === null ? null : { schema: text('Schema'), name, alias: text('Alias') ?? name },
    index: text('Index Name'),
    cost: number('Total Cost'),
    rows: number('Plan Rows'),
    width: number('Plan Width'),
    actual:
      loops === 0
        ? null
        : {
            rows: number('Actual Rows'),
            loops,
            milliseconds: node['Actual Total Time'] === undefined ? null : number('Actual Total Time') * loops,
            dropped: number('Rows Removed by Filter') + number('Rows Removed by Join Filter'),
            spilled: spilledBy(node),
          },
    conditions: {
      lookedUp: texts('Index Cond', 'Recheck Cond', 'Hash Cond', 'Merge Cond', 'TID Cond'),
      filtered: texts('Filter', 'Join Filter'),
    },
    children: list(node['Plans']).map((child) => readNode(child as Node)),
  }
}

const SIDES: Readonly<Record<string, PlanNode['side']>> = {
  Outer: 'outer',
  Inner: 'inner',
  SubPlan: 'subplan',
  InitPlan: 'subplan',
}

/** As the text format names it. */
function nameOf(node: Node): string {
  const type = String(node['Node Type'])
  if (type === 'ModifyTable') return String(node['Operation'] ?? type)
  return type === 'Aggregate' ? (AGGREGATES[String(node['Strategy'])] ?? type) : type
}

const AGGREGATES: Readonly<Record<string, string>> = {
  Hashed: 'HashAggregate',
  Sorted: 'GroupAggregate',
  Mixed: 'MixedAggregate',
}

/** Sorts name the disk, hash joins the batches, hashed aggregates both. */
function spilledBy(node: Node): number {
  if (node['Sort Space Type'] === 'Disk') return Number(node['Sort Space Used'])
  if (node['Storage'] === 'Disk') return Number(node['Maximum Storage'])
  if (node['Disk Usage'] !== undefined) return Number(node['Disk Usage'])
  const workers = list(node['Workers']).map((worker) => spilledBy(worker as Node))
  const batches = Number(node['Hash Batches'] ?? 1)
  const ofHash = batches > 1 ? (batches - 1) * Number(node['Peak Memory Usage'] ?? 0) : 0
  return Math.max(ofHash, ...workers, 0)
}
