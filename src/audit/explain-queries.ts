import { groupBy } from '../evidence/catalog/group.js'
import { explainStatement } from '../advisor/explain.js'
import { searchPathOf } from '../advisor/search-path.js'
import { nameOf, type Statement, statementsOf } from '../advisor/statement.js'
import { AuditError, ConnectionError } from '../errors.js'
import type { Evidence, NotSeen } from '../evidence/model.js'
import { kilobytesOf } from '../evidence/plans/link.js'
import type { GenericPlan, Plans, QueryPlan } from '../evidence/plans/model.js'
import { readJsonPlan } from '../evidence/plans/read-json.js'
import { rankQueries } from '../evidence/workload/rank.js'
import type { Source } from '../source/open.js'
import type { Session } from '../source/session.js'
import { findRunnable } from './runnable-queries.js'
import { weighGenericPlan } from '../advisor/weigh-generic-plan.js'

export interface ExplainRequest {
  /** Run those that only read, for 5 s at most each, and measure them. */
  readonly analyze: boolean
}

/** Statements that are asked about, those first that take most of the server's time; and how long, in milliseconds. */
const MOST_STATEMENTS = 500
const LONGEST = 120_000
/** How long one may run that is measured, in milliseconds. */
const LONGEST_RUN = 5000

/**
 * Asks a live server's planner how it runs each query of the workload, in a read-only transaction in which nothing runs unless
 * `analyze` says so. Adds to what logs told.
 */
export async function explainQueries(
  { openPlanner }: Pick<Source, 'openPlanner'>,
  { catalog, workload, plans: logged }: Pick<Evidence, 'catalog' | 'workload' | 'plans'>,
  { analyze }: ExplainRequest,
  {
    signal,
    progress,
  }: { readonly signal?: AbortSignal | undefined; readonly progress?: ((phase: string) => void) | undefined } = {},
): Promise<{ readonly plans: Plans | null; readonly notSeen: readonly NotSeen[] }> {
  const refuse = (reason: string) => ({ plans: logged, notSeen: [{ what: 'plans of queries', reason }] })
  if (!openPlanner) return refuse('Only a live server tells how it would run them.')
  if (!workload) return refuse('No queries are known: pg_stat_statements has them, or --workload.')
  const { statements, notSeen } = statementsOf(workload, catalog, { throughViews: true })
  const ranks = new Map(rankQueries(workload).map(({ query }, rank) => [query.fingerprint, rank]))
  const rankOf = ({ query }: Statement) => ranks.get(query.fingerprint) ?? Infinity
  const asked = statements.toSorted((a, b) => rankOf(a) - rankOf(b) || a.id - b.id).slice(0, MOST_STATEMENTS)
  const session = await openPlanner()
  const refused: { readonly statement: Statement; readonly reason: string }[] = []
  const unrun: { readonly statement: Statement; readonly reason: string }[] = []
  const plans: QueryPlan[] = []
  const generic: GenericPlan[] = []
  const start = performance.now()
  let late = statements.length - asked.length
  try {
    const path = searchPathOf(catalog)
    const workMemory = kilobytesOf(await readWorkMemory(session))
    for (const [at, statement] of asked.entries()) {
      signal?.throwIfAborted()
      if (performance.now() - start > LONGEST) {
        late += asked.length - at
        break
      }
      progress?.(`Asking for plans (${at + 1} of ${asked.length})`)
      const { query, hasParameters } = statement
      const printed = await planning(session, path, () => explain(session, statement))
      const root = typeof printed === 'string' ? null : readJsonPlan(printed.plan)
      if (typeof printed === 'string' || !root) {
        refused.push({ statement, reason: typeof printed === 'string' ? printed : 'The plan is in no known form.' })
        continue
      }
      const planned: QueryPlan = { query, root, origin: 'explain', isGeneric: hasParameters }
      if (hasParameters) {
        plans.push(planned)
        const weighed = await planning(session, path, () => weighGenericPlan(session, statement, root, catalog))
        if (typeof weighed !== 'string') generic.push(...weighed)
        continue
      }
      const obstacle = analyze ? await findRunnable(session, statement, printed.plan) : null
      const run =
        analyze && obstacle === null
          ? await planning(session, path, () => measure(session, statement))
          : (obstacle ?? '')
      const measured = typeof run === 'string' ? null : readJsonPlan(run.plan)
      if (typeof run === 'string' && run !== '') unrun.push({ statement, reason: run })
      plans.push(measured ? { query, root: measured, origin: 'analyze', isGeneric: false } : planned)
    }
    // What was measured says more than what a log holds, and that more than what was not.
    const measured = new Set(plans.flatMap(({ query, origin }) => (origin === 'analyze' ? query.fingerprint : [])))
    const kept = (logged?.plans ?? []).filter(({ query }) => !measured.has(query.fingerprint))
    return {
      plans: { plans: [...plans, ...kept], generic, workMemory },
      notSeen: [
        ...notSeen,
        ...summarize(refused, 'explained'),
        ...summarize(unrun, 'run'),
        ...(late > 0
          ? [
              {
                what: `plans of ${late} queries`,
                reason: 'There was no time to ask for them: others take more of the server’s.',
              },
            ]
          : []),
      ],
    }
  } catch (error) {
    if (!(error instanceof AuditError)) throw error
    signal?.throwIfAborted()
    return refuse(error.message)
  } finally {
    await session.close()
  }
}

