import {
  type Catalog,
  type Column,
  columnsOfConditions,
  conditionsOf,
  countRows,
  createStatistics,
  factorOf,
  type Misestimate,
  misestimatesIn,
  rule,
  type Table,
  tableReadBy,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  tier: 'measured',
  confidence: 0.8,
  docs: {
    summary: 'Let the planner know how columns that queries compare together depend on each other.',
    why: 'The planner multiplies the shares of rows that each condition keeps, as if the columns had nothing to do with each other. Where one follows from the other, it expects far too few rows, and then joins and scans in a way that is right for few.',
    bad: `create table address (id bigint primary key, city text not null, postcode text not null);
-- workload
-- name: in_town
select id from address where city = 'Bergen' and postcode = '5003';
-- plan: in_town {"Node Type": "Seq Scan", "Relation Name": "address", "Alias": "address", "Plan Rows": 12, "Actual Rows": 4100, "Actual Loops": 1, "Filter": "((city = 'Bergen'::text) AND (postcode = '5003'::text))"}`,
    good: `create table address (id bigint primary key, city text not null, postcode text not null);
create statistics address_city_postcode on city, postcode from address;
-- workload
-- name: in_town
select id from address where city = 'Bergen' and postcode = '5003';
-- plan: in_town {"Node Type": "Seq Scan", "Relation Name": "address", "Alias": "address", "Plan Rows": 12, "Actual Rows": 4100, "Actual Loops": 1, "Filter": "((city = 'Bergen'::text) AND (postcode = '5003'::text))"}`,
    unless:
      'The table is small, or an index on all of the columns finds the rows anyway and nothing is joined to them.',
    references: [
      'https://www.postgresql.org/docs/current/planner-stats.html#PLANNER-STATS-EXTENDED',
      'https://www.postgresql.org/docs/current/sql-createstatistics.html',
    ],
  },
  needs: ['catalog', 'plans'],
  // Until the table is analyzed, the estimate is as wrong as it was.
  reveals: ['queries/misestimated-scan'],

  *detect({ catalog, plans }) {
    const found = new Map<Table, Map<string, Dependence>>()
    for (const { query, root } of plans.plans)
      for (const misestimate of misestimatesIn(root)) {
        const dependence = dependenceIn(misestimate, catalog)
        if (!dependence) continue
        const [table] = dependence
        const names = dependence[1].map(({ name }) => name)
        const sets = found.get(table) ?? new Map<string, Dependence>()
        const known = sets.get(names.join('\0'))
        const { expected, returned } = misestimate
        if (!known || factorOf(known) < factorOf(misestimate))
          sets.set(names.join('\0'), {
            columns: names,
            expected,
            returned,
            queries: [...new Set([...(known?.queries ?? []), query.name ?? query.normalized.slice(0, 200)])],
          })
        found.set(table, sets)
      }
    for (const [table, sets] of found) yield { on: table, facts: { sets: withoutParts([...sets.values()]) } }
  },

  message: ({ on, facts: { sets } }) =>
    sets
      .map(
        ({ columns, expected, returned }, at) =>
          `${at === 0 ? `Of ${on}, ` : ''}${list(columns)} depend on each other: the planner expected ${countRows(expected)} where ${countRows(returned)} came`,
      )
      .join('; ')
      .concat('.'),

  advice: ({ facts: { sets } }) =>
    `Create extended statistics on them, and analyze the table. ${sets
      .map(({ columns, queries }) => `${list(columns)}: ${queries.join('; ')}.`)
      .join(' ')}`,

  fix: ({ on, facts: { sets } }) =>
    sets.flatMap(({ columns }) => {
      const named = columns.flatMap((name) => on.column(name) ?? [])
      return named.length === columns.length ? createStatistics(named) : []
    }),
})

interface Dependence {
  readonly [fact: string]: number | string | readonly string[]
  readonly columns: readonly string[]
  readonly expected: number
  readonly returned: number
  readonly queries: readonly string[]
}

/** Most columns that extended statistics have room for. */
const MOST_COLUMNS = 8

/** The columns that a scan compares together, of which nothing yet tells how they depend on each other; null for none. */
function dependenceIn({ node }: Misestimate, catalog: Catalog): readonly [Table, readonly Column[]] | null {
  const table = tableReadBy(node, catalog)
  if (!table || table.variety === 'foreign') return null
  const conditions = conditionsOf(node)
  const { equal } = columnsOfConditions(conditions, table, node.relation!.alias)
  const columns = table.columns.filter((column) => equal.includes(column))
  if (columns.length < 2 || columns.length > MOST_COLUMNS) return null
  // A unique key has one row whatever else is compared.
  const isKey = table.indexes.some(
    ({ unique, keys, predicate }) =>
      unique && predicate === null && keys.every(({ column }) => column && columns.includes(column)),
  )
  const isKnown = table.extendedStatistics.some((own) => columns.every((column) => own.columns.includes(column)))
  return isKey || isKnown ? null : [table, columns]
}

/** Statistics of more columns serve those of some of them. */
function withoutParts(sets: readonly Dependence[]): readonly Dependence[] {
  return sets
    .filter(
      (one) =>
        !sets.some(
          (other) =>
            other.columns.length > one.columns.length && one.columns.every((name) => other.columns.includes(name)),
        ),
    )
    .toSorted((a, b) => (a.columns.join() < b.columns.join() ? -1 : 1))
}

function list(columns: readonly string[]): string {
  return `${columns.slice(0, -1).join(', ')} and ${columns.at(-1)}`
}
