import type { Session } from '../source/session.js'
import type { Statement } from './statement.js'

const PREPARED = 'pg_billing_audit_plan'

/**
 * The plan of a statement, as EXPLAIN prints it in JSON. One with parameters is planned for whatever they are, which takes
 * `plan_cache_mode = force_generic_plan`. Throws what the server says; the prepared statement may then be there still.
 */
export async function explainStatement(
  session: Pick<Session, 'query'>,
  { sql, hasParameters }: Pick<Statement, 'sql' | 'hasParameters'>,
): Promise<unknown> {
  if (!hasParameters) return (await session.query(`explain (format json) ${sql}`))[0]?.['QUERY PLAN']
  await session.query(`prepare ${PREPARED} as ${sql}`)
  const [row] = await session.query<{ count: number }>(
    `select coalesce(pg_catalog.array_length(parameter_types, 1), 0) as count from pg_catalog.pg_prepared_statements where name = $1`,
    [PREPARED],
  )
  const values = Array.from({ length: row?.count ?? 0 }, () => 'null').join(', ')
  const [planned] = await session.query(
    `explain (format json) execute ${PREPARED}${values === '' ? '' : `(${values})`}`,
  )
  await session.query(`deallocate ${PREPARED}`)
  return planned?.['QUERY PLAN']
}
