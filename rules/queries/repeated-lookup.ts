import {
  bindQuery,
  bindWorkload,
  type Catalog,
  type CodeLoop,
  type Column,
  formatLocation,
  groupBy,
  inferForeignKeys,
  joinLookup,
  type Level,
  lookUpAll,
  lookupOf,
  rememberFor,
  type Rewrite,
  rule,
  type Table,
  type Workload,
  type WorkloadQuery,
} from '../../src/kit.js'

/** Share of the time of all queries from which the loop is what hurts. */
const LARGE_SHARE = 0.1
/** Calls from which the ratio of two counts is no chance. */
const MANY_CALLS = 200
/** Rows of the parent for each call from which its look-ups are a loop. */
const SEVERAL_ROWS = 3

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
    const references = listReferences(catalog)
    const total = workload.queries.reduce((sum, { measured }) => sum + (measured?.milliseconds ?? 0), 0)
    const loops = loopsIn(workload, catalog)
    const found = loops.flatMap((loop): readonly (FoundLoop & { readonly column: Column })[] => {
      const lookup = lookupOf(loop.child, catalog)
      if (!lookup) return []
      // Code shows its loop; a log shows one query behind another, which may be by chance.
      for (const parent of [loop.parent, ...inTheSameRounds(loop, loops)]) {
        const tables = parent && bindQuery(parent.tree, catalog).tables
        const column = lookup.columns.find((one) => tables && leadsTo(one, tables, references))
        if (column) return [{ ...loop, parent, column }]
      }
      const [column] = lookup.columns
      return loop.seenIn === 'code' && column ? [{ ...loop, parent: null, column }] : []
    })
    for (const [column, loops] of groupBy(found, (loop) => loop.column)) {
      const sum = (of: (loop: (typeof loops)[number]) => number) => loops.reduce((all, loop) => all + of(loop), 0)
      const milliseconds = sum((loop) => loop.milliseconds)
      const seenIn = SOURCES.find((source) => loops.some((loop) => loop.seenIn === source))!
      yield {
        on: column,
        facts: {
          seenIn,
          // Code says that it loops, not how often.
          times: sum(({ times }) => times) || null,
          executions: sum(({ executions }) => executions) || null,
          longest: Math.max(...loops.map(({ longest }) => longest)) || null,
          milliseconds: Math.round(milliseconds) || null,
          shareOfTime: total > 0 && milliseconds > 0 ? Number((milliseconds / total).toFixed(3)) : null,
          loops: loops.map(({ parent, child, place }) => ({
            parent: parent && nameOf(parent),
            child: nameOf(child),
            fingerprint: child.fingerprint,
            parentFingerprint: parent && parent.fingerprint,
            place,
          })),
        },
        assessment: {
          impact: (total > 0 && milliseconds / total >= LARGE_SHARE ? 'high' : 'medium') as Level,
          ...(seenIn === 'code' ? ({ tier: 'declared', confidence: 0.9 } as const) : {}),
          ...(seenIn === 'counts' ? { confidence: 0.8 } : {}),
        },
      }
    }
  },

  message: ({ on, facts: { seenIn, times, executions, longest, loops } }) => {
    const what = `${on.table} is looked up by ${on.name} once for each`
    const [loop] = loops
    if (seenIn === 'code')
      return `${what} element of a loop${loop?.place ? ` (${loops.flatMap(({ place }) => place ?? []).join(', ')})` : ''}, one query at a time (N+1).`
    if (seenIn === 'counts')
      return `${what} row of another query, as their counts say: ${executions?.toLocaleString('en')} queries beside ${times?.toLocaleString('en')} that returned as many rows (N+1).`
    return `${what} row of another query: ${executions?.toLocaleString('en')} queries behind ${times?.toLocaleString('en')}, up to ${longest} at a time (N+1).`
  },

  advice: ({ on, facts: { loops, shareOfTime } }) => {
    const [loop] = loops
    const share =
      shareOfTime !== null && shareOfTime >= 0.001
        ? ` It takes ${(shareOfTime * 100).toFixed(1)} % of the time of all queries.`
        : ''
    const before = loop?.parent ? ` Before: ${loop.parent}.` : ''
    return `Ask for all of them at once, \`${on.name} = any($1)\`, or join them to the query before.${share}${before} For each row: ${loop?.child}.`
  },

  rewrite: ({ on, facts: { loops }, catalog, workload }): Rewrite | null => {
    const [loop] = loops
    const called = (fingerprint: string | null | undefined) =>
      workload.queries.find((query) => query.fingerprint === fingerprint)
    const [child, parent] = [called(loop?.fingerprint), called(loop?.parentFingerprint)]
    const gathered = child && lookUpAll(child, on, catalog)
    if (!gathered) return null
    const references = listReferences(catalog)
    const isKey = (column: Column) => column !== on && keyOf(column, references) === keyOf(on, references)
    const joined = parent ? joinLookup(parent, child, on, isKey, catalog) : null
    return { ...gathered, of: child, ...(joined ? { joined } : {}) }
  },
})

