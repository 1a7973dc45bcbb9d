import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { audit } from '../../src/audit/audit.js'
import { findChangedFiles } from '../../src/cli/changed-files.js'
import { readCatalog } from '../../src/evidence/catalog/read.js'
import { renderSnapshot } from '../../src/evidence/snapshot.js'
import { loadSqlFiles } from '../../src/source/files/load.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migrations-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}

const FILES = {
  'db/0001_init.sql': `create table public.invoice (id bigint primary key, price float8 not null);
create table public.plan (id bigint primary key, price float8 not null);`,
  'db/0002_index.sql': `alter table public.invoice add column number text;
create index invoice_number on public.invoice (number);
create index plan_price on public.plan (price);`,
}

async function reviewAfter(migration: string, base?: { kind: 'snapshot'; path: string }) {
  const { findings, notSeen, load } = await audit({
    source: { kind: 'files', paths: [join(folder, 'db')], ...(base ? { base } : {}) },
    load: { newMigrations: { kind: 'after', migration } },
    prove: false,
    startedAt: new Date('2026-01-31T00:00:00Z'),
  })
  expect(load?.problems).toEqual([])
  return {
    left: notSeen.filter(({ what }) => what.includes('do not touch')),
    said: findings
      .filter(({ rule }) => rule.startsWith('migrations/index'))
      .map(({ severity, message, location }) => `${location?.line} ${severity} ${message}`),
    elsewhere: findings.filter(({ location }) => !location?.file.endsWith('0002_index.sql')),
  }
}

it('watches CLUSTER and REINDEX, which copy rows and build indexes and change nothing else', async () => {
  write({
    'db/0001_init.sql': 'create table public.invoice (id bigint primary key);',
    'db/0002_compact.sql': `cluster public.invoice using invoice_pkey;
reindex (verbose) table public.invoice;
reindex table concurrently public.invoice;`,
  })
  const loaded = await loadSqlFiles([join(folder, 'db')], { newMigrations: { kind: 'after', migration: '0001_init' } })
  await loaded.session.close()
  const seen = loaded.migrations?.[0]?.statements.map(({ observation }) =>
    observation === null
      ? null
      : [
          observation.holds.map(({ mode }) => mode),
          observation.rewritten.length,
          observation.emptied.length,
          observation.rebuiltIndexes.map(({ index }) => index),
        ],
  )
  expect(seen).toEqual([[['ACCESS EXCLUSIVE'], 1, 0, ['invoice_pkey']], [['SHARE'], 0, 0, ['invoice_pkey']], null])
})

it('runs the down sides of migrations in code, where both sides are SQL', async () => {
  write({
    'db/20260101000000_init.js': `exports.up = (knex) => knex.raw('create table public.invoice (id bigint primary key)')
exports.down = (knex) => knex.raw('drop table public.invoice')`,
    'db/20260102000000_built.js': `exports.up = (knex) => knex.schema.alterTable('invoice', (table) => table.text('place'))
exports.down = (knex) => knex.raw('alter table public.invoice drop column place')`,
    'db/20260103000000_wrong.js': `exports.up = (knex) => knex.raw('alter table public.invoice add column note text')
exports.down = async function (knex) {
  await knex.raw('alter table public.invoice drop column nota')
}`,
    'db/20260104000000_right.ts': `import { Knex } from 'knex'
export async function up(knex: Knex) { await knex.raw('create index invoice_id on public.invoice (id)') }
export async function down(knex: Knex) { await knex.raw('drop index public.invoice_id') }`,
    'db/20260105000000_none.js': `exports.up = (knex) => knex.raw('alter table public.invoice add column city text')
exports.down = () => undefined`,
  })
  const loaded = await loadSqlFiles([join(folder, 'db')], {
    newMigrations: { kind: 'after', migration: '20260101000000' },
    onUndone: async () => undefined,
  })
  await loaded.session.close()
  const downs = loaded.migrations?.map(({ file, down }) => [
    /_(\w+)\./.exec(file)?.[1],
    down && [down.statements.length, down.failure && [down.failure.location.line, down.failure.message]],
  ])
  expect(downs).toEqual([
    ['built', undefined],
    ['wrong', [1, [3, 'column "nota" of relation "invoice" does not exist']]],
    ['right', [1, null]],
    ['none', [0, null]],
  ])
})

