import {
  afterReview,
  grantsToOthers,
  isConstantTrue,
  knowsGrants,
  quoteRelation,
  rule,
  statement,
  type Catalog,
  type Table,
  type View,
} from '../../src/kit.js'

/** `security_invoker` came with PostgreSQL 15. */
const HAS_INVOKER_VIEWS = 150000

/** A view that asks who reads it guards its rows itself. */
const ASKS = /current_setting|\b(?:CURRENT_USER|SESSION_USER)\b|\b(?:auth\.)?(?:uid|jwt|role)\(\)/

export default rule({
  severity: 'error',
  docs: {
    summary: 'Give views over guarded tables security_invoker = true.',
    why: 'A view reads its tables with the rights of its owner, who is above their policies: whoever may read the view sees the rows of every tenant.',
    bad: "create table note (id bigint primary key, tenant_id bigint not null); alter table note enable row level security; create policy own on note using (tenant_id = current_setting('app.tenant')::bigint); create view notes as select * from note; grant select on note, notes to public;",
    good: "create table note (id bigint primary key, tenant_id bigint not null); alter table note enable row level security; create policy own on note using (tenant_id = current_setting('app.tenant')::bigint); create view notes with (security_invoker = true) as select * from note; grant select on note, notes to public;",
    unless: 'The view shows only what everybody may know; write security_invoker = false to say so.',
    references: ['https://www.postgresql.org/docs/current/sql-createview.html#SQL-CREATEVIEW-SECURITY'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    if (catalog.serverVersion < HAS_INVOKER_VIEWS) return
    const known = knowsGrants(catalog)
    for (const view of catalog.views) {
      if ('security_invoker' in view.options || ASKS.test(view.definition)) continue
      const readers = grantsToOthers(view, catalog).filter(({ privilege }) => privilege === 'SELECT')
      if ((known || view.variety === 'materialized view') && readers.length === 0) continue
      const guarded = [...new Set(tablesBelow(view))].filter((table) => isHiddenFromReaders(table, view, catalog))
      if (guarded.length === 0) continue
      yield {
        on: view,
        related: guarded,
        facts: { tables: guarded.map(String), roles: [...new Set(readers.map(({ grantee }) => grantee))] },
        ...(readers.length > 0 ? {} : { assessment: { severity: 'warning', tier: 'inferred', confidence: 0.6 } }),
      }
    }
  },

  message: ({ on, facts: { tables, roles } }) =>
    `${on} shows ${roles.length > 0 ? roles.join(', ') : 'its readers'} every row of ${tables.join(', ')}, past ${tables.length === 1 ? 'its' : 'their'} policies.`,

  advice: ({ on }) =>
    on.variety === 'view'
      ? 'Give the view security_invoker = true.'
      : 'A materialized view cannot have policies: let only roles that may see all rows read it, and give others a view over it that asks who they are.',

  fix: ({ on, facts: { tables } }) =>
    on.variety === 'view'
      ? afterReview(
          `May the readers of ${on} read ${tables.join(', ')} themselves? With security_invoker they have to.`,
          [
            statement(
              `alter view ${quoteRelation(on)} set (security_invoker = true)`,
              `alter view ${quoteRelation(on)} reset (security_invoker)`,
              { phase: 'switch', lock: 'ACCESS EXCLUSIVE' },
            ),
          ],
        )
      : [],
})

/** Tables that a view reads, also through views that pass its owner's rights on; other views answer for themselves. */
function* tablesBelow(view: View): Generator<Table> {
  for (const below of view.dependsOn) {
    if (below.kind === 'table') yield below
    else if (/^(?:true|on|yes|1)$/.test(below.options['security_invoker'] ?? '')) yield* tablesBelow(below)
  }
}

/** Whether policies hide rows of the table from others, but not from the view's owner. */
function isHiddenFromReaders(table: Table, view: View, catalog: Catalog): boolean {
  if (!table.rowSecurity || table.policies.length === 0) return false
  const readable = table.policies.some(
    ({ permissive, command, roles, using }) =>
      permissive && ['all', 'select'].includes(command) && roles.includes('PUBLIC') && isConstantTrue(using),
  )
  if (readable) return false
  const above = catalog.roles.some((role) => role.name === view.owner && (role.superuser || role.bypassRowSecurity))
  return above || (table.owner === view.owner && !table.forceRowSecurity)
}
