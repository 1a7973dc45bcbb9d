import { at } from '../evidence/tree.js'
import type { Session } from '../source/session.js'
import type { Statement } from '../advisor/statement.js'

/** Functions of PostgreSQL's own that are volatile and change nothing. */
const HARMLESS = ['random', 'clock_timestamp', 'timeofday', 'gen_random_uuid', 'uuidv4', 'uuidv7']

/**
 * Why a statement is not run to be measured; null where it may be: a SELECT that changes and locks no row and calls nothing
 * volatile, also not by way of a view, as its plan tells.
 */
export async function findRunnable(session: Session, { query }: Statement, plan: unknown): Promise<string | null> {
  const select = at(query.tree, 'SelectStmt')
  if (select === undefined) return 'it changes rows'
  const tree = JSON.stringify(query.tree)
  if (/"(?:Insert|Update|Delete|Merge)Stmt"/.test(tree)) return 'it changes rows'
  if (tree.includes('"lockingClause"')) return 'it locks rows'
  if (tree.includes('"intoClause"')) return 'it makes a table'
  const names = [...new Set(callsIn(plan))]
  const [found] = await session.query<{ name: string }>(
    `select p.proname::text as name from pg_catalog.pg_proc p
      where p.proname = any ($1::text[]) and p.provolatile = 'v'
        and not (p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace and p.proname = any ($2::text[]))
      order by 1 limit 1`,
    [names, HARMLESS],
  )
  return found ? `it calls ${found.name}(), which may change something` : null
}

/** Names before parentheses, in any text of a verbose plan; views and simple functions stand in it by what they are. */
function callsIn(plan: unknown): readonly string[] {
  if (typeof plan === 'string')
    return [...plan.matchAll(/([\w$]+|"(?:[^"]|"")+")\(/g)].map(([, name = '']) =>
      name.startsWith('"') ? name.slice(1, -1) : name,
    )
  if (Array.isArray(plan)) return plan.flatMap(callsIn)
  return typeof plan === 'object' && plan !== null ? Object.values(plan).flatMap(callsIn) : []
}
