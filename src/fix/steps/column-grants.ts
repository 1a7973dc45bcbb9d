import type { Column, Table } from '../../evidence/catalog/model.js'
import { quoteBody, quoteIdentifier, quoteLiteral } from '../../quote.js'
import { quoteRelation } from '../quote.js'

/** Arguments of `format` for `to %s%s`: the grantee of a privilege `g`, and its grant option. */
export const TO = `case g.grantee when 0 then 'public' else g.grantee::pg_catalog.regrole::text end, case when g.is_grantable then ' with grant option' else '' end`

/**
 * A PL/pgSQL block that gives whoever has privileges on a column of a table alone the same on other columns of it, as the server knows
 * them when the block runs.
 */
export function grantLikeColumn(
  table: Table,
  columns: readonly { readonly like: string; readonly on: readonly string[] }[],
): string {
  const relation = quoteRelation(table)
  const granted = columns.map(({ like, on }) => {
    const list = on.map(quoteIdentifier).join(', ')
    return `select pg_catalog.format('grant %s (%s) on %s to %s%s', g.privilege_type, ${quoteLiteral(list)}, ${quoteLiteral(relation)}, ${TO}) from pg_catalog.pg_attribute as a cross join lateral pg_catalog.aclexplode(a.attacl) as g where a.attrelid = ${quoteLiteral(relation)}::pg_catalog.regclass and a.attname = ${quoteLiteral(like)}`
  })
  return executeAll(granted)
}

/** A PL/pgSQL block that lets whoever may read a table, or single columns of it, read a view that has them. `view` is quoted. */
export function letReadLikeTable(table: Table, view: string, columns: readonly Column[]): string {
  const oid = `${quoteLiteral(quoteRelation(table))}::pg_catalog.regclass`
  const names = columns.map(({ name }) => quoteLiteral(name)).join(', ')
  return executeAll([
    `select pg_catalog.format('grant select on %s to %s%s', ${quoteLiteral(view)}, ${TO}) from pg_catalog.pg_class as c cross join lateral pg_catalog.aclexplode(c.relacl) as g where c.oid = ${oid} and g.privilege_type = 'SELECT' and g.grantee <> c.relowner`,
    `select pg_catalog.format('grant select (%I) on %s to %s%s', a.attname, ${quoteLiteral(view)}, ${TO}) from pg_catalog.pg_attribute as a cross join lateral pg_catalog.aclexplode(a.attacl) as g where a.attrelid = ${oid} and a.attname in (${names}) and g.privilege_type = 'SELECT'`,
  ])
}

/** The block as a statement of its own. */
export function asStatement(block: string): string {
  return `do ${quoteBody(block)}`
}

function executeAll(queries: readonly string[]): string {
  return `declare\n  granting text;\nbegin\n  for granting in ${queries.join(' union all ')} loop execute granting; end loop;\nend`
}
