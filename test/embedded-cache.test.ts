import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { startEmbeddedServer } from '../src/source/embedded/server.js'

const { version } = JSON.parse(readFileSync('node_modules/@electric-sql/pglite/package.json', 'utf8')) as {
  version: string
}
const FILE = `embedded-${version}.tar`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-cache-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

async function startsWith(cache: string): Promise<void> {
  vi.stubEnv('PG_BILLING_AUDIT_CACHE', cache)
  const server = await startEmbeddedServer()
  try {
    expect(await server.query('select 1 as one')).toEqual([{ one: 1 }])
  } finally {
    await server.close()
  }
}

it('builds the data directory once, and leaves nothing but it', async () => {
  const cache = join(folder, 'new', 'cache')
  await startsWith(cache)
  expect(readdirSync(cache)).toEqual([FILE])
  const first = readFileSync(join(cache, FILE))
  await startsWith(cache)
  expect(readFileSync(join(cache, FILE)).equals(first)).toBe(true)
})

it('starts where the cache cannot be written', async () => {
  writeFileSync(join(folder, 'file'), '')
  await startsWith(join(folder, 'file', 'cache'))
  expect(readdirSync(folder)).toEqual(['file'])
})

it('starts on a full disk, and leaves no half of a file', async () => {
  symlinkSync('/dev/full', join(folder, `${FILE}.${process.pid}`))
  await startsWith(folder)
  expect(readdirSync(folder)).toEqual([])
})

it.each([
  ['cut short', (tar: Buffer) => tar.subarray(0, tar.length / 2)],
  ['empty', () => Buffer.alloc(0)],
])('starts when the cached file is %s', async (_, damage) => {
  const whole = join(folder, 'whole')
  await startsWith(whole)
  const damaged = join(folder, 'damaged')
  mkdirSync(damaged)
  writeFileSync(join(damaged, FILE), damage(readFileSync(join(whole, FILE))))
  await startsWith(damaged)
})
