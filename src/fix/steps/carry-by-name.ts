import { TO } from './column-grants.js'
import type { Table, View } from '../../evidence/catalog/model.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import { quoteRelation } from '../quote.js'

/** Statements of a block that exchanges columns: what hangs on their names is noted before, and made again after. */
export interface CarriedByName {
  readonly declarations: readonly string[]
  readonly collect: readonly string[]
  readonly restore: readonly string[]
}

/**
 * Carries over what hangs on these columns and is not in the catalog's model: grants on the single columns, extended statistics; and
 * grants on the columns of views that are made again, and their triggers. The server itself says what there is when the block runs.
 */
export function carryByName(table: Table, names: readonly string[], views: readonly View[]): CarriedByName {
  const statements = quoteIdentifier(freeName('statements', names))
  const one = quoteIdentifier(freeName('one', names))
  const oid = (relation: Table | View) => `${quoteLiteral(quoteRelation(relation))}::pg_catalog.regclass`
  const columns = names.map(quoteLiteral).join(', ')
  const above = views.map(oid).join(', ')
  const ofTable = names.length === 0 ? 'false' : `attrelid = ${oid(table)} and attname in (${columns})`
  const statistics = `from pg_catalog.pg_statistic_ext as s where exists (select from pg_catalog.pg_depend as d join pg_catalog.pg_attribute on attrelid = d.refobjid and attnum = d.refobjsubid where d.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass and d.objid = s.oid and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and ${ofTable})`
  const named = `pg_catalog.format('%s.%I', s.stxnamespace::pg_catalog.regnamespace, s.stxname)`
  // PostgreSQL 12 has no such column.
  const goal = `pg_catalog.to_jsonb(s) ->> 'stxstattarget'`
  const found = [
    `select 1 as at, pg_catalog.format('grant %s (%I) on %s to %s%s', g.privilege_type, attname, attrelid::pg_catalog.regclass, ${TO}) as sql from pg_catalog.pg_attribute cross join lateral pg_catalog.aclexplode(attacl) as g where (${ofTable})${above === '' ? '' : ` or attrelid in (${above})`}`,
    `select 1, pg_catalog.pg_get_statisticsobjdef(s.oid) ${statistics}`,
    `select 2, pg_catalog.format('alter statistics %s set statistics %s', ${named}, ${goal}) ${statistics} and (${goal})::integer >= 0`,
    `select 2, pg_catalog.format('comment on statistics %s is %L', ${named}, pg_catalog.obj_description(s.oid, 'pg_statistic_ext')) ${statistics} and pg_catalog.obj_description(s.oid, 'pg_statistic_ext') is not null`,
    ...(above === ''
      ? []
      : [
          `select 1, pg_catalog.pg_get_triggerdef(oid) from pg_catalog.pg_trigger where tgrelid in (${above}) and not tgisinternal`,
        ]),
  ]
  return {
    declarations: [`${statements} text[]`, `${one} text`],
    collect: [
      `${statements} := array(select sql from (${found.join(' union all ')}) as found order by at)`,
      `for ${one} in select ${named} ${statistics} loop execute 'drop statistics ' || ${one}; end loop`,
    ],
    restore: [`foreach ${one} in array ${statements} loop execute ${one}; end loop`],
  }
}

/** A variable must not be called as a column is. */
function freeName(name: string, names: readonly string[]): string {
  return names.includes(name) ? freeName(`${name}_`, names) : name
}
