import type { Highs } from './solver.js'
import type { PlannedStatement } from './record-plans.js'

/** An index that may be in the chosen set: a candidate, or one that is there and could be given up. */
export interface Option {
  /** Key of a candidate, address of an existing index. */
  readonly id: string
  /** Address of the table. */
  readonly table: string
  /** What it adds to the budget; 0 for one that is there. */
  readonly bytes: number
  /** What keeping it costs, in the planner's units for all calls. */
  readonly upkeep: number
  readonly exists: boolean
  /** Of one that is there: the candidates of which one must be chosen before it may go. */
  readonly replacements: readonly string[]
}

export interface Limits {
  /** Bytes of all new indexes; Infinity for any. */
  readonly budget: number
  /** New indexes of one table; Infinity for any. */
  readonly perTable: number
}

/** The options to have, by id, and what they come to. */
export interface Choice {
  readonly chosen: ReadonlySet<string>
  /** Cost of all calls, without upkeep. */
  readonly cost: number
  /** The solver ended before it could show that nothing is better. */
  readonly isBound: boolean
}

/** What any index costs in millionths of today's cost, beside one for each mebibyte: what saves less is not worth its place. */
const UPKEEP = 50

/** The least that an index must save, in the planner's units for all calls. */
export function worthOf({ bytes, upkeep }: Pick<Option, 'bytes' | 'upkeep'>, today: number): number {
  return upkeep + ((UPKEEP + bytes / 2 ** 20) * today) / 1e6
}

/** A plan that reads a few pages where today's reads hundreds is as good as any. */
const FEW_PAGES = 8

/** What a plan of a statement counts as: below a few pages, and half a percent of what it costs today, there is nothing to gain. */
export function weigh(cost: number, { today }: Pick<PlannedStatement, 'today'>): number {
  return Math.max(cost, Math.min(FEW_PAGES, today.cost * 0.005))
}

/** How long the solver may look for something better than it has, in seconds. */
const SOLVING_SECONDS = 10

/**
 * The set of options under which the statements' cheapest remaining plans and the upkeep cost least, by integer programming:
 * a statement has one plan, a plan needs its indexes. Existing indexes that are no option are always there.
 */
export function chooseIndexes(
  solver: Highs,
  statements: readonly PlannedStatement[],
  options: readonly Option[],
  limits: Limits,
): Choice {
  const number = new Map(options.map(({ id }, at) => [id, at]))
  const total = statements.reduce((sum, { statement, today }) => sum + today.cost * statement.calls, 0)
  // Costs as shares of today's, so that the solver's tolerances mean the same for any workload.
  const scale = 1e6 / Math.max(total, 1e-9)
  const objective: string[] = []
  const rows: string[] = []
  const needed = new Set<number>()
  for (const [s, one] of statements.entries()) {
    const { statement, plans } = one
    if (plans.every(({ needs }) => needs.every((need) => !number.has(need)))) continue
    const terms: string[] = []
    const needing = new Map<number, string[]>()
    for (const [p, { cost, needs }] of plans.entries()) {
      const name = `p${s}_${p}`
      terms.push(name)
      objective.push(`${figure(weigh(cost, one) * statement.calls * scale)} ${name}`)
      for (const need of needs) {
        const option = number.get(need)
        if (option === undefined) continue
        needed.add(option)
        needing.set(option, [...(needing.get(option) ?? []), name])
      }
    }
    rows.push(`${terms.join(' + ')} = 1`)
    for (const [option, names] of needing) rows.push(`${names.join(' + ')} - x${option} <= 0`)
  }
  for (const [at, { exists, replacements }] of options.entries()) {
    if (!exists) continue
    needed.add(at)
    const others = replacements.flatMap((id) => number.get(id) ?? []).filter((other) => needed.has(other))
    rows.push(`${[at, ...others].map((one) => `x${one}`).join(' + ')} >= 1`)
  }
  const used = [...needed].toSorted((a, b) => a - b)
  if (used.length === 0) return { chosen: new Set(), cost: total, isBound: false }
  for (const at of used) {
    const { upkeep, bytes, exists } = options[at]!
    // Of two sets that serve equally the smaller and shorter one.
    const tie = exists ? UPKEEP * 0.9 : UPKEEP + bytes / 2 ** 20
    objective.push(`${figure(upkeep * scale + tie)} x${at}`)
  }
  const fresh = used.filter((at) => !options[at]!.exists)
  const megabytes = (at: number) => figure(options[at]!.bytes / 2 ** 20)
  if (Number.isFinite(limits.budget) && fresh.length > 0)
    rows.push(`${fresh.map((at) => `${megabytes(at)} x${at}`).join(' + ')} <= ${figure(limits.budget / 2 ** 20)}`)
  if (Number.isFinite(limits.perTable))
    for (const table of new Set(fresh.map((at) => options[at]!.table)))
      rows.push(
        `${fresh
          .filter((at) => options[at]!.table === table)
          .map((at) => `x${at}`)
          .join(' + ')} <= ${limits.perTable}`,
      )
  const problem = [
    'Minimize',
    ` obj: ${wrap(objective, ' + ')}`,
    'Subject To',
    ...rows.map((row, at) => ` r${at}: ${wrap(row.split(' + '), ' + ')}`),
    'Binary',
    ...used.map((at) => ` x${at}`),
    'End',
  ].join('\n')
  const solution = solver.solve(problem, { time_limit: SOLVING_SECONDS, mip_rel_gap: 1e-4, output_flag: false })
  const chosen = new Set(used.filter((at) => valueOf(solution.Columns[`x${at}`]) > 0.5).map((at) => options[at]!.id))
  return { chosen, cost: costOf(statements, chosen, number), isBound: solution.Status !== 'Optimal' }
}

/** What the statements cost with these options, by the plans that are known. */
export function costOf(
  statements: readonly PlannedStatement[],
  chosen: ReadonlySet<string>,
  options: ReadonlyMap<string, unknown>,
): number {
  return statements.reduce((sum, { statement, plans, today }) => {
    const plan = plans.find(({ needs }) => needs.every((need) => !options.has(need) || chosen.has(need)))
    return sum + (plan ?? today).cost * statement.calls
  }, 0)
}

function valueOf(column: object | undefined): number {
  return column && 'Primal' in column ? Number(column.Primal) : 0
}

function figure(value: number): string {
  return value.toPrecision(9)
}

/** The format allows lines of a few hundred characters. */
function wrap(terms: readonly string[], by: string): string {
  const lines: string[] = []
  for (let at = 0; at < terms.length; at += 8) lines.push(terms.slice(at, at + 8).join(by))
  return lines.join(`\n${by}`)
}