/** Sets what planning needs, does it, and gives back its locks; a sentence where the server refuses the statement. */
async function planning<T extends object>(session: Session, path: string, work: () => Promise<T>): Promise<T | string> {
  try {
    await session.query('savepoint planning')
    await session.query(
      `select pg_catalog.set_config('search_path', $1, true), pg_catalog.set_config('plan_cache_mode', 'auto', true)`,
      [path],
    )
    const done = await work()
    await session.query('rollback to savepoint planning')
    return done
  } catch (error) {
    if (error instanceof ConnectionError) throw error
    // The session has gone back to its own savepoint; what is prepared belongs to no transaction.
    await session.query('deallocate all')
    return (error as Error).message
  }
}

async function readWorkMemory(session: Session): Promise<string | undefined> {
  const [row] = await session.query<{ memory: string }>(`select pg_catalog.current_setting('work_mem') as memory`)
  return row?.memory
}

interface Printed {
  readonly plan: unknown
}

/** The plan of EXPLAIN (GENERIC_PLAN), which the protocol's extended form cannot ask for, is that of a prepared statement. */
async function explain(session: Session, statement: Statement): Promise<Printed> {
  if (!statement.hasParameters) return { plan: await print(session, 'verbose, format json', statement) }
  await session.query(`select pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true)`)
  return { plan: await explainStatement(session, statement) }
}

async function measure(session: Session, statement: Statement): Promise<Printed> {
  await session.query(`select pg_catalog.set_config('statement_timeout', '${LONGEST_RUN}', true)`)
  return { plan: await print(session, 'analyze, verbose, format json', statement) }
}

async function print(session: Session, options: string, { sql }: Statement): Promise<unknown> {
  return (await session.query(`explain (${options}) ${sql}`))[0]?.['QUERY PLAN']
}

/** Says each reason once, with how many it was. */
function summarize(
  refused: readonly { readonly statement: Statement; readonly reason: string }[],
  what: 'explained' | 'run',
): readonly NotSeen[] {
  return [...groupBy(refused, ({ reason }) => reason)].map(([reason, [first, ...others]]) => ({
    what: `${what === 'run' ? 'measured' : 'the'} plan of ${nameOf(first!.statement.query)}${others.length > 0 ? ` and of ${others.length} more` : ''}`,
    reason: `It was not ${what}: ${reason.replace(/[.]?$/, '.')}`,
  }))
}
