import {
  afterReview,
  daysCounted,
  dropIndex,
  findRedundantIndexes,
  type Index,
  quoteLiteral,
  readGuardsOf,
  rule,
  serveForeignKey,
} from '../../src/kit.js'

/** Below it the index costs nothing worth a word. */
const WORTH_NAMING = 10 * 2 ** 20
const DAY = 86_400_000
/** Days without a read after which an index that was read before is as good as unread: longer than a quarter. */
const LONG_AGO = 100

export default rule({
  severity: 'info',
  tier: 'measured',
  confidence: 0.8,
  docs: {
    summary: 'Drop an index that no query has read for a month, on any server.',
    why: 'It is written on every insert and on most updates, takes memory from what is read, and stands in the way of heap-only updates.',
    bad: `create table invoice (id bigint primary key, note text);
create index on invoice (note);
-- statistics: public.invoice.invoice_note_idx {"scans": 0, "sizeBytes": 52428800}`,
    good: `create table customer (id bigint primary key);
create table invoice (id bigint primary key, customer_id bigint references customer);
create index on invoice (customer_id);
-- statistics: public.invoice.invoice_customer_id_idx {"scans": 0, "sizeBytes": 52428800}`,
    unless: 'It is read by a job that runs once a quarter, or on a replica that was not looked at.',
    references: ['https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-INDEXES-VIEW'],
  },
  needs: ['catalog', 'statistics'],
  countedDays: 30,

  *detect({ catalog, statistics }) {
    const days = daysCounted(statistics) ?? 0
    const indexes = catalog.indexes()
    const redundant = new Set(
      [...catalog.tables, ...catalog.views].flatMap(findRedundantIndexes).map(({ index }) => index),
    )
    for (const index of indexes) {
      if (index.partitionOf || redundant.has(index) || !mayGo(index)) continue
      const counted = leavesOf(index, indexes).map((leaf) => statistics.index(leaf))
      if (counted.length === 0 || counted.some((each) => each === undefined)) continue
      const read = counted.filter((each) => each && each.scans > 0)
      const lastRead =
        read
          .map((each) => each?.lastScan ?? statistics.collectedAt)
          .toSorted()
          .at(-1) ?? null
      const since = lastRead === null ? days : (Date.parse(statistics.collectedAt) - Date.parse(lastRead)) / DAY
      if (lastRead !== null && since < LONG_AGO) continue
      const sizeBytes = counted.reduce((sum, each) => sum + (each?.sizeBytes ?? 0), 0)
      if (sizeBytes < WORTH_NAMING) continue
      const { servers } = statistics
      yield {
        on: index,
        facts: { days: Math.floor(since), lastRead: lastRead?.slice(0, 10) ?? null, sizeBytes, servers },
      }
    }
  },

  message: ({ on, facts: { days, lastRead, sizeBytes, servers } }) => {
    const size = `${on} (${Math.round(sizeBytes / 2 ** 20)} MiB)`
    const where = servers > 1 ? ` on any of ${servers} servers` : ''
    return lastRead === null
      ? `${size} was not read once in ${days} days${where}.`
      : `${size} was last read on ${lastRead}, ${days} days ago${where && `, and not since${where}`}.`
  },

  advice: ({ on, facts: { servers } }) =>
    `${servers > 1 ? 'Ask' : `Scan with every replica (a further --db for each), or look there: select idx_scan from pg_stat_user_indexes where indexrelname = ${quoteLiteral(on.name)}; ask`} for jobs that run once a quarter, then drop ${on.name}.`,

  fix: ({ on, facts: { days, servers } }) =>
    afterReview(
      `${servers > 1 ? `Are these ${servers} all servers` : `Was ${on.name} unread on the replicas too`}, is it older than that, and is there nothing that runs more rarely than every ${days} days?`,
      dropIndex(on),
    ),
})

/** Indexes that hold entries: those of the partitions, of a partitioned table. */
function leavesOf(index: Index, all: readonly Index[]): readonly Index[] {
  if (index.table.kind === 'view' || index.table.variety !== 'partitioned') return [index]
  return all.filter(({ partitionOf }) => partitionOf === index).flatMap((part) => leavesOf(part, all))
}

/** Nothing rests on it: no key or constraint, no replica identity, no order to cluster by, no foreign key or policy that another rule would then ask an index for, no search by words. */
function mayGo(index: Index): boolean {
  if (index.unique || index.constraint || index.isReplicaIdentity || index.clustered || !index.valid) return false
  if (index.supportsForeignKeys.length > 0 || index.keys.some(({ column }) => column?.type.name === 'tsvector'))
    return false
  if (index.table.kind === 'view') return true
  const [first] = index.keys
  if (first?.column && readGuardsOf(index.table).includes(first.column)) return false
  return index.table.foreignKeys.every((foreignKey) => serveForeignKey(index, foreignKey) === 'none')
}
