import type { AdvisedIndex, IndexAdvice } from '../evidence/advice/model.js'
import type { Catalog, Index, Table } from '../evidence/catalog/model.js'
import type { NotSeen } from '../evidence/model.js'
import type { Statistics } from '../evidence/statistics/model.js'
import type { Workload } from '../evidence/workload/model.js'
import { indexDefinition } from '../fix/steps/indexes.js'
import { accessesOf } from './access.js'
import type { Candidate } from './candidate.js'
import { candidatesFor, mergeCandidates } from './candidates.js'
import { chooseIndexes, type Limits, type Option, weigh, worthOf } from './choose.js'
import { asRecorded, type PlannedStatement, recordPlans, undominated } from './record-plans.js'
import { rememberPlans } from './remember-plans.js'
import { replacedBy } from './replace.js'
import { loadSolver } from './solver.js'
import { nameOf, type Statement, statementsOf } from './statement.js'
import type { Sized, WhatIf } from './what-if.js'
import { columnsOfCandidate, columnsOfIndex, writeCost, writesOf } from './write-cost.js'

export interface AdviceRequest {
  readonly catalog: Catalog
  readonly statistics: Statistics
  readonly workload: Workload
  /** Opens the planner, told which expressions candidates hold and which candidates are whose. */
  readonly open: (wanted: Wanted) => Promise<WhatIf>
  readonly limits?: Partial<Limits>
  /** Milliseconds, from when the planner is open, after which the best that is known is given. Default one minute. */
  readonly timeBudget?: number
  /** Most questions to the planner. Default 5,000. */
  readonly mostCalls?: number
  readonly progress?: (phase: string) => void
}

/** What a planner will be asked about. */
export interface Wanted {
  readonly expressions: readonly { readonly table: Table; readonly expression: string }[]
  /** The candidates of each statement, without partial ones. */
  readonly candidates: ReadonlyMap<Statement, readonly Candidate[]>
}

/** Candidates of one table that a statement is asked with beside its own. */
const SHARED = 24
/** How often the choice is held against the planner and made again. */
const ROUNDS = 4