it('judges what is new, in the light of what it meets, and leaves the rest out', async () => {
  write(FILES)
  const { said, left, elsewhere } = await reviewAfter('0001_init')
  expect(said).toEqual([
    '2 warning invoice_number is built on public.invoice (size not known) while all writes to it wait.',
    '3 warning plan_price is built on public.plan (size not known) while all writes to it wait.',
  ])
  expect(elsewhere).toEqual([])
  expect(left).toHaveLength(1)
})

it('takes the schema and the sizes from a snapshot in place of earlier files', async () => {
  write({ ...FILES, 'db/0001_init.sql': 'this would not load' })
  write({ 'old/0001_init.sql': FILES['db/0001_init.sql'] })
  const made = await loadSqlFiles([join(folder, 'old')])
  await made.session.execute('set search_path to pg_catalog')
  const catalog = await readCatalog(made.session)
  await made.session.close()
  const counted = { sequentialScans: '0', indexScans: '0', inserted: '9', updated: '9', hotUpdated: '0', deleted: '0' }
  const tables = catalog.relations
    .filter(({ name }) => name === 'invoice' || name === 'plan')
    .map(({ oid, name }) => ({
      ...counted,
      relation: oid,
      rows: name === 'invoice' ? 80_000_000 : 12,
      sizeBytes: name === 'invoice' ? '12884901888' : '8192',
      totalSizeBytes: '0',
      liveRows: name === 'invoice' ? '80000000' : '12',
      deadRows: '0',
      lastAnalyze: '2026-01-30T00:00:00Z',
      lastVacuum: null,
      frozenXidAge: null,
    }))
  const collectedAt = '2026-01-31T00:00:00Z'
  const statistics = { collectedAt, resetAt: null, tables, indexes: [], columns: [], notSeen: [] }
  const path = join(folder, 'prod.json')
  writeFileSync(path, renderSnapshot({ takenAt: collectedAt, source: 'db:5432/billing', catalog, statistics }))
  const { said } = await reviewAfter('0001_init', { kind: 'snapshot', path })
  expect(said).toEqual([
    '2 error invoice_number is built on public.invoice (80 million rows, 12 GB) while all writes to it wait.',
  ])
})

it('asks git what changed since the branch left its base', async () => {
  const git = (...words: readonly string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=x', '-c', 'user.email=x@example.com', ...words])
  write({ 'db/0001_init.sql': 'select 1;' })
  git('init', '--quiet', '--initial-branch=main')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'x')
  git('checkout', '--quiet', '-b', 'change')
  write({ 'db/0002 größe.sql': 'select 2;' })
  git('add', '--all')
  git('commit', '--quiet', '--message', 'y')
  git('checkout', '--quiet', 'main')
  write({ 'db/0003_main.sql': 'select 3;' })
  git('add', '--all')
  git('commit', '--quiet', '--message', 'z')
  git('checkout', '--quiet', 'change')
  write({ 'db/0004_untracked.sql': 'select 4;' })
  const names = async (base: string | undefined, environment = {}) =>
    (await findChangedFiles(join(folder, 'db'), base, environment)).map((path) => path.split('/').at(-1)).toSorted()
  expect(await names(undefined)).toEqual(['0002 größe.sql', '0004_untracked.sql'])
  expect(await names('change')).toEqual(['0004_untracked.sql'])
  expect(await names(undefined, { GITHUB_BASE_REF: 'main' })).toEqual(['0002 größe.sql', '0004_untracked.sql'])
  await expect(names('nowhere')).rejects.toThrow('There is no commit nowhere.')
})
