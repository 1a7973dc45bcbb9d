import { bindWorkload, nearest, rule } from '../../src/kit.js'

/** Names of tables that a session makes for itself. */
const TEMPORARY = /^_?te?mp_|_te?mp$/

export default rule({
  severity: 'error',
  confidence: 0.95,
  docs: {
    summary: 'Bring the query back in line with the schema.',
    why: 'A query that names a column or table which is not there fails whenever it runs; it was dropped or renamed, and the query was forgotten.',
    bad: `create table invoice (id bigint primary key, total numeric(12, 2) not null);
-- workload
select id, amount from invoice where id = $1;`,
    good: `create table invoice (id bigint primary key, total numeric(12, 2) not null);
-- workload
select id, total from invoice where id = $1;`,
    unless: 'The query runs against another schema or database.',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    const queries = bindWorkload(workload, catalog)
    const relations = queries.flatMap(({ bound }) => bound.blocks.flatMap((block) => block.relations))
    const strange = relations.filter(({ kind }) => kind === 'unknown').length
    // Queries of another database say nothing about this one.
    const isHome = strange * 2 < relations.length
    for (const { bound, query, about, places } of queries) {
      const column = bound.unresolved.find(({ kind }) => kind === 'column')
      const relation =
        isHome && places.length > 0
          ? bound.unresolved.find(({ kind, name }) => kind === 'relation' && !TEMPORARY.test(name))
          : undefined
      const found = column ?? relation
      if (!found) continue
      const names = found.relation?.table?.columns ?? [...bound.tables].flatMap(({ columns }) => columns)
      const known = found.kind === 'column' ? names : [...catalog.tables, ...catalog.views]
      yield {
        on: about(found.relation?.table ?? undefined),
        facts: {
          kind: found.kind,
          name: found.name,
          of: found.relation?.name ?? null,
          like:
            nearest(
              found.name,
              known.map(({ name }) => name),
            ) ?? null,
        },
        assessment:
          found.kind === 'relation' || query.location === null ? { severity: 'warning', confidence: 0.8 } : {},
      }
    }
  },

  message: ({ on, facts: { kind, name, of, like } }) =>
    `${on} names the ${kind === 'column' ? 'column' : 'table'} ${of === null ? '' : `${of}.`}${name}, which is not there${like === null ? '' : ` (${like} is)`}.`,
})
