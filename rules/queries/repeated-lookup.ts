import {
  bindQuery,
  type Catalog,
  type Column,
  groupBy,
  inferForeignKeys,
  lookupOf,
  rule,
  type Table,
  type WorkloadQuery,
} from '../../src/kit.js'

/** Share of the time of all queries from which the loop is what hurts. */
const LARGE_SHARE = 0.1

export default rule({
  severity: 'warning',
  tier: 'measured',
  confidence: 0.9,
  complexity: 'medium',
  docs: {
    summary: 'Fetch the rows of all in one query instead of one query for each.',
    why: 'A query for each row of the one before (N+1) pays the way to the server and back every time: a page of 50 invoices sends 51 queries where 2 would do, and gets slower with every row.',
    bad: `create table invoice (id bigint primary key, number text not null);
create table invoice_line (id bigint primary key, invoice_id bigint not null references invoice, amount numeric(12, 2) not null);
create index on invoice_line (invoice_id);
-- workload
-- name: invoices
select id, number from invoice order by number limit 50;
-- name: lines
select amount from invoice_line where invoice_id = $1;
-- sequence: invoices > lines, 40 times, 2000 rounds, 50 at most, 600 ms`,
    good: `create table invoice (id bigint primary key, number text not null);
create table invoice_line (id bigint primary key, invoice_id bigint not null references invoice, amount numeric(12, 2) not null);
create index on invoice_line (invoice_id);
-- workload
-- name: invoices
select id, number from invoice order by number limit 50;
-- name: lines
select invoice_id, amount from invoice_line where invoice_id = any($1);`,
    unless: 'Each answer decides whether the next question is asked at all.',
    references: ['https://use-the-index-luke.com/sql/join/nested-loops-join-n1-problem'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    if (workload.sequences.length === 0) return
    const queries = new Map(workload.queries.map((query) => [query.fingerprint, query]))
    const references = listReferences(catalog)
    const total = workload.queries.reduce((sum, { measured }) => sum + (measured?.milliseconds ?? 0), 0)
    const found = workload.sequences.flatMap((sequence) => {
      const parent = sequence.parent === null ? undefined : queries.get(sequence.parent)
      const child = queries.get(sequence.child)
      const lookup = child && lookupOf(child, catalog)
      if (!parent || !child || !lookup) return []
      const { tables } = bindQuery(parent.tree, catalog)
      const column = lookup.columns.find((one) => leadsTo(one, tables, references))
      return column ? [{ ...sequence, column, parent, child }] : []
    })
    for (const [column, loops] of groupBy(found, (loop) => loop.column)) {
      const sum = (of: (loop: (typeof loops)[number]) => number) => loops.reduce((all, loop) => all + of(loop), 0)
      const milliseconds = sum((loop) => loop.milliseconds)
      yield {
        on: column,
        facts: {
          times: sum(({ times }) => times),
          executions: sum(({ executions }) => executions),
          longest: Math.max(...loops.map(({ longest }) => longest)),
          milliseconds: Math.round(milliseconds),
          shareOfTime: total > 0 ? Number((milliseconds / total).toFixed(3)) : null,
          loops: loops.map(({ parent, child }) => ({ parent: nameOf(parent), child: nameOf(child) })),
        },
        assessment: { impact: total > 0 && milliseconds / total >= LARGE_SHARE ? 'high' : 'medium' },
      }
    }
  },

  message: ({ on, facts: { times, executions, longest } }) =>
    `${on.table} is looked up by ${on.name} once for each row of another query: ${executions.toLocaleString('en')} queries behind ${times.toLocaleString('en')}, up to ${longest} at a time (N+1).`,

  advice: ({ on, facts: { loops, shareOfTime } }) => {
    const [loop] = loops
    const share =
      shareOfTime !== null && shareOfTime >= 0.001
        ? ` It takes ${(shareOfTime * 100).toFixed(1)} % of the time of all queries.`
        : ''
    return `Ask for all of them at once, \`${on.name} = any($1)\`, or join them to the query before.${share} Before: ${loop?.parent}. For each row: ${loop?.child}.`
  },
})

/** The key column that each referencing column holds values of, declared or not. */
type References = ReadonlyMap<Column, Column>

function listReferences(catalog: Catalog): References {
  const declared = catalog.tables.flatMap(({ foreignKeys }) => foreignKeys)
  return new Map(
    [...inferForeignKeys(catalog), ...declared].flatMap(({ columns, referencedColumns }) => {
      const [[column], [key]] = [columns, referencedColumns]
      return columns.length === 1 && column && key ? [[column, key] as const] : []
    }),
  )
}

/** One of the tables has another column with the same values: the key, or a reference to it. */
function leadsTo(column: Column, tables: ReadonlySet<Table>, references: References): boolean {
  const keyOf = (one: Column) => references.get(one) ?? one
  return [...tables].some((table) => table.columns.some((other) => other !== column && keyOf(other) === keyOf(column)))
}

function nameOf({ name, normalized }: WorkloadQuery): string {
  return name ?? normalized
}
