import { afterReview, alterColumnType, rule } from '../../src/kit.js'

/** Types that refer to system objects by a number which pg_upgrade does not keep; regclass, regrole and regtype are kept. */
const NOT_KEPT = new Set(
  'regcollation regconfig regdictionary regnamespace regoper regoperator regproc regprocedure'.split(' '),
)

export default rule({
  severity: 'error',
  docs: {
    summary: 'Store the name of a system object as text.',
    why: 'The column refers to a system object by a number that differs after an upgrade, so pg_upgrade refuses the whole cluster.',
    bad: 'create table job (id bigint primary key, handler regproc not null);',
    good: 'create table job (id bigint primary key, handler text not null, reads_from regclass);',
    references: ['https://www.postgresql.org/docs/current/pgupgrade.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const columns = table.columns.filter(
        ({ type, inherited }) => !inherited && NOT_KEPT.has(type.element?.name ?? type.name),
      )
      if (columns.length === 0) continue
      yield {
        on: table,
        related: columns,
        facts: { columns: columns.map(({ name, type }) => ({ name, type: type.sql })) },
      }
    }
  },

  message: ({ on, facts: { columns } }) =>
    `${on} stores ${columns.map(({ name, type }) => `${name} as ${type}`).join(', ')}: pg_upgrade refuses the cluster.`,

  fix: ({ on, catalog, facts: { columns } }) => {
    const changed = columns.flatMap(({ name }) => on.column(name) ?? [])
    if (changed.some((column) => column.default !== null || column.generated || column.type.domain)) return []
    return afterReview(
      `Can whoever reads ${changed.map(({ name }) => name).join(', ')} cast the name back where the object is meant?`,
      changed.flatMap((column) => {
        const type = column.type.element ? 'text[]' : 'text'
        return alterColumnType(column, type, catalog)
      }),
    )
  },
})