/** The set of indexes under which the workload costs least. Every advised index is read by a plan of the final set. */
export async function adviseIndexes(request: AdviceRequest): Promise<IndexAdvice> {
  const { catalog, statistics, workload, mostCalls = 5000, timeBudget = 60_000, progress = () => undefined } = request
  const started = performance.now()
  const limits: Limits = { budget: Infinity, perTable: Infinity, ...request.limits }
  const { statements, notSeen: unparsed } = statementsOf(workload, catalog)
  progress('Reading the workload')
  const accesses = statements.map(({ bound }) => accessesOf(bound))
  const shares = new Map<string, number | null>()
  const context = {
    catalog,
    statistics,
    shareOf: (table: Table, sql: string) => shares.get(`${table.address} ${sql}`) ?? null,
  }
  const asked = accesses.map((each) => each.flatMap((access) => candidatesFor(access, context)))
  const expressions = asked
    .flat()
    .flatMap(({ table, specification }) =>
      specification.keys.flatMap(({ expression }) => (expression === undefined ? [] : [{ table, expression }])),
    )
  const candidates = new Map(statements.map((statement, at) => [statement, asked[at]!]))
  const whatIf = rememberPlans(await request.open({ expressions, candidates }))
  const notSeen: NotSeen[] = [...unparsed]
  const opened = performance.now()
  try {
    await countShares(whatIf, accesses.flat(), statistics, shares)
    progress('Making candidates')
    const defined = new Map<string, Sized>()
    const define = async (candidates: readonly Candidate[]) => {
      const fresh = [...new Map(candidates.map((one) => [one.key, one])).values()].filter(
        ({ key }) => !defined.has(key),
      )
      for (const one of await whatIf.define(fresh)) if (one.bytes <= limits.budget) defined.set(one.key, one)
    }
    const own = accesses.map((each) => each.flatMap((access) => candidatesFor(access, context)))
    await define(own.flat())
    const sizedOf = (candidates: readonly Candidate[]) => [
      ...new Map(candidates.flatMap(({ key }) => defined.get(key) ?? []).map((one) => [one.key, one])).values(),
    ]
    progress('Asking for plans')
    const perStatement = Math.max(3, Math.min(18, Math.floor((mostCalls * 0.5) / Math.max(1, statements.length))))
    const deadline = opened + timeBudget * 0.6
    const planned: PlannedStatement[] = []
    const record = (statement: Statement, pool: readonly Sized[], callsPerStatement: number) =>
      recordPlans(whatIf, statement, pool, {
        callsPerStatement,
        deadline,
        droppable: droppableFor(statement.tables, pool).map(({ address }) => address),
      })
    let unasked = 0
    for (const [at, statement] of statements.entries()) {
      const result = await record(statement, sizedOf(own[at]!), perStatement)
      if (typeof result === 'string') notSeen.push({ what: nameOf(statement.query), reason: result })
      else planned.push(result)
      if (performance.now() > deadline) unasked++
    }
    if (unasked > 0)
      notSeen.push({
        what: `all plans of ${unasked} statements`,
        reason: 'The time budget ended; a longer --time-budget may find more.',
      })
    await define(mergeCandidates(usedCandidates(planned, defined), statistics))
    const shared = sharedByTable(planned, defined)
    for (const [at, one] of planned.entries()) {
      const pool = [...new Set(one.statement.tables.flatMap((table) => shared.get(table) ?? []))]
      if (pool.length === 0 || performance.now() > deadline || whatIf.calls() > mostCalls * 0.7) continue
      const more = await record(one.statement, pool, Math.ceil(perStatement / 2))
      if (typeof more !== 'string') planned[at] = { ...one, plans: undominated([...one.plans, ...more.plans]) }
    }
    progress('Choosing')
    const writes = writesOf(workload, catalog)
    const options = makeOptions(
      planned,
      defined,
      catalog,
      (candidate) => {
        const { method = 'btree', where } = candidate.specification
        const share = where === undefined ? 1 : (shares.get(`${candidate.table.address} ${where}`) ?? 1)
        return writeCost(method, columnsOfCandidate(candidate), share, writes.get(candidate.table))
      },
      (index) =>
        index.table.kind === 'view' ? 0 : writeCost(index.method, columnsOfIndex(index), 1, writes.get(index.table)),
    )
    const isOver = () => performance.now() > opened + timeBudget || whatIf.calls() > mostCalls * 0.9
    const set = await settleChoice(whatIf, planned, options, limits, isOver)
    if (set.isBound)
      notSeen.push({ what: 'whether a better set exists', reason: 'The solver ended at its time limit.' })
    const result = describe(set.planned, set.chosen, defined, options, catalog)
    return {
      ...result,
      planners: whatIf.planners(),
      statements: planned.length,
      calls: whatIf.calls(),
      milliseconds: performance.now() - started,
      notSeen: [...notSeen, ...whatIf.remarks()],
    }
  } finally {
    await whatIf.close()
  }
}

async function countShares(
  whatIf: WhatIf,
  accesses: ReturnType<typeof accessesOf>,
  statistics: Statistics,
  shares: Map<string, number | null>,
): Promise<void> {
  for (const { table, tests } of accesses) {
    const all = statistics.table(table)?.rows
    if (!all || tests.length === 0) continue
    const together = tests
      .map(({ sql }) => sql)
      .toSorted()
      .join(' and ')
    for (const sql of new Set([...tests.map((test) => test.sql), together])) {
      const id = `${table.address} ${sql}`
      if (shares.has(id)) continue
      const rows = await whatIf.countRows(table, sql)
      shares.set(id, rows === null ? null : rows / all)
    }
  }
}

/** Existing indexes of these tables that one of the candidates would make superfluous. */
function droppableFor(tables: readonly Table[], candidates: readonly Candidate[]): readonly Index[] {
  return tables.flatMap(({ indexes }) => indexes.filter((index) => candidates.some((one) => replacedBy(index, one))))
}

function usedCandidates(planned: readonly PlannedStatement[], defined: ReadonlyMap<string, Sized>): readonly Sized[] {
  const keys = new Set(planned.flatMap(({ plans }) => plans.flatMap(({ needs }) => needs)))
  return [...defined.values()].filter(({ key }) => keys.has(key))
}

