import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { judge, type Judged } from '../src/engine/judge.js'
import { loadRules } from '../src/engine/load-rules.js'
import type { Rule } from '../src/engine/rule.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import type { Catalog } from '../src/evidence/catalog/model.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import type { Statistics } from '../src/evidence/statistics/model.js'
import { findConflicts } from '../src/fix/conflicts.js'
import type { EmbeddedServer } from '../src/source/embedded/server.js'
import { contradictions, demandsOf } from './demands.js'
import { catalogEvidence, readFixture, startScratch, withSchema } from './scratch.js'

const ROOT = new URL('../fixtures/', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')
const list = (folder: string) => readdirSync(new URL(folder, ROOT)).map((name) => `${folder}/${name}`)

const SCHEMAS = ['valueverse/schema.sql', ...list('schemas').map((folder) => `${folder}/schema.sql`)]
/** What each rule finds, and all others say of it. */
const EXAMPLES = readdirSync(new URL('rules/', ROOT))
  .filter((category) =>
    /^(?:indexes|keys|constraints|maintenance|redundancy|types|security|partitioning)$/.test(category),
  )
  .flatMap((category) => list(`rules/${category}`))
  .map((folder) => `${folder}/bad.sql`)

const CASES = list('rules/indexes').map((folder) => `${folder}/bad.sql`)

/** What says that an index may go, and what asks for one that a foreign key needs. */
const DROPS = /^drop index /
const CREATES = /^create (?:unique )?index /
const GIVES_UP = /^indexes\/(?:unused|redundant)-index$/
const ASKS_FOR = /^indexes\/missing-foreign-key-index$/

/** Every table is large, and nobody has read an index for a year. */
const UNREAD: Statistics = {
  collectedAt: '2026-01-31T00:00:00Z',
  resetAt: '2025-01-31T00:00:00Z',
  servers: 2,
  settings: {},
  shards: () => [],
  expression: () => undefined,
  server: null,
  table: () => ({
    rows: 1e7,
    pages: null,
    allVisiblePages: null,
    sizeBytes: 2 ** 30,
    totalSizeBytes: 2 ** 31,
    sequentialScans: 9,
    indexScans: 0,
    inserted: 1e7,
    updated: 1000,
    hotUpdated: 1000,
    deleted: 1000,
    liveRows: 1e7,
    deadRows: 0,
    lastAnalyze: '2026-01-30T00:00:00Z',
    lastVacuum: '2026-01-30T00:00:00Z',
    frozenXidAge: 1000,
    frozenMultixactAge: 0,
    changedSinceAnalyze: null,
  }),
  index: () => ({ scans: 0, entriesRead: 0, rowsFetched: 0, lastScan: null, sizeBytes: 2 ** 26, entries: null }),
  column: () => ({ nullFraction: 0, averageWidth: 8, distinct: -0.5, correlation: 0, values: null }),
}

/** Two that must not both be said of one object: they ask the opposite, or say one thing twice. */
const APART: readonly (readonly [RegExp, RegExp])[] = [
  [/^types\/timestamp-without-time-zone$/, /^types\/day-in-timestamp$/],
  [/^redundancy\/always-null-column$/, /^(?:constraints|keys|types|normalization|style|consistency)\//],
  [/^redundancy\/unread-table$/, /^(?:partitioning|maintenance|indexes)\//],
  [/^indexes\/(?:unused|redundant)-index$/, /^(?:indexes|maintenance)\/(?!(?:unused|redundant)-index$)/],
  [/^indexes\/unused-index$/, /^indexes\/redundant-index$/],
  [/^indexes\/mostly-null-index$/, /^indexes\/unnecessary-not-null-predicate$/],
  [/^maintenance\/autovacuum-disabled$/, /^maintenance\/(?:dead-rows|stale-statistics)$/],
  [/^maintenance\/exhausted-sequence$/, /^maintenance\/(?:sequence-running-out|narrow-sequence)$/],
  [/^maintenance\/invalid-index$/, /^indexes\//],
  [/^security\/unguarded-table$/, /^security\/(?:policies-without-row-security|row-security-without-policy)$/],
  [/^constraints\/always-true-check$/, /^constraints\/(?:never-true-check|implied-check)$/],
  [/^keys\/missing-primary-key$/, /^keys\/missing-unique-key$/],
  [/^keys\/duplicate-foreign-key$/, /^keys\/(?:missing-foreign-key|conflicting-foreign-keys)$/],
  [/^keys\/duplicate-foreign-key$/, /^indexes\/missing-foreign-key-index$/],
  [/^constraints\/set-null-on-not-null$/, /^constraints\/repeated-not-null$/],
  [/^maintenance\/unvalidated-constraint$/, /^constraints\/(?:always-true-check|implied-check|never-true-check)$/],
  [/^types\/uuid-in-text$/, /^style\/length-limited-text$/],
  [/^types\/inexact-money$/, /^types\/scale-below-currency$/],
]

let server: EmbeddedServer
let rules: readonly Rule[]
let book: readonly Rule[]
beforeAll(async () => {
  server = await startScratch()
  book = await loadRules()
  rules = book.filter(({ category }) => /^(?:indexes|keys|partitioning|security)$/.test(category))
})
afterAll(() => server.close())

it('asks for no index that it would drop, and drops none that it would ask for', async () => {
  let [made, dropped] = [0, 0]
  for (const path of [...SCHEMAS, ...CASES]) {
    const { schema } = readFixture(read(path))
    for (const statistics of [null, UNREAD]) {
      await withSchema(server, schema, async (catalog) => {
        const judged = judgeAll(catalog, statistics)
        const creating = stepsOf(chosenTogether(judged.filter(asksForIndex)))
        const later = judgeAll(await after(creating), UNREAD)
        const known = new Set(catalog.indexes().map(({ address }) => address))
        const contradicted = later.filter(
          ({ finding: { rule, address } }) => GIVES_UP.test(rule) && !known.has(address),
        )
        expect(
          contradicted.map(({ finding }) => finding.message),
          path,
        ).toEqual([])
        made += creating.length
      })
      await withSchema(server, schema, async (catalog) => {
        const judged = judgeAll(catalog, statistics)
        const dropping = stepsOf(judged.filter(({ finding }) => GIVES_UP.test(finding.rule)))
        const asked = (all: readonly Judged[]) =>
          all.flatMap(({ finding: { rule, address } }) => (ASKS_FOR.test(rule) ? [address] : []))
        const later = asked(judgeAll(await after(dropping), statistics))
        expect(
          later.filter((address) => !asked(judged).includes(address)),
          path,
        ).toEqual([])
        dropped += dropping.length
      })
    }
  }
  expect(made).toBeGreaterThan(50)
  expect(dropped).toBeGreaterThan(20)
})

it('never asks for what another finding of the same scan takes away, and says no thing twice', async () => {
  let pairs = 0
  const wrong: string[] = []
  for (const path of [...SCHEMAS, ...EXAMPLES]) {
    const fixture = readFixture(read(path))
    await withSchema(server, fixture.schema, async (catalog) => {
      const counted = fixture.evidence(catalog).statistics
      for (const statistics of path.startsWith('rules/') ? [counted ?? UNREAD] : [counted, UNREAD]) {
        const made = judge(book, { ...catalogEvidence(catalog), statistics }).judged.map(({ finding, steps }) => ({
          ...finding,
          ...demandsOf(steps),
        }))
        for (const [at, a] of made.entries())
          for (const b of made.slice(at + 1)) {
            if (a.rule === b.rule) continue
            pairs += 1
            const opposed = contradictions(a, b)
            if (opposed.length > 0) wrong.push(`${path}: ${a.rule} and ${b.rule} about ${opposed.join(', ')}`)
            if (a.address === b.address && areApart(a.rule, b.rule))
              wrong.push(`${path}: «${a.message}» (${a.rule}) and «${b.message}» (${b.rule})`)
          }
      }
    })
  }
  expect(wrong).toEqual([])
  const known = new Set(book.map(({ id }) => id))
  expect(book.flatMap(({ yieldsTo = [] }) => yieldsTo.filter((id) => !known.has(id)))).toEqual([])
  expect(pairs).toBeGreaterThan(3000)
})

function areApart(a: string, b: string): boolean {
  return APART.some(([x, y]) => (x.test(a) && y.test(b)) || (x.test(b) && y.test(a)))
}

function judgeAll(catalog: Catalog, statistics: Statistics | null): readonly Judged[] {
  return judge(rules, { ...catalogEvidence(catalog), statistics }).judged
}

/** Its cure makes an index, in the place of none: neither of another one nor of those that a partitioned table takes over. */
function asksForIndex({ steps }: Judged): boolean {
  return (
    steps.some(({ sql }) => CREATES.test(sql)) &&
    !steps.some(({ sql }) => DROPS.test(sql) || /\bpartition by\b/i.test(sql))
  )
}

/** What can be written into one migration: a fix that another one makes needless gives way. */
function chosenTogether(judged: readonly Judged[]): readonly Judged[] {
  const losers = new Set(findConflicts(judged).map(({ loser }) => loser))
  return judged.filter((one) => !losers.has(one))
}

/** The statements of these cures, each once, as one transaction can run them. */
function stepsOf(judged: readonly Judged[]): readonly string[] {
  const statements = judged.flatMap(({ steps }) => steps.map(({ sql }) => sql))
  return [...new Set(statements)].map((sql) => sql.replace(/ concurrently/, ''))
}

/** The catalog after these statements; what cannot run here, for it builds on another step, is left out. */
async function after(statements: readonly string[]): Promise<Catalog> {
  for (const sql of statements) {
    await server.execute('savepoint step')
    if (await server.execute(sql)) await server.execute('rollback to savepoint step')
    else await server.execute('release savepoint step')
  }
  return linkCatalog(await readCatalog(server))
}
