import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { arrangeFiles } from '../../src/source/files/arrange.js'
import { findFiles } from '../../src/source/files/find.js'
import { LAYOUTS } from '../../src/source/files/layouts/index.js'
import {
  isJoined,
  type RunnerChoice,
  RUNNERS,
  settleTransactions,
  type TransactionMode,
} from '../../src/source/files/runners.js'

/** Line:mode of each part, by file. */
function partsIn(files: Readonly<Record<string, string>>, layout?: string, runner?: RunnerChoice) {
  const folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-runners-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    return arrangeFiles(findFiles([folder]), layout, runner).files.map(({ parts }) =>
      parts.map(({ line, transaction }) => `${line}:${transaction}`).join(' '),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Example {
  readonly usual: string
  /** Files whose first says that it needs no transaction, and the same files saying something that only looks so. */
  readonly optsOut?: readonly [
    files: Readonly<Record<string, string>>,
    mode: string,
    lookAlike: Readonly<Record<string, string>>,
  ]
}

const ONE = 'create table t ();\n'
const TYPEORM = 'export class A1 implements MigrationInterface { async up(queryRunner) {}'
const MIKRO_ORM = `import { Migration } from '@mikro-orm/migrations'; class M extends Migration { async up() {}`
const EXAMPLES: Readonly<Record<string, Example>> = {
  atlas: {
    usual: 'each',
    optsOut: [{ '1.sql': `-- atlas:txmode none\n${ONE}` }, 'none', { '1.sql': `-- atlas:txmode file\n${ONE}` }],
  },
  dbmate: {
    usual: 'each',
    optsOut: [
      { '1.sql': `-- migrate:up transaction:false\n${ONE}-- migrate:down` },
      'query',
      { '1.sql': `-- migrate:up\n${ONE}-- migrate:down transaction:false\n` },
    ],
  },
  'db-migrate': { usual: 'none' },
  diesel: {
    usual: 'each',
    optsOut: [
      { '1_a/up.sql': ONE, '1_a/metadata.toml': 'run_in_transaction = false' },
      'query',
      { '1_a/up.sql': ONE, '1_a/metadata.toml': '# no\nrun_in_transaction = true' },
    ],
  },
  drizzle: { usual: 'all' },
  flyway: {
    usual: 'each',
    optsOut: [
      { 'V1__a.sql': ONE, 'V1__a.sql.conf': 'executeInTransaction=false' },
      'none',
      { 'V1__a.sql': ONE, 'V2__a.sql.conf': 'executeInTransaction=false' },
    ],
  },
  'golang-migrate': { usual: 'query' },
  goose: {
    usual: 'each',
    optsOut: [
      { '1.sql': `-- +goose NO TRANSACTION\n-- +goose Up\n${ONE}` },
      'none',
      { '1.sql': `-- +goose Up\n-- no transaction\n${ONE}` },
    ],
  },
  'graphile-migrate': {
    usual: 'each',
    optsOut: [
      { 'current.sql': `--! no-transaction\n${ONE}` },
      'query',
      { 'current.sql': `-- a comment\n--! no-transaction\n${ONE}` },
    ],
  },
  hasura: { usual: 'each' },
  knex: {
    usual: 'all',
    optsOut: [
      { '001_a.js': 'exports.up = (knex) => {}\nexports.config = { transaction: false }' },
      'none',
      { '001_a.js': 'exports.up = (knex) => {}\nexports.config = { transaction: true }' },
    ],
  },
  kysely: { usual: 'all' },
  'mikro-orm': {
    usual: 'all',
    optsOut: [
      { '001_a.ts': `${MIKRO_ORM} isTransactional(): boolean {\n return false } }` },
      'none',
      { '001_a.ts': `${MIKRO_ORM} isTransactional(): boolean { return true } }` },
    ],
  },
  mybatis: { usual: 'each' },
  'node-pg-migrate': {
    usual: 'all',
    optsOut: [
      { '001_a.js': 'exports.up = (pgm) => { pgm.noTransaction() }' },
      'none',
      { '001_a.js': 'exports.up = (pgm) => { pgm.transaction }' },
    ],
  },
  play: { usual: 'none' },
  prisma: {
    usual: 'query',
    optsOut: [
      { '1_a/migration.sql': 'CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);' },
      'none',
      { '1_a/migration.sql': '-- create index concurrently\nCREATE INDEX i ON t (a);' },
    ],
  },
  sequelize: { usual: 'none' },
  'sql-migrate': {
    usual: 'each',
    optsOut: [
      { '1.sql': `-- +migrate Up notransaction\n${ONE}` },
      'none',
      { '1.sql': `-- +migrate Up\n${ONE}-- +migrate Down notransaction\n` },
    ],
  },
  sqlx: {
    usual: 'each',
    optsOut: [{ '0001_a.sql': `-- no-transaction\n${ONE}` }, 'query', { '0001_a.sql': `${ONE}-- no-transaction\n` }],
  },
  sqitch: { usual: 'none' },
  supabase: { usual: 'query' },
  tern: {
    usual: 'each',
    optsOut: [{ '1.sql': `---- tern: disable-tx ----\n${ONE}` }, 'none', { '1.sql': `-- tern: disable-tx\n${ONE}` }],
  },
  typeorm: {
    usual: 'all',
    optsOut: [
      { '001_a.ts': `${TYPEORM}\n  public readonly transaction: boolean = false\n}` },
      'none',
      { '001_a.ts': `${TYPEORM}\n  // transaction = false\n}` },
    ],
  },
}
const CODE: Readonly<Record<string, string>> = {
  'db-migrate': 'exports.up = (db) => db.runSql(``)',
  knex: 'exports.up = (knex) => {}',
  kysely: `import 'kysely'; export async function up() {}`,
  'mikro-orm': `${MIKRO_ORM} }`,
  'node-pg-migrate': 'exports.up = (pgm) => {}',
  sequelize: 'module.exports = { up: (queryInterface) => {} }',
  typeorm: TYPEORM,
}
const FILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  flyway: { 'V1__a.sql': ONE },
  drizzle: { '0_a.sql': ONE, 'meta/_journal.json': '{"entries":[{"idx":0,"tag":"0_a"}]}' },
  diesel: { '1_a/up.sql': ONE },
  hasura: { '1735689600000_a/up.sql': ONE },
  prisma: { '1_a/migration.sql': ONE },
  'golang-migrate': { '1_a.up.sql': ONE },
  sqlx: { '0001_a.sql': ONE },
  sqitch: { 'sqitch.plan': '%project=a\n\na 2026-01-01T00:00:00Z A <a@a> # a\n', 'deploy/a.sql': ONE },
  'graphile-migrate': { 'current.sql': ONE },
  supabase: { '1_a.sql': ONE },
}

describe.each(Object.entries(EXAMPLES))('the runner of %s', (layout, { usual, optsOut }) => {
  it('puts files into transactions as it does', () => {
    const code = CODE[layout]
    expect(partsIn(FILES[layout] ?? (code ? { '001_a.ts': code } : { '1.sql': ONE }), layout)).toEqual([`1:${usual}`])
    if (!optsOut) return
    const [files, mode, lookAlike] = optsOut
    expect(partsIn(files, layout)).toEqual([`1:${mode}`])
    expect(partsIn(lookAlike, layout)).toEqual([`1:${usual}`])
  })
})

describe('runners', () => {
  it('are known for every layout of a tool', () => {
    const tools = LAYOUTS.map(({ name }) => name).filter(
      (name) => !['plain', 'listed', 'folders', 'rails'].includes(name),
    )
    expect(tools.filter((name) => !RUNNERS[name])).toEqual([])
    expect(tools.filter((name) => !EXAMPLES[name] && !RUNNERS[name]?.parts)).toEqual([])
  })

  it('of Knex run each file by itself as soon as one of them has no transaction; others run all in one', () => {
    const file = (layout: string, transaction: TransactionMode) => ({ layout, parts: [{ line: 1, transaction }] })
    const settled = (...files: readonly ReturnType<typeof file>[]) =>
      settleTransactions(files).map(({ parts }) => parts[0]?.transaction)
    expect(settled(file('knex', 'all'), file('knex', 'all'))).toEqual(['all', 'all'])
    expect(settled(file('knex', 'all'), file('knex', 'none'), file('kysely', 'all'))).toEqual(['each', 'none', 'all'])
    expect(settled(file('drizzle', 'all'), file('drizzle', 'none'))).toEqual(['all', 'none'])
    expect(isJoined(file('drizzle', 'all'), file('drizzle', 'all'))).toBe(true)
    expect(isJoined(file('drizzle', 'all'), file('tern', 'all'))).toBe(false)
    expect(isJoined(file('drizzle', 'none'), file('drizzle', 'all'))).toBe(false)
  })

  it('give each change set of Liquibase its own transaction', () => {
    const text = [
      '-- liquibase formatted sql',
      '-- changeset ann:1',
      'create table t ();',
      '-- changeset ann:2 runInTransaction:false',
      'create index concurrently i on t (a);',
      '--changeset ann:3 runInTransaction:true',
    ].join('\n')
    expect(partsIn({ 'a.sql': text })).toEqual(['1:each 4:none 6:each'])
  })

  it('leave files of no tool to psql, and give way to the configuration', () => {
    expect(partsIn({ 'a.sql': ONE, 'b.sql': ONE })).toEqual(['1:none', '1:none'])
    expect(partsIn({ 'a.sql': ONE }, undefined, { name: 'flyway' })).toEqual(['1:each'])
    expect(partsIn({ 'a.sql': ONE }, undefined, { transaction: 'all' })).toEqual(['1:all'])
    expect(
      partsIn({ '1.sql': `-- +goose NO TRANSACTION\n-- +goose Up\n${ONE}` }, 'goose', { transaction: 'all' }),
    ).toEqual(['1:none'])
    expect(() => partsIn({ 'a.sql': ONE }, undefined, { name: 'flyaway' })).toThrow('There is no runner «flyaway».')
  })

  it('let Flyway run without a transaction what cannot run in one', () => {
    const partsOf = (sql: string) => partsIn({ 'V1__a.sql': sql }, 'flyway')
    expect(partsOf('create unique index concurrently i on t (a);')).toEqual(['1:none'])
    expect(partsOf('-- create index concurrently i\ncreate index i on t (a);')).toEqual(['1:each'])
  })
})