/** The candidates of each table that plans gained most by, and those that join two of them. */
function sharedByTable(planned: readonly PlannedStatement[], defined: ReadonlyMap<string, Sized>) {
  const gains = new Map<string, number>()
  for (const { statement, plans, today } of planned)
    for (const { cost, needs } of plans)
      for (const need of needs) gains.set(need, Math.max(gains.get(need) ?? 0, (today.cost - cost) * statement.calls))
  const byTable = new Map<Table, Sized[]>()
  for (const one of defined.values()) {
    if (!gains.has(one.key) && defined.size > 400) continue
    byTable.set(one.table, [...(byTable.get(one.table) ?? []), one])
  }
  const gain = ({ key }: Sized) => gains.get(key) ?? 0
  return new Map(
    [...byTable].map(([table, all]) => [
      table,
      all.toSorted((a, b) => gain(b) - gain(a) || a.bytes - b.bytes || (a.key < b.key ? -1 : 1)).slice(0, SHARED),
    ]),
  )
}

function makeOptions(
  planned: readonly PlannedStatement[],
  defined: ReadonlyMap<string, Sized>,
  catalog: Catalog,
  upkeepOf: (candidate: Candidate) => number,
  upkeepNow: (index: Index) => number,
): readonly Option[] {
  const candidates = usedCandidates(planned, defined)
  return [
    ...candidates.map((candidate) => ({
      id: candidate.key,
      table: candidate.table.address,
      bytes: candidate.bytes,
      upkeep: upkeepOf(candidate),
      exists: false,
      replacements: [],
    })),
    ...[...catalog.indexes()].flatMap((index) => {
      const replacements = candidates.filter((one) => replacedBy(index, one)).map(({ key }) => key)
      if (replacements.length === 0) return []
      return [
        {
          id: index.address,
          table: index.table.address,
          bytes: 0,
          upkeep: upkeepNow(index),
          exists: true,
          replacements,
        },
      ]
    }),
  ]
}

interface Settled {
  readonly planned: readonly PlannedStatement[]
  readonly chosen: ReadonlySet<string>
  readonly isBound: boolean
}

/** Chooses, asks the planner for the plans of that set, learns from what differs, and chooses again. The last plans are those of the set that is given. */
async function settleChoice(
  whatIf: WhatIf,
  planned: readonly PlannedStatement[],
  options: readonly Option[],
  limits: Limits,
  isOver: () => boolean,
): Promise<Settled> {
  const solver = await loadSolver()
  const existing = options.filter(({ exists }) => exists).map(({ id }) => id)
  let known = planned
  let best: {
    readonly verified: readonly PlannedStatement[]
    readonly chosen: ReadonlySet<string>
    readonly total: number
  } | null = null
  let isBound = false
  const upkeep = new Map(options.map((option) => [option.id, option.upkeep]))
  for (let round = 0; round < ROUNDS; round++) {
    const choice = chooseIndexes(solver, known, options, limits)
    isBound ||= choice.isBound
    const trimmed = await dropUnworthy(whatIf, await verify(whatIf, known, choice.chosen, existing), options)
    const total =
      trimmed.verified.reduce((sum, { statement, plans }) => sum + plans[0]!.cost * statement.calls, 0) +
      [...trimmed.chosen].reduce((sum, id) => sum + (upkeep.get(id) ?? 0), 0)
    if (best === null || total < best.total * (1 - 1e-9)) best = { ...trimmed, total }
    else break
    if (isOver()) break
    known = known.map((one, at) => ({ ...one, plans: undominated([...one.plans, ...trimmed.verified[at]!.plans]) }))
  }
  return { planned: best!.verified, chosen: best!.chosen, isBound }
}

