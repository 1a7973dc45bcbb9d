import {
  afterReview,
  bindQuery,
  type Catalog,
  type Column,
  createIndex,
  rule,
  type Statistics,
  statisticsOfScale,
  type Table,
  type Workload,
} from '../../src/kit.js'

const GIBIBYTE = 2 ** 30
/** Physical order against order of time from which a BRIN index reads few blocks too many. */
const ORDERED = 0.95
/** Updates for each inserted row from which a table is no longer written at its end alone. */
const FEW_UPDATES = 0.01

/** Tables that note what happened, in singular or plural, as a whole word. */
const RECORDS =
  /(?:^|_)(?:events?|logs?|usages?|metrics?|readings?|measurements?|samples?|histor(?:y|ies)|audits?|traces?|telemetry|clicks?|impressions?|heartbeats?|pings?|visits?|ticks?)$/
/** Queues: rows leave them again. */
const QUEUES = /(?:^|_)(?:outbox|inbox|queues?|queued|pending|scheduled|failed|dead)(?:_|$)/
/** Columns that change after the row was written. */
const CHANGES =
  /(?:^|_)(?:updated|modified|enqueued|queued|changed|deleted|processed|delivered|finished|completed|ended|resolved|acknowledged|read|seen|sent|locked|expires?|expired|scheduled|retry|retries|attempts?|status|state|version|next|last)(?:_|$)/

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.6,
  docs: {
    summary: 'Index the time of a large append-only table by BRIN.',
    why: 'Rows that arrive in order of time lie in that order. A BRIN index notes the first and last time of each range of blocks: it is a thousand times smaller than a B-tree and costs inserts next to nothing, and scans over a span of time read only the blocks of that span.',
    bad: 'create table usage_event (id bigint generated always as identity primary key, quantity bigint not null, occurred_at timestamptz not null default now());\n-- workload\nselect sum(quantity) from usage_event where occurred_at >= $1 and occurred_at < $2;',
    good: 'create table usage_event (id bigint generated always as identity primary key, quantity bigint not null, occurred_at timestamptz not null default now()); create index on usage_event using brin (occurred_at);',
    unless: 'The table stays below a gigabyte, rows arrive out of order, or single rows are looked up by their time.',
    references: ['https://www.postgresql.org/docs/current/brin.html'],
  },
  needs: ['catalog'],
  uses: ['statistics', 'workload'],

  *detect({ catalog, statistics: all, workload }) {
    const statistics = statisticsOfScale(all, catalog)
    const uses = workload ? useOf(workload, catalog) : null
    for (const table of catalog.tables) {
      if (table.variety !== 'ordinary' || table.partitionOf || uses?.updated.has(table)) continue
      const moments = table.columns.filter(isMoment)
      // Times of one row run together: an index on one of them serves.
      if (moments.some(leadsIndex)) continue
      const measured = statistics && measure(table, moments, statistics)
      const on = measured
        ? measured.column
        : statistics?.table(table)
          ? null
          : uses && chooseMoment(table, moments, uses.ranges)
      if (!on) continue
      yield {
        on,
        facts: {
          sizeBytes: measured?.sizeBytes ?? null,
          correlation: measured?.correlation ?? null,
        },
        assessment: measured ? { tier: 'measured', confidence: 0.9, impact: 'medium' } : {},
      }
    }
  },

  message: ({ on, facts: { sizeBytes, correlation } }) =>
    sizeBytes === null
      ? `${on.table} looks append-only and in order of ${on.name}, by which queries read spans of it, and which no BRIN index covers.`
      : `${on.table} (${(sizeBytes / GIBIBYTE).toFixed(1)} GiB) lies in order of ${on.name} (correlation ${correlation?.toFixed(2)}), which no BRIN index covers.`,

  fix: ({ on, facts: { sizeBytes } }) => {
    const steps = createIndex(on.table, { method: 'brin', keys: [{ column: on }], options: { autosummarize: 'on' } })
    return sizeBytes !== null
      ? steps
      : afterReview(
          `Do rows of ${on.table} arrive in order of ${on.name}, stay as they are, and grow beyond a gigabyte?`,
          steps,
        )
  },
})

function isMoment({ type, notNull, generated }: Column): boolean {
  return notNull && generated === null && /^timestamp(?:tz)?$/.test(type.name)
}

/** A BRIN index has it, or a B-tree starts with it. */
function leadsIndex(column: Column): boolean {
  return column.table.indexes.some(
    ({ method, keys, predicate }) =>
      (method === 'brin' && keys.some((key) => key.column === column)) ||
      (method === 'btree' && predicate === null && keys[0]?.column === column),
  )
}

function measure(table: Table, moments: readonly Column[], statistics: Statistics) {
  const counted = statistics.table(table)
  if (!counted || counted.sizeBytes < GIBIBYTE) return null
  if (counted.updated > counted.inserted * FEW_UPDATES) return null
  const [best] = moments
    .flatMap((column) => {
      const correlation = statistics.column(column)?.correlation
      return correlation && Math.abs(correlation) >= ORDERED ? [{ column, correlation }] : []
    })
    .toSorted((a, b) => Math.abs(b.correlation) - Math.abs(a.correlation))
  return best ? { ...best, sizeBytes: counted.sizeBytes } : null
}

/** By names and queries: spans of time are read of a table of what happened, whose rows nothing refers to and nothing changes. */
function chooseMoment(table: Table, moments: readonly Column[], ranges: ReadonlySet<Column>): Column | null {
  const appended =
    RECORDS.test(table.name) &&
    !QUEUES.test(table.name) &&
    table.referencedBy.length === 0 &&
    table.columns.some(({ default: value, type }) => type.name.startsWith('timestamp') && isNow(value)) &&
    !table.columns.some(({ name, type }) => type.name !== 'jsonb' && CHANGES.test(name)) &&
    !table.triggers.some(({ events, timing }) => events.includes('update') && timing === 'before')
  if (!appended) return null
  return moments.find((column) => ranges.has(column)) ?? null
}

function isNow(value: string | null): boolean {
  return /^\(?(?:now\(\)|CURRENT_TIMESTAMP|clock_timestamp\(\)|transaction_timestamp\(\)|statement_timestamp\(\))/i.test(
    value ?? '',
  )
}

/** Tables that the workload updates, and columns that it reads by range. */
function useOf(workload: Workload, catalog: Catalog) {
  const updated = new Set<Table>()
  const ranges = new Set<Column>()
  for (const { tree } of workload.queries) {
    const bound = bindQuery(tree, catalog)
    if (bound.updates) updated.add(bound.updates)
    for (const column of bound.ranges) ranges.add(column)
  }
  return { updated, ranges }
}
