import { expect, it } from 'vitest'
import { adviseOn, adviseOnSource } from '../src/audit/advise-indexes.js'
import type { IndexAdvice } from '../src/evidence/advice/model.js'
import { loadParser } from '../src/evidence/catalog/expression.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import type { ColumnStatistics, Statistics } from '../src/evidence/statistics/model.js'
import { readWorkload } from '../src/evidence/workload/read.js'
import { startEmbeddedServer } from '../src/source/embedded/server.js'
import { printFigure } from './figures.js'

const MEGABYTE = 1e6

/** `PGBA_BENCH_DATABASE` is a loaded database, `PGBA_BENCH_QUERIES` a file of its queries, `PGBA_BENCH_BUDGETS` megabytes. */
const { PGBA_BENCH_DATABASE: url, PGBA_BENCH_QUERIES: queries, PGBA_BENCH_BUDGETS: budgets = 'Infinity' } = process.env

it.runIf(url && queries)('advises on a loaded database at several budgets', async () => {
  console.log(`\nIndexes for ${queries}`)
  for (const budget of budgets.split(',').map(Number)) {
    const before = process.cpuUsage()
    const { advice } = await adviseOnSource({
      source: { kind: 'server', connection: url },
      workload: [queries!],
      budget: budget * MEGABYTE,
      timeBudget: 600_000,
    })
    const { user, system } = process.cpuUsage(before)
    printAdvice(`at most ${budget} MB`, advice, (user + system) / 1e6)
  }
})

function printAdvice(what: string, { cost, indexes, calls, milliseconds }: IndexAdvice, seconds: number): void {
  const bytes = indexes.reduce((sum, index) => sum + index.bytes, 0)
  printFigure(`${what}: planned cost, of that without them`, (cost.after / cost.before).toFixed(4))
  printFigure(
    '  size, indexes, questions',
    `${Math.round(bytes / MEGABYTE)} MB · ${indexes.length} · ${calls}`,
    '≤ 5,000 questions',
  )
  printFigure('  time, processor time', `${(milliseconds / 1000).toFixed(1)} s · ${seconds.toFixed(1)} s`)
}

const TABLES = 150
const STATEMENTS = 500
const ROWS = 2_000_000

it('advises on 500 statements over 150 tables', async () => {
  await loadParser()
  const server = await startEmbeddedServer()
  const names = Array.from({ length: TABLES }, (_, at) => `relation_${at}`)
  await server.execute(
    names
      .map(
        (name) =>
          `create table ${name} (id bigint primary key, owner_id bigint not null, state text not null, at timestamptz not null, amount int not null, note text)`,
      )
      .join(';'),
  )
  await server.execute('set search_path = pg_catalog')
  const catalog = linkCatalog(await readCatalog(server))
  await server.close()
  const text = Array.from({ length: STATEMENTS }, (_, at) => statementOf(at, names)).join(';\n')
  const { workload } = readWorkload(text, 'queries.sql')
  const before = process.cpuUsage()
  const advice = await adviseOn({ catalog, statistics: MADE_UP, workload }, {}, { timeBudget: 60_000 })
  const { user, system } = process.cpuUsage(before)
  expect(advice.statements).toBe(workload.queries.length)
  expect(advice.indexes.length).toBeGreaterThan(0)
  console.log(`\n${workload.queries.length} statements over ${TABLES} tables`)
  printAdvice('no budget', advice, (user + system) / 1e6)
})

/** Different conditions and columns, so that each has a fingerprint of its own. */
function statementOf(at: number, names: readonly string[]): string {
  const [one, other] = [names[at % TABLES]!, names[(at * 7 + 1) % TABLES]!]
  const forms = [
    `select note from ${one} where owner_id = 7 and at >= '2026-01-01'`,
    `select id, amount from ${one} where state = 'open' order by at desc limit 20`,
    `select a.note, b.amount from ${one} a join ${other} b on b.owner_id = a.owner_id where a.id = 5 and b.state = 'open'`,
    `select owner_id, sum(amount) from ${one} where at >= '2026-01-01' and at < '2026-02-01' group by owner_id`,
  ]
  return forms[Math.floor(at / TABLES) % forms.length]!
}

const column = (distinct: number, averageWidth: number, correlation: number): ColumnStatistics => ({
  nullFraction: 0,
  averageWidth,
  distinct,
  correlation,
  values: null,
})
const COLUMNS: Readonly<Record<string, ColumnStatistics>> = {
  id: column(-1, 8, 1),
  owner_id: column(50_000, 8, 0),
  state: column(5, 6, 0.3),
  at: column(-0.9, 8, 0.99),
  amount: column(1000, 4, 0),
  note: column(-0.5, 40, 0),
}
const MADE_UP: Statistics = {
  collectedAt: '2026-11-28T00:00:00Z',
  resetAt: null,
  servers: 1,
  table: () => ({
    rows: ROWS,
    pages: 30_000,
    allVisiblePages: 30_000,
    sizeBytes: 30_000 * 8192,
    totalSizeBytes: 40_000 * 8192,
    sequentialScans: 0,
    indexScans: 0,
    inserted: ROWS,
    updated: 0,
    hotUpdated: 0,
    deleted: 0,
    liveRows: ROWS,
    deadRows: 0,
    lastAnalyze: '2026-11-28T00:00:00Z',
    lastVacuum: '2026-11-28T00:00:00Z',
    frozenXidAge: 0,
    frozenMultixactAge: 0,
    changedSinceAnalyze: null,
  }),
  index: () => ({ scans: 0, entriesRead: 0, rowsFetched: 0, lastScan: null, sizeBytes: 5500 * 8192, entries: ROWS }),
  column: ({ name }) => COLUMNS[name],
  expression: () => undefined,
  shards: () => [],
  settings: {},
  server: null,
}