const SOURCES = ['log', 'code', 'counts'] as const

interface FoundLoop {
  readonly seenIn: (typeof SOURCES)[number]
  readonly parent: WorkloadQuery | null
  readonly child: WorkloadQuery
  readonly times: number
  readonly executions: number
  readonly longest: number
  readonly milliseconds: number
  /** Where the code loops. */
  readonly place: string | null
}

function loopsIn(workload: Workload, catalog: Catalog): readonly FoundLoop[] {
  const queries = new Map(workload.queries.map((query) => [query.fingerprint, query]))
  const logged = workload.sequences.flatMap((sequence): readonly FoundLoop[] => {
    const parent = sequence.parent === null ? undefined : queries.get(sequence.parent)
    const child = queries.get(sequence.child)
    return parent && child ? [{ ...sequence, parent, child, seenIn: 'log', place: null }] : []
  })
  const coded = (workload.loops ?? []).flatMap((loop: CodeLoop): readonly FoundLoop[] => {
    const child = queries.get(loop.child)
    const none = { times: 0, executions: 0, longest: 0, milliseconds: 0 }
    const parent = loop.parent === null ? null : (queries.get(loop.parent) ?? null)
    return child ? [{ ...none, seenIn: 'code', parent, child, place: formatLocation(loop.location) }] : []
  })
  const known = new Set([...logged, ...coded].map(({ child }) => child.fingerprint))
  const counted = countedLoops(workload, catalog).filter(({ child }) => !known.has(child.fingerprint))
  return [...logged, ...coded, ...counted]
}

/** A round may look up by what another query of the same round has found. */
function inTheSameRounds({ parent, child, seenIn }: FoundLoop, loops: readonly FoundLoop[]): readonly WorkloadQuery[] {
  if (seenIn !== 'log') return []
  return loops.flatMap((other) => (other.parent === parent && other.child !== child ? [other.child] : []))
}

/** A look-up of one table that is called as often as another query has returned rows. */
function countedLoops(workload: Workload, catalog: Catalog): readonly FoundLoop[] {
  const counted = bindWorkload(workload, catalog).flatMap(({ query, bound }) =>
    query.measured && query.measured.rows !== null ? [{ query, bound, measured: query.measured }] : [],
  )
  return counted.flatMap(({ query: child, measured: { calls, milliseconds } }): readonly FoundLoop[] => {
    const lookup = calls >= MANY_CALLS ? lookupOf(child, catalog) : null
    if (!lookup) return []
    const parents = counted.filter(
      ({ query, bound, measured }) =>
        query !== child &&
        bound.root.command === 'select' &&
        measured.calls > 0 &&
        measured.rows! >= SEVERAL_ROWS * measured.calls &&
        Math.abs(calls / measured.rows! - 1) <= 0.05,
    )
    // With several of them, each may be chance.
    const [parent, other] = parents
    if (!parent || other) return []
    const rows = Math.round(parent.measured.rows! / parent.measured.calls)
    return [
      {
        seenIn: 'counts',
        parent: parent.query,
        child,
        times: parent.measured.calls,
        executions: calls,
        longest: rows,
        milliseconds: milliseconds ?? 0,
        place: null,
      },
    ]
  })
}

/** The key column that each referencing column holds values of, declared or not. */
type References = ReadonlyMap<Column, Column>

const listReferences = rememberFor((catalog: Catalog): References => {
  const declared = catalog.tables.flatMap(({ foreignKeys }) => foreignKeys)
  return new Map(
    [...inferForeignKeys(catalog), ...declared].flatMap(({ columns, referencedColumns }) => {
      const [[column], [key]] = [columns, referencedColumns]
      return columns.length === 1 && column && key ? [[column, key] as const] : []
    }),
  )
})

/** One of the tables has another column with the same values: the key, or a reference to it. */
function leadsTo(column: Column, tables: ReadonlySet<Table>, references: References): boolean {
  return [...tables].some((table) =>
    table.columns.some((other) => other !== column && keyOf(other, references) === keyOf(column, references)),
  )
}

/** The key column whose values a column holds, which may be itself. */
function keyOf(column: Column, references: References): Column {
  return references.get(column) ?? column
}

function nameOf({ name, normalized }: WorkloadQuery): string {
  return name ?? normalized
}
