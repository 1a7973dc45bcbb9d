import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import pg from 'pg'
import { audit } from '../src/audit/audit.js'
import type { AuditResult } from '../src/engine/result.js'
import { compareCatalogs, describeCatalog } from '../src/evidence/catalog/describe.js'
import { planMigration } from '../src/fix/migration.js'
import { makeParts, type MigrationPart } from '../src/fix/parts.js'
import { readLabelledSchema } from './answer-key.js'
import { readLiveCatalog } from './live-catalog.js'
import { startServer } from './servers.js'

const folder = 'fixtures/valueverse'
const sql = ['schema.sql', 'seed.sql'].map((file) => readFileSync(`${folder}/${file}`, 'utf8')).join('\n')
const startedAt = new Date('2026-01-01T00:00:00Z')
const fromFilesOf = (productionVersion?: number) =>
  audit({
    source: { kind: 'files', paths: [`${folder}/schema.sql`, `${folder}/seed.sql`] },
    workload: [`${folder}/queries.sql`],
    productionVersion,
    startedAt,
  })

const { key } = readLabelledSchema(folder)

let fromFiles: AuditResult
beforeAll(async () => {
  fromFiles = await fromFilesOf()
})

const found = (result: AuditResult) =>
  result.findings.flatMap(({ rule, address, object, related }) => [
    `${rule} ${address}`,
    ...(object.kind === 'table' ? related.map((other) => `${rule} ${other}`) : []),
  ])

describe('the Valueverse schema', () => {
  it('loads whole', () => {
    expect(fromFiles.load?.problems).toEqual([])
  })

  it('gives every finding of its answer key', () => {
    const all = new Set(found(fromFiles))
    expect(key.defects.length).toBeGreaterThan(20)
    expect(key.defects.filter((expected) => !all.has(expected))).toEqual([])
  })

  it('gives none on its look-alikes', () => {
    const all = new Set(found(fromFiles))
    expect(key.lookAlikes.filter((forbidden) => all.has(forbidden))).toEqual([])
  })

  it('puts every finding on a line of the schema', () => {
    for (const { location } of fromFiles.findings) expect(location?.file).toBe(`${folder}/schema.sql`)
  })
})

describe.each([15, 18] as const)('on a live PostgreSQL %s', (major) => {
  it('gives the same findings, and its fixes run up and down', { timeout: 300_000 }, async () => {
    const server = await startServer(major)
    const url = await server.createDatabase(sql)
    const live = await audit({
      source: { kind: 'server', connection: url },
      workload: [`${folder}/queries.sql`],
      // As deep as the rows of files are looked at.
      data: { depth: 'full' },
      startedAt,
    })
    // Files that name no version get fixes for all of them.
    const sameVersion = await fromFilesOf(major)
    const catalogRules = new Set(fromFiles.rules.filter(({ outcome }) => outcome !== 'skipped').map(({ id }) => id))
    const comparable = (result: AuditResult) =>
      result.findings
        .filter(({ rule }) => catalogRules.has(rule))
        .map(({ rule, address, message, fix }) => ({
          rule,
          address,
          message,
          status: fix?.status,
          up: fix?.up,
        }))
    expect(comparable(live)).toEqual(comparable(sameVersion))

    const { planned, fixes } = planMigration(live.findings)
    const parts = makeParts(planned, fixes, 'statements')
    expect(fixes.length).toBeGreaterThan(5)
    const before = await describeLive(url)
    await runParts(url, parts, 'up')
    const again = await audit({
      source: { kind: 'server', connection: url },
      workload: [`${folder}/queries.sql`],
      data: { depth: 'full' },
      startedAt,
    })
    const fixed = new Set(fixes.map(({ fingerprint }) => fingerprint))
    expect(again.findings.filter(({ fingerprint }) => fixed.has(fingerprint)).map(({ address }) => address)).toEqual([])
    await runParts(url, parts.toReversed(), 'down')
    expect(compareCatalogs(before, await describeLive(url))).toEqual([])
  })
})

async function describeLive(url: string): Promise<readonly string[]> {
  return describeCatalog(await readLiveCatalog(url))
}

/** Runs the statements of a migration one by one, in transactions where it says so. */
async function runParts(url: string, parts: readonly MigrationPart[], side: 'up' | 'down'): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    for (const { transactional, [side]: statements } of parts) {
      if (transactional) await client.query('begin')
      for (const { sql } of statements) await client.query(sql)
      if (transactional) await client.query('commit')
    }
  } finally {
    await client.end()
  }
}