/** Takes out, one by one, what the plans would hardly miss. */
async function dropUnworthy(
  whatIf: WhatIf,
  { verified, chosen }: Verified,
  options: readonly Option[],
): Promise<Verified> {
  const byId = new Map(options.map((option) => [option.id, option]))
  const total = verified.reduce((sum, { statement, today }) => sum + today.cost * statement.calls, 0)
  const hidden = whatIf.canHide ? options.filter(({ id, exists }) => exists && !chosen.has(id)).map(({ id }) => id) : []
  const replacing = new Set(hidden.flatMap((id) => byId.get(id)!.replacements))
  let set = new Set(chosen)
  let plans = [...verified]
  for (const id of [...chosen].toSorted((a, b) => byId.get(b)!.bytes - byId.get(a)!.bytes || (a < b ? -1 : 1))) {
    const option = byId.get(id)!
    if (option.exists || replacing.has(id)) continue
    const rest = new Set([...set].filter((other) => other !== id))
    const worth = worthOf(option, total)
    const without = [...plans]
    let lost = 0
    for (const [at, one] of plans.entries()) {
      if (lost > worth) break
      if (!one.plans[0]!.needs.includes(id)) continue
      const plan = await whatIf.plan(
        one.statement,
        [...rest].filter((other) => !byId.get(other)!.exists),
        hidden,
      )
      if (typeof plan === 'string') lost = Infinity
      else {
        lost += (weigh(plan.cost, one) - weigh(one.plans[0]!.cost, one)) * one.statement.calls
        without[at] = { ...one, plans: [asRecorded(plan)] }
      }
    }
    if (lost > worth) continue
    set = rest
    plans = without
  }
  return { verified: plans, chosen: set }
}

interface Verified {
  readonly verified: readonly PlannedStatement[]
  readonly chosen: ReadonlySet<string>
}

/** The plans of exactly this set; indexes that none of them reads are taken out, and it is asked again. */
async function verify(
  whatIf: WhatIf,
  planned: readonly PlannedStatement[],
  chosen: ReadonlySet<string>,
  existing: readonly string[],
): Promise<Verified> {
  let set = chosen
  for (;;) {
    const candidates = [...set].filter((id) => !existing.includes(id))
    const hidden = whatIf.canHide ? existing.filter((id) => !set.has(id)) : []
    const verified: PlannedStatement[] = []
    for (const one of planned) {
      const plan = await whatIf.plan(one.statement, candidates, hidden)
      verified.push({ ...one, plans: [typeof plan === 'string' ? one.today : asRecorded(plan)] })
    }
    const read = new Set(verified.flatMap(({ plans }) => plans[0]!.needs))
    const idle = candidates.filter((id) => !read.has(id))
    if (idle.length === 0) return { verified, chosen: set }
    set = new Set([...set].filter((id) => !idle.includes(id)))
  }
}

function describe(
  planned: readonly PlannedStatement[],
  chosen: ReadonlySet<string>,
  defined: ReadonlyMap<string, Sized>,
  options: readonly Option[],
  catalog: Catalog,
): Pick<IndexAdvice, 'indexes' | 'cost'> {
  const byAddress = new Map([...catalog.indexes()].map((index) => [index.address, index]))
  const dropped = options.filter(({ id, exists }) => exists && !chosen.has(id))
  const upkeep = new Map(options.map((option) => [option.id, option.upkeep]))
  const given = new Set<string>()
  const indexes = [...chosen].flatMap((key): AdvisedIndex[] => {
    const candidate = defined.get(key)
    if (!candidate) return []
    const serves = planned
      .flatMap(({ statement, plans: [plan], today }) => {
        const use = plan?.uses.find(({ index }) => index === key)
        return use
          ? [{ query: statement.query, calls: statement.calls, before: today.cost, after: plan!.cost, node: use.node }]
          : []
      })
      .toSorted((a, b) => (b.before - b.after) * b.calls - (a.before - a.after) * a.calls)
    const replaces = dropped
      .filter(({ id, replacements }) => replacements.includes(key) && !given.has(id))
      .flatMap(({ id }) => {
        given.add(id)
        return byAddress.get(id) ?? []
      })
    const { table, specification, bytes } = candidate
    return [
      {
        table,
        shape: specification,
        definition: indexDefinition(specification),
        bytes,
        upkeep: upkeep.get(key) ?? 0,
        serves,
        replaces,
      },
    ]
  })
  const sum = (of: (one: PlannedStatement) => number) =>
    planned.reduce((total, one) => total + of(one) * one.statement.calls, 0)
  const gain = ({ serves }: AdvisedIndex) =>
    serves.reduce((total, { before, after, calls }) => total + (before - after) * calls, 0)
  return {
    indexes: indexes.toSorted((a, b) => gain(b) - gain(a) || (a.definition < b.definition ? -1 : 1)),
    cost: { before: sum(({ today }) => today.cost), after: sum(({ plans }) => plans[0]!.cost) },
  }
}
