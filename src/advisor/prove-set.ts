import type { AdvisedIndex, IndexAdvice, IndexProof, ProvenIndex, ProvenStatement } from '../evidence/advice/model.js'
import type { Catalog, Table } from '../evidence/catalog/model.js'
import type { NotSeen } from '../evidence/model.js'
import type { Statistics } from '../evidence/statistics/model.js'
import type { Workload } from '../evidence/workload/model.js'
import { quoteRelation } from '../fix/quote.js'
import { leavesOf } from '../fix/steps/base.js'
import { createIndexAtOnce } from '../fix/steps/indexes.js'
import { quoteIdentifier, quoteLiteral } from '../quote.js'
import type { Row, ScratchSession } from '../source/session.js'
import { explainStatement } from './explain.js'
import { generateRows } from './generate-rows.js'
import { readPlan } from './plan.js'
import { extentOf } from './restore-statistics.js'
import { searchPathOf } from './search-path.js'
import { nameOf, type Statement, statementsOf } from './statement.js'

/** Rows of all tables together; more make all of them fewer. */
const MOST_ROWS = 1_000_000
/** A table keeps as many. */
const FEW_ROWS = 1000
/** How often a statement runs, the quickest of which counts, and for how long at most, in milliseconds. */
const RUNS = 3
const LONGEST = 10_000

interface Proven {
  readonly catalog: Catalog
  readonly statistics: Statistics
  readonly workload: Workload
}

/**
 * Builds the advised set on generated rows in a scratch database that holds the schema, and says of every statement how it was
 * planned and how long it took without the set and with it. Foreign keys and CHECK constraints are taken away there.
 */
export async function proveSet(
  scratch: ScratchSession,
  { catalog, statistics, workload }: Proven,
  advice: IndexAdvice,
  progress: (phase: string) => void,
): Promise<IndexProof> {
  const queries = new Set(advice.indexes.flatMap(({ serves }) => serves.map(({ query }) => query)))
  const statements = statementsOf(workload, catalog).statements.filter(({ query }) => queries.has(query))
  const tables = [...new Set(statements.flatMap((one) => one.tables))]
  progress('Filling the scratch database')
  await prepare(scratch, catalog)
  const { share, rows, notSeen } = await fill(scratch, tables, statistics)
  progress('Running the statements without the indexes')
  const before = await runAll(scratch, statements)
  progress('Building the indexes')
  const built = await build(scratch, advice.indexes)
  progress('Running the statements with the indexes')
  const after = await runAll(scratch, statements)
  const usedBy = (names: readonly string[]) =>
    statements.flatMap((statement, at) => (after[at]!.uses.some((use) => names.includes(use)) ? [statement.query] : []))
  return {
    version: scratch.version,
    rows,
    share,
    indexes: built.map(({ names, ...one }): ProvenIndex => ({ ...one, usedBy: usedBy(names) })),
    statements: statements.map(({ query }, at): ProvenStatement => ({
      query,
      before: before[at]!.milliseconds,
      after: after[at]!.milliseconds,
    })),
    notSeen: [
      ...notSeen,
      ...statements.flatMap((statement, at) => {
        const reason = before[at]!.reason ?? after[at]!.reason
        return reason === null ? [] : [{ what: `how long ${nameOf(statement.query)} takes`, reason }]
      }),
    ],
  }
}

/** Generated rows keep keys, and no other constraint. */
async function prepare(scratch: ScratchSession, catalog: Catalog): Promise<void> {
  for (const table of catalog.tables)
    for (const { name } of [...table.foreignKeys, ...table.checks])
      await scratch.execute(`alter table ${quoteRelation(table)} drop constraint if exists ${quoteIdentifier(name)}`)
  await scratch.execute('create extension if not exists pg_trgm schema public')
  for (const sql of [
    `set search_path = ${searchPathOf(catalog)}`,
    'set max_parallel_workers_per_gather = 0',
    'set plan_cache_mode = force_generic_plan',
  ])
    await scratch.execute(sql)
}

