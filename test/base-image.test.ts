import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { readCachedImage } from '../src/source/embedded/cache.js'
import { loadSqlFiles } from '../src/source/files/load.js'
import { startEmbeddedServer } from '../src/source/embedded/server.js'

let folder: string
let cache: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-image-'))
  cache = join(folder, 'cache')
  mkdirSync(cache)
  await (await startEmbeddedServer()).close()
  const warm = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  for (const file of readdirSync(join(warm, 'pg-billing-audit')).filter((name) => name.startsWith('embedded-')))
    copyFileSync(join(warm, 'pg-billing-audit', file), join(cache, file))
  vi.stubEnv('PG_BILLING_AUDIT_CACHE', cache)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

const images = () => readdirSync(cache).filter((name) => name.startsWith('image-'))

function write(last: string): void {
  const made = Array.from(
    { length: 130 },
    (_, at) => `create table public.t${at} (id bigint primary key, name text);\ncreate index on public.t${at} (name);`,
  )
  writeFileSync(join(folder, '0001_init.up.sql'), ['create extension citext;', ...made, last].join('\n'))
  writeFileSync(
    join(folder, '0002_change.up.sql'),
    'alter table public.t1 add column note text;\ngrant select on public.t2 to nobody_there;\nselect * from nowhere;',
  )
}

/** Everything that a load tells, oids and all. */
async function load() {
  const loaded = await loadSqlFiles([folder], { newMigrations: { kind: 'after', migration: '0001' } })
  const rows = await loaded.session.query('select count(*)::int as rows from public.t3')
  const said = JSON.stringify([
    loaded.statements,
    loaded.problems,
    loaded.standIns,
    loaded.skipped,
    [...loaded.positions],
    loaded.migrations?.map(({ statements }) =>
      statements.map(({ observation }) => observation && { ...observation, transaction: '' }),
    ),
    rows,
  ])
  await loaded.session.close()
  return said
}

it('says the same of new migrations whether what they meet was kept or applied again', async () => {
  write('insert into public.t3 values (1, null), (2, null); create role reader; grant reader to somebody;')
  const first = await load()
  expect(first).toContain('"nobody_there"')
  expect(images()).toHaveLength(1)
  expect(await load()).toBe(first)

  const [name = ''] = images()
  const whole = readFileSync(join(cache, name))
  const key = name.replace(/^image-|\.bin$/g, '')
  expect((await readCachedImage(key))?.dataDirectory.length).toBeGreaterThan(1_000_000)
  for (const damaged of [Buffer.alloc(3), Buffer.alloc(whole.length - 1), whole.subarray(0, whole.length / 2)]) {
    writeFileSync(join(cache, name), damaged)
    expect(await readCachedImage(key)).toBe(null)
  }
  expect(await load()).toBe(first)
})

it('keeps nothing of files of which a statement failed, nor of unlogged tables', async () => {
  for (const last of ['select * from nowhere;', 'create unlogged table public.u (id int);']) {
    write(last)
    await load()
    expect(images()).toEqual([])
  }
})
