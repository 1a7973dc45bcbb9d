import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { audit } from '../../src/audit/audit.js'
import { renderFiles, writeMigration } from '../../src/cli/fixing.js'
import { chooseTarget } from '../../src/cli/migration-target.js'
import { describeCatalog } from '../../src/evidence/catalog/describe.js'
import { linkCatalog } from '../../src/evidence/catalog/link.js'
import { readCatalog } from '../../src/evidence/catalog/read.js'
import { planMigration } from '../../src/fix/migration.js'
import { chooseMoves, planMoves } from '../../src/fix/moves.js'
import { loadSqlFiles } from '../../src/source/files/load.js'

const INIT = `create table invoice (id bigint primary key, customer_id bigint not null, total numeric not null);`
const INDEX = 'create index invoice_customer on invoice (customer_id);'
const CHECK = 'alter table invoice add constraint invoice_total check (total >= 0);'

vi.setConfig({ testTimeout: 240_000 })

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'moved-'))))
afterEach(() => rmSync(folder, { recursive: true }))

/** Files of one tool: what was there, and the new migration. */
const TOOLS: Readonly<
  Record<
    string,
    {
      readonly after: string
      readonly files: Readonly<Record<string, string>>
      /** What stands where statements were. */
      readonly cuts: readonly string[]
    }
  >
> = {
  'golang-migrate': {
    after: '1',
    files: {
      '000001_init.up.sql': INIT,
      '000001_init.down.sql': 'drop table invoice;',
      '000002_change.up.sql': `-- Totals.\n${CHECK}\n${INDEX}`,
      '000002_change.down.sql': `drop index invoice_customer;\nalter table invoice drop constraint invoice_total;\n`,
    },
    cuts: ['-- Moved to', '-- Moved to', '-- Taken back by the files', '-- Taken back by the files'],
  },
  goose: {
    after: '1',
    files: {
      '00001_init.sql': `-- +goose Up\n${INIT}\n-- +goose Down\ndrop table invoice;\n`,
      '00002_change.sql': `-- +goose Up\n${CHECK}\nalter table invoice add column note text;\n-- +goose Down\nalter table invoice drop column note;\nalter table invoice drop constraint invoice_total;\n`,
    },
    cuts: ['-- Moved to', '-- Taken back by the files'],
  },
  prisma: {
    after: '20260101000000',
    files: {
      'migration_lock.toml': 'provider = "postgresql"\n',
      '20260101000000_init/migration.sql': INIT,
      '20260201000000_change/migration.sql': CHECK,
    },
    cuts: ['-- Moved to', 'select 1;'],
  },
}

async function fix(after: string) {
  const result = await audit({
    source: { kind: 'files', paths: [folder] },
    load: { newMigrations: { kind: 'after', migration: after } },
    move: (findings) => chooseMoves(findings),
    startedAt: new Date('2027-01-31T00:00:00Z'),
  })
  const moves = planMoves(result.moves ?? [], result.findings)
  const target = chooseTarget({ format: undefined, output: undefined }, result)
  return { result, target, ...renderFiles({ ...planMigration([]) }, moves, target, result) }
}

async function describeFolder() {
  const { session, problems } = await loadSqlFiles([folder])
  await session.execute('set search_path to pg_catalog')
  const catalog = describeCatalog(linkCatalog(await readCatalog(session)))
  await session.close()
  return { catalog, problems }
}

function writeAll(files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}

describe.each(Object.entries(TOOLS))('a folder of %s', (tool, { after, files: given, cuts }) => {
  it('gets the safe form in files behind, without what they replace: the same catalog, the findings gone', async () => {
    writeAll(given)
    const before = await describeFolder()
    const { files, edited, target, written, result } = await fix(after)
    expect(target.writer.name).toBe(tool)
    expect(written.leftOut).toEqual([])
    expect(written.fixes.length).toBeGreaterThan(0)
    expect(readdirSync(folder, { recursive: true })).toHaveLength(
      Object.keys(given).length + (tool === 'prisma' ? 2 : 0),
    )

    writeMigration(files, target.folder, edited)
    expect(await describeFolder()).toEqual(before)
    const rules = new Set(written.fixes.map(({ rule }) => rule))
    const again = await audit({
      source: { kind: 'files', paths: [folder] },
      load: { newMigrations: { kind: 'after', migration: after } },
      prove: false,
      startedAt: new Date('2027-01-31T00:00:00Z'),
    })
    expect(again.findings.filter(({ rule }) => rules.has(rule))).toEqual([])
    const left = Object.keys(given).map((name) => readFileSync(join(folder, name), 'utf8'))
    expect(
      left
        .slice(-2)
        .join('')
        .match(/-- Moved to|-- Taken back by the files|^select 1;$/gm),
    ).toEqual(cuts)
    expect(again.findings.length).toBeLessThanOrEqual(result.findings.length - written.fixes.length)
  })
})

it('leaves a statement in its place that a later one needs there, and says why', async () => {
  writeAll({
    '001_init.sql': INIT,
    '002_change.sql': `${CHECK}\nalter table invoice validate constraint invoice_total;`,
  })
  const { written, files, edited } = await fix('001')
  expect([files, edited]).toEqual([[], []])
  expect(written.leftOut.map(({ reason }) => reason)).toEqual([
    'Without it ' +
      join(folder, '002_change.sql') +
      ' fails: constraint "invoice_total" of relation "invoice" does not exist.',
  ])
})

it('leaves code alone, and says what is to be taken out of it', async () => {
  writeAll({
    '20260101000000_init.js': `exports.up = (knex) => knex.raw('${INIT}')\nexports.down = () => {}\n`,
    '20260201000000_change.js': `exports.up = (knex) => knex.raw('${CHECK}')\nexports.down = () => {}\n`,
  })
  const { edited, written, files, target } = await fix('20260101000000')
  expect(target.writer.name).toBe('knex')
  expect(files.length).toBeGreaterThan(0)
  expect(edited).toEqual([])
  expect(written.takenOut?.leftIn.map(({ reason, statement }) => [reason, statement.location.line])).toEqual([
    ['It is written in code.', 1],
  ])
})