async function fill(scratch: ScratchSession, tables: readonly Table[], statistics: Statistics) {
  const known = new Map(tables.map((table) => [table, extentOf(table, statistics)?.rows ?? FEW_ROWS]))
  const all = [...known.values()].reduce((sum, rows) => sum + rows, 0)
  const share = Math.min(1, MOST_ROWS / Math.max(1, all))
  const rowsOf = (table: Table) => {
    const rows = known.get(table) ?? extentOf(table, statistics)?.rows ?? FEW_ROWS
    return Math.max(Math.min(rows, FEW_ROWS), Math.round(rows * share))
  }
  const notSeen: NotSeen[] = []
  let rows = 0
  for (const table of tables) {
    const error = await scratch.execute(generateRows(table, statistics, rowsOf))
    if (error) notSeen.push({ what: `rows of ${table.address}, in the proof`, reason: error.message })
    else rows += rowsOf(table)
  }
  await scratch.execute('vacuum (analyze)')
  return { share, rows, notSeen }
}

interface Run {
  readonly milliseconds: number | null
  /** Names of the indexes that its plan reads. */
  readonly uses: readonly string[]
  /** Why it was not run. */
  readonly reason: string | null
}

async function runAll(scratch: ScratchSession, statements: readonly Statement[]): Promise<readonly Run[]> {
  const runs: Run[] = []
  for (const statement of statements) runs.push(await runOne(scratch, statement))
  return runs
}

/** Plans and runs a statement; what it changes is taken back. */
async function runOne(scratch: ScratchSession, { sql, hasParameters }: Statement): Promise<Run> {
  try {
    const uses = readPlan(await explainStatement(scratch, { sql, hasParameters })).uses.map(({ index }) => index)
    if (hasParameters) return { milliseconds: null, uses, reason: 'The values of its parameters are not known.' }
    let quickest = Infinity
    for (let run = 0; run < RUNS; run++) {
      await scratch.execute('begin')
      await scratch.execute(`set local statement_timeout = ${LONGEST}`)
      const start = performance.now()
      const error = await scratch.execute(sql)
      quickest = Math.min(quickest, performance.now() - start)
      await scratch.execute('rollback')
      if (error) return { milliseconds: null, uses, reason: error.message }
    }
    return { milliseconds: quickest, uses, reason: null }
  } catch (error) {
    // A session that is over gives the reason for each statement.
    if (hasParameters) await scratch.execute('deallocate all').catch(() => null)
    return { milliseconds: null, uses: [], reason: (error as Error).message }
  }
}

interface Built extends Omit<ProvenIndex, 'usedBy'> {
  /** Of the index and of those of its partitions. */
  readonly names: readonly string[]
}

interface Measured extends Row {
  readonly name: string
  readonly bytes: string
}

async function build(scratch: ScratchSession, indexes: readonly AdvisedIndex[]): Promise<readonly Built[]> {
  const built: Built[] = []
  for (const [at, index] of indexes.entries()) {
    const { table, shape } = index
    const name = `advised_index_${at + 1}`
    const start = performance.now()
    const error = await scratch.execute(createIndexAtOnce(table, name, shape))
    const milliseconds = performance.now() - start
    const measured = error
      ? []
      : await scratch.query<Measured>(
          `select c.relname::text as name, pg_catalog.pg_relation_size(c.oid) as bytes from
            (select r.oid, relid from (select ${quoteLiteral(quoteRelation({ schema: table.schema, name }))}::regclass as oid) r,
              lateral (select r.oid as relid union select relid from pg_catalog.pg_partition_tree(r.oid)) p) t
            join pg_catalog.pg_class c on c.oid = t.relid`,
        )
    for (const replaced of index.replaces)
      if (!error) await scratch.execute(`drop index ${quoteRelation({ schema: table.schema, name: replaced.name })}`)
    built.push({
      index,
      milliseconds,
      bytes: measured.reduce((sum, { bytes }) => sum + Number(bytes), 0),
      reason: error?.message ?? null,
      names: measured.map((one) => one.name),
    })
  }
  const tables = new Set(indexes.flatMap(({ table }) => leavesOf(table)))
  for (const table of tables) await scratch.execute(`vacuum (analyze) ${quoteRelation(table)}`)
  return built
}
