import { type Phase, PHASES, type Step } from './step.js'

/** A finding's cure, before proof. */
export interface Candidate {
  /** The finding's fingerprint. */
  readonly id: string
  /** Address of the table that the finding is about; null when it is about none. */
  readonly table: string | null
  /** Rules whose findings on the same table the cure brings to light: the defect was there, and nothing could see it. */
  readonly reveals?: readonly string[]
  readonly steps: readonly Step[]
}

/** A step with the candidates that ask for it. */
export interface PlannedStep {
  readonly step: Step
  readonly owners: readonly string[]
}

/** A step in its place. */
export interface OrderedStep extends PlannedStep {
  /** Steps of one group that stand together may share a transaction, because it holds no more tables than one of them needs; null outside transactions. */
  readonly group: string | null
}

interface Node {
  readonly step: Step
  readonly phase: Phase
  readonly owners: string[]
  readonly group: string | null
  /** Steps of the same candidates that come before. */
  readonly after: Set<Node>
}

/**
 * All steps in the order in which they are applied: by phase, each candidate's own in their order, and within that those
 * on one table together. Equal statements are one step.
 */
export function planSteps(candidates: readonly Candidate[]): readonly OrderedStep[] {
  const nodes = new Map<string, Node>()
  for (const { id, table, steps } of candidates) {
    let previous: Node | null = null
    for (const step of inPhases(steps)) {
      const same = nodes.get(step.sql)
      const node: Node = same ?? {
        step,
        phase: step.phase,
        owners: [],
        group: groupOf(step, table),
        after: new Set(),
      }
      if (!same) nodes.set(step.sql, node)
      if (!node.owners.includes(id)) node.owners.push(id)
      if (previous && previous !== node) node.after.add(previous)
      previous = node
    }
  }
  const planned = new Set<Node>()
  for (const phase of PHASES)
    arrange(
      [...nodes.values()].filter((node) => node.phase === phase),
      planned,
    )
  return [...planned].map(({ step, owners, group }) => ({ step, owners, group }))
}

/** Appends the nodes in an order that keeps what they come after, and changes the group as seldom as can be seen. */
function arrange(nodes: readonly Node[], planned: Set<Node>): void {
  const pending = new Set(nodes)
  let group: string | null | undefined
  while (pending.size > 0) {
    const ready = [...pending].filter(({ after }) =>
      [...after].every((node) => planned.has(node) || !pending.has(node)),
    )
    // Statements that candidates share in opposite orders leave none ready.
    const first = ready.filter(({ step }) => step.alone)
    // Rows are put right before triggers and constraints of other fixes forbid it.
    const eligible = first.length > 0 ? first : ready.length > 0 ? ready : [...pending].slice(0, 1)
    const chosen =
      eligible.find((node) => node.group === group) ?? eligible.find((node) => node.group !== null) ?? eligible[0]
    for (const node of eligible)
      if (node.group === chosen?.group) {
        planned.add(node)
        pending.delete(node)
      }
    group = chosen?.group
  }
}

function inPhases(steps: readonly Step[]): readonly Step[] {
  return PHASES.flatMap((phase) => steps.filter((step) => step.phase === phase))
}

const REFERENCES = /\breferences\s+((?:"(?:[^"]|"")*"|[\w$]+)(?:\.(?:"(?:[^"]|"")*"|[\w$]+))?)/i

/** A foreign key takes its lock on a second table. */
function referencedTable(sql: string): string {
  return REFERENCES.exec(sql)?.[1] ?? ''
}

/** The statements that take steps back, last first. */
export function undoOf(steps: readonly Step[]): readonly string[] {
  return steps
    .toReversed()
    .map(({ undo }) => undo)
    .filter((undo) => undo !== null)
}

function groupOf({ transactional, alone, sql, on }: Step, table: string | null): string | null {
  if (!transactional) return null
  return alone ? sql : `${on ?? table ?? ''} ${referencedTable(sql)}`
}
