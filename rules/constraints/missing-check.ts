import {
  addCheck,
  afterReview,
  believedOf,
  type Column,
  isEnforced,
  rule,
  saidElsewhere,
  setNotNull,
  weakest,
} from '../../src/kit.js'

/** What has a rule of its own, or is found in another way. */
const ELSEWHERE = new Set(['period', 'arithmetic'])

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.85,
  docs: {
    summary: 'Let a CHECK keep what all rows keep.',
    why: 'What holds in every row holds because the application takes care; the first import, script or new version that does not is noticed when the sums are wrong.',
    bad: 'create table band (id bigint primary key, min_quantity int not null, max_quantity int not null);',
    good: 'create table band (id bigint primary key, min_quantity int not null, max_quantity int not null, check (min_quantity <= max_quantity));',
    unless: 'That all rows agree is a coincidence of the rows that there are.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog'],
  uses: ['sample'],

  *detect({ catalog, sample }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const elsewhere = saidElsewhere(table, catalog)
      const kept = believedOf(table, sample).filter(
        ({ expression, family }) =>
          !ELSEWHERE.has(family) && !elsewhere.has(expression) && !isEnforced(expression, table),
      )
      if (kept.length === 0) continue
      const witnessed = kept.flatMap(({ id }) => sample?.predicate(id)?.grounds ?? [])
      const checks = kept.map(({ id, family, expression, columns }) => {
        const grounds = sample?.predicate(id)?.grounds
        const counted = grounds && grounds.violations > 0 ? { rows: grounds.violations } : {}
        return { family, check: expression, columns: columns.map(({ name }) => name), ...counted }
      })
      yield {
        on: table,
        related: [...new Set(kept.flatMap(({ columns }) => columns.flatMap(({ name }) => table.column(name) ?? [])))],
        facts: { checks, rows: witnessed.length > 0 ? Math.min(...witnessed.map(({ support }) => support)) : null },
        ...(witnessed.length > 0 ? { grounds: weakest(witnessed) } : {}),
        assessment: kept.every(({ family }) => family === 'bounds' || family === 'arc') ? { severity: 'warning' } : {},
      }
    }
  },

  message: ({ on, facts: { checks, rows } }) => {
    const shown = checks.slice(0, 6).map(({ check }) => check)
    const what = `${shown.join('; ')}${checks.length > shown.length ? `; and ${checks.length - shown.length} more` : ''}`
    const broken = checks.filter((one) => (one.rows ?? 0) > 0)
    return rows === null
      ? `${on} has no CHECK for what its columns' names say: ${what}.`
      : `${on} has no CHECK for what ${broken.length === 0 ? 'all' : 'nearly all'} its rows keep: ${what}.`
  },

  advice: ({ facts: { checks } }) =>
    `Add what is meant of: ${checks.map(({ check, family }) => (family === 'filled' ? check.replace(/ is not null$/, ' NOT NULL') : `CHECK (${check})`)).join(', ')}.`,

  fix: ({ on, facts: { checks }, target }) =>
    afterReview(
      `Is each of these meant to hold for every row of ${on}, now and later: ${checks.map(({ check }) => check).join('; ')}?`,
      checks.flatMap(({ family, check, columns: names }) => {
        const columns = names.flatMap((name) => on.column(name) ?? [])
        const [column] = columns as [Column]
        return family === 'filled' ? setNotNull(column, target) : addCheck(on, columns, check)
      }),
    ),
})
