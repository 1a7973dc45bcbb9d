import {
  aboutQuery,
  type Catalog,
  columnsOfConditions,
  factorOf,
  nodesOf,
  type PlanNode,
  rule,
  tableReadBy,
} from '../../src/kit.js'

/** Rows of the outer side for each of which the inner is gone through, and rows that are gone through in all. */
const MANY_LOOPS = 1000
const MANY_ROWS = 1_000_000
/** Look-ups by an index from which a hash would have been cheaper, where fewer were expected. */
const MANY_LOOKUPS = 10_000
const FAR_OFF = 10

export default rule({
  severity: 'warning',
  tier: 'measured',
  confidence: 0.9,
  docs: {
    summary: 'Let a join find the rows of its inner side, instead of going through all of them for each of the outer.',
    why: 'A nested loop costs the rows of one side times those of the other. It is right for a few rows; over thousands it takes minutes where a hash join or an index takes milliseconds.',
    bad: `create table invoice (id bigint primary key, number text not null);
create table reminder (id bigint primary key, invoice_number text not null);
-- workload
-- name: reminded
select i.id, r.id from invoice i join reminder r on lower(r.invoice_number) = lower(i.number);
-- plan: reminded {"Node Type": "Nested Loop", "Join Type": "Inner", "Plan Rows": 20000, "Join Filter": "(lower(r.invoice_number) = lower(i.number))", "Plans": [{"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Relation Name": "invoice", "Alias": "i", "Plan Rows": 20000}, {"Node Type": "Seq Scan", "Parent Relationship": "Inner", "Relation Name": "reminder", "Alias": "r", "Plan Rows": 5000}]}`,
    good: `create table invoice (id bigint primary key, number text not null);
create table reminder (id bigint primary key, invoice_number text not null);
-- workload
-- name: reminded
select i.id, r.id from invoice i join reminder r on lower(r.invoice_number) = lower(i.number);
-- plan: reminded {"Node Type": "Hash Join", "Join Type": "Inner", "Plan Rows": 20000, "Hash Cond": "(lower(i.number) = lower(r.invoice_number))", "Plans": [{"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Relation Name": "invoice", "Alias": "i", "Plan Rows": 20000}, {"Node Type": "Hash", "Parent Relationship": "Inner", "Plan Rows": 5000, "Plans": [{"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Relation Name": "reminder", "Alias": "r", "Plan Rows": 5000}]}]}`,
    unless: 'Every pair of rows is meant, as in a table of distances.',
    references: ['https://www.postgresql.org/docs/current/planner-optimizer.html'],
  },
  needs: ['catalog', 'workload', 'plans'],

  *detect({ catalog, workload, plans }) {
    const seen = new Set<string>()
    for (const { query, root } of plans.plans) {
      if (seen.has(query.fingerprint)) continue
      const [worst] = nodesOf(root)
        .flatMap((node) => loopIn(node, catalog) ?? [])
        .toSorted((a, b) => b.loops * b.inner - a.loops * a.inner)
      if (!worst) continue
      const on = aboutQuery(
        query,
        workload,
        catalog,
        catalog.tables.find(({ address }) => address === worst.table),
      )
      if (!on) continue
      seen.add(query.fingerprint)
      yield {
        on,
        facts: worst,
        assessment: worst.isMeasured ? {} : { tier: 'inferred' as const, confidence: 0.7 },
      }
    }
  },

  message: ({ on, facts: { kind, table, loops, inner, expected, isMeasured } }) => {
    const verb = isMeasured ? 'goes' : 'is planned to go'
    return kind === 'whole'
      ? `${on} ${verb} through ${number(inner)} rows of ${table} for each of ${number(loops)} rows that it joins them to.`
      : `${on} looks up ${table} ${number(loops)} times, one by one, because the planner expected ${number(expected)} rows there.`
  },

  advice: ({ facts: { kind, table, columns } }) => {
    if (kind === 'lookups')
      return 'Mend the estimate of the outer side: analyze its tables, and create statistics of columns that are compared together; with a right estimate the planner would hash the rows.'
    return columns.length > 0
      ? `An index on ${table} (${columns.join(', ')}) finds the rows of each; an equality of two columns of one type can be hashed, one with OR, a range or a cast on both sides cannot.`
      : 'Nothing that the planner could hash or look up by joins the two: say in the join which columns are equal.'
  },
})

interface Loop {
  readonly [fact: string]: number | string | boolean | readonly string[]
  /** All rows are gone through each time, or they are looked up, far more often than was expected. */
  readonly kind: 'whole' | 'lookups'
  readonly table: string
  readonly loops: number
  /** Rows that are gone through each time. */
  readonly inner: number
  /** Of the outer side. */
  readonly expected: number
  readonly columns: readonly string[]
  readonly isMeasured: boolean
}

function loopIn({ type, conditions, children }: PlanNode, catalog: Catalog): Loop | null {
  const [outer, inner] = [children.find(({ side }) => side === 'outer'), children.find(({ side }) => side === 'inner')]
  if (type !== 'Nested Loop' || !outer || !inner) return null
  const isMeasured = outer.actual !== null
  const loops = outer.actual ? outer.actual.rows * outer.actual.loops : outer.rows
  const expected = outer.actual ? outer.rows * outer.actual.loops : outer.rows
  // What is kept in memory is gone through as often as what stands below it.
  const scan = inner.type === 'Materialize' ? inner.children[0]! : inner
  const table = tableReadBy(scan, catalog)
  if (!table) return null
  const found = { table: table.address, loops: Math.round(loops), expected: Math.round(expected), isMeasured }
  if (scan.type === 'Seq Scan') {
    const through = inner.type === 'Materialize' ? scan : inner
    const rows = through.actual ? through.actual.rows + through.actual.dropped : through.rows
    if (loops < MANY_LOOPS || loops * rows < MANY_ROWS) return null
    const { all } = columnsOfConditions(
      [...conditions.filtered, ...scan.conditions.filtered],
      table,
      scan.relation!.alias,
    )
    return { ...found, kind: 'whole', inner: Math.round(rows), columns: all.map(({ name }) => name) }
  }
  const isFarOff = isMeasured && loops > expected && factorOf({ expected, returned: loops }) >= FAR_OFF
  if (!isFarOff || loops < MANY_LOOKUPS || inner.type === 'Memoize') return null
  return { ...found, kind: 'lookups', inner: 1, columns: [] }
}

function number(count: number): string {
  return count.toLocaleString('en')
}
