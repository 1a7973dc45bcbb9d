import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import type { AuditRequest } from '../src/audit/audit.js'
import { auditOrRecall, keyOf } from '../src/audit/kept-review.js'
import { loadRules } from '../src/engine/load-rules.js'
import { startEmbeddedServer } from '../src/source/embedded/server.js'

const folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-kept-'))
const migrations = join(folder, 'migrations')
beforeAll(async () => {
  await (await startEmbeddedServer()).close()
  const warm = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'pg-billing-audit')
  for (const file of readdirSync(warm).filter((name) => name.startsWith('embedded-')))
    copyFileSync(join(warm, file), join(folder, file))
  vi.stubEnv('PG_BILLING_AUDIT_CACHE', folder)
})
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

beforeEach(() => {
  rmSync(migrations, { recursive: true, force: true })
  mkdirSync(migrations)
  write('001_invoice.sql', 'create table invoice (id bigint primary key, number text);')
  write('002_number.sql', 'create index invoice_number on invoice (number);')
})

function write(name: string, sql: string) {
  writeFileSync(join(migrations, name), `${sql}\n`)
}

const request = (more: Partial<AuditRequest> = {}): AuditRequest => ({
  source: { kind: 'files', paths: [migrations] },
  rules: ['migrations/index-blocks-writes'],
  load: { newMigrations: { kind: 'after', migration: '001_invoice.sql' } },
  prove: false,
  startedAt: new Date('2026-11-28T12:00:00Z'),
  ...more,
})

/** Reviews the new migration, and says whether a database was made for it. */
async function review(startedAt: string) {
  const phases: string[] = []
  const result = await auditOrRecall(
    request({ startedAt: new Date(startedAt), progress: (phase) => void phases.push(phase) }),
  )
  return { result, isNew: phases.includes('Loading') }
}

const kept = () => readdirSync(folder).filter((name) => name.startsWith('review-'))

it('is given again as it was, and made anew when what was kept is damaged', async () => {
  const first = await review('2026-11-28T12:00:00Z')
  const again = await review('2026-11-28T13:00:00Z')
  expect([first.isNew, again.isNew]).toEqual([true, false])
  const { catalog, load: _, startedAt: __, ...rest } = first.result
  expect(again.result).toMatchObject(JSON.parse(JSON.stringify(rest)) as object)
  expect(again.result.startedAt).toBe('2026-11-28T13:00:00.000Z')
  expect(again.result.findings.map(({ address }) => address)).toEqual(rest.findings.map(({ address }) => address))
  expect(again.result.catalog.columns().map(({ address }) => address)).toEqual(
    catalog.columns().map(({ address }) => address),
  )

  const file = join(folder, kept()[0] ?? '')
  const bytes = readFileSync(file)
  bytes[100]! ^= 1
  writeFileSync(file, bytes)
  expect((await review('2026-11-28T14:00:00Z')).isNew).toBe(true)
})

it('is another one when anything is that it rests on', () => {
  const snapshot = join(folder, 'production.json')
  writeFileSync(snapshot, '{}')
  const based = (): AuditRequest =>
    request({ source: { kind: 'files', paths: [migrations], base: { kind: 'snapshot', path: snapshot } } })
  const keys = [
    keyOf(request()),
    keyOf(request({ productionVersion: 14 })),
    keyOf(request({ rules: [] })),
    keyOf(request({ prove: true })),
    keyOf(request({ roles: new Map([['public.invoice', 'invoice']]) })),
    keyOf(request({ startedAt: new Date('2026-11-29T12:00:00Z') })),
    keyOf(request({ load: { ...request().load, runner: { transaction: 'none' } } })),
    keyOf(based()),
    (writeFileSync(snapshot, '{ }'), keyOf(based())),
    (write('001_invoice.sql', 'create table invoice (id bigint primary key, number varchar);'), keyOf(request())),
    (write('002_number.sql', 'create index invoice_number on invoice (number); -- pgba'), keyOf(request())),
    (write('003_later.sql', 'select 1;'), keyOf(request())),
  ]
  expect(keys).not.toContain(null)
  expect(new Set(keys).size).toBe(keys.length)
  expect(keyOf(request({ startedAt: new Date('2026-11-28T23:00:00Z') }))).toBe(keys.at(-1))
})

it('is not kept where files do not tell all that it rests on', async () => {
  const [rule] = await loadRules(undefined, undefined, (id) => id === 'migrations/index-blocks-writes')
  expect(keyOf(request({ book: [rule!] }))).not.toBeNull()
  expect(keyOf(request({ book: [{ ...rule!, id: 'own/index' }] }))).toBeNull()
  expect(keyOf(request({ load: {} }))).toBeNull()
  expect(keyOf(request({ workload: ['queries.sql'] }))).toBeNull()
  expect(keyOf(request({ source: { kind: 'server', connection: 'postgres://host/db' } }))).toBeNull()
  write('003_more.sql', String.raw`\i other.sql`)
  expect(keyOf(request())).toBeNull()
})
