import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { audit } from '../../src/audit/audit.js'
import { openTarget } from '../../src/cli/migration-target.js'
import type { AuditResult } from '../../src/engine/result.js'
import { type MigrationChoice, planMigration } from '../../src/fix/migration.js'
import { makeParts } from '../../src/fix/parts.js'
import { WRITERS } from '../../src/fix/writers/index.js'
import { quoteIdentifier } from '../../src/quote.js'
import type { MigrationFile, Writer } from '../../src/fix/writers/writer.js'

/** A schema whose fixes build and drop indexes concurrently, check rows, and reach two tables. */
export const BASE = `create table organization (id bigint primary key, name text not null);
create table subscription (
  id bigint primary key,
  organization_id bigint not null references organization,
  period_start timestamptz not null,
  period_end timestamptz not null
);
create table trial (
  id bigint primary key,
  organization_id bigint not null references organization,
  period_start timestamptz not null,
  period_end timestamptz not null
);
create index trial_organization_idx on trial (organization_id);
create index trial_period_idx on trial (organization_id, period_start);`

/** The same shape under names that mean something to shells, templates, psql, JavaScript, Ruby and the tools. */
export const HOSTILE = (() => {
  const [organization, subscription, key, reference] = [
    'o\'r"g`${user.home}#{1+1}$$\\',
    's?u:b;;{{.x}}%s @a.b --c /*d*/ "e"\\\\',
    'select ${flyway:timestamp}',
    'á表 \u{1f4b8} \ttab',
  ].map(quoteIdentifier)
  return `create table ${organization} (${key} bigint primary key);
create table ${subscription} (
  ${key} bigint primary key,
  ${reference} bigint not null references ${organization},
  period_start timestamptz not null,
  period_end timestamptz not null
);
create table trial (
  ${reference} bigint not null references ${organization},
  ${key} bigint not null,
  period_start timestamptz not null,
  period_end timestamptz not null
);
create index "t;\nrial" on trial (${reference});
create index "trial --x" on trial (${key});
create index "trial $2" on trial (${reference}, ${key});
create index "trial $3" on trial (${key}, ${reference});`
})()

/** The rules that `BASE` is judged by. */
export const RULES = ['constraints/unordered-period', 'indexes/missing-foreign-key-index', 'indexes/redundant-index']

export const AT = new Date('2026-05-04T10:11:12Z')

/** A project of each tool, with one migration that makes `sql`; file → text. */
export function projectOf(tool: string, sql: string): Readonly<Record<string, string>> {
  const marked = (up: string, down: string) => `${up}\n${sql}\n\n${down}\nselect 1;\n`
  const projects: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    plain: { 'schema.sql': sql },
    goose: { '00001_base.sql': marked('-- +goose Up', '-- +goose Down') },
    dbmate: { '20260101000000_base.sql': marked('-- migrate:up', '-- migrate:down') },
    'golang-migrate': { '000001_base.up.sql': sql, '000001_base.down.sql': 'select 1;' },
    flyway: { 'V1__base.sql': sql },
    'sql-migrate': { '20260101000000-base.sql': marked('-- +migrate Up', '-- +migrate Down') },
    'node-pg-migrate': { '1767225600000_base.sql': marked('-- Up Migration', '-- Down Migration') },
    prisma: { '20260101000000_base/migration.sql': sql, 'migration_lock.toml': 'provider = "postgresql"\n' },
    drizzle: {
      '0000_base.sql': sql.replaceAll(';\n', ';\n--> statement-breakpoint\n'),
      'meta/_journal.json': JSON.stringify(
        {
          version: '7',
          dialect: 'postgresql',
          entries: [{ idx: 0, version: '7', when: 1767225600000, tag: '0000_base', breakpoints: true }],
        },
        null,
        2,
      ),
    },
    knex: {
      '20260101000000_base.js': `exports.up = (knex) => knex.raw(${JSON.stringify(sql.replaceAll('?', '\\\\?'))})\nexports.down = async () => {}\n`,
    },
    rails: {
      '20260101000000_create_base.rb': `class CreateBase < ActiveRecord::Migration[6.1]\n  def up\n    execute <<~'BASE'\n${sql}\n    BASE\n  end\n\n  def down\n  end\nend\n`,
    },
    liquibase: {
      '001_base.sql': `--liquibase formatted sql\n\n--changeset a:1 splitStatements:true\n${sql}\n--rollback select 1;\n`,
    },
    sqitch: {
      'sqitch.conf': '[core]\n\tengine = pg\n',
      'sqitch.plan':
        '%syntax-version=1.0.0\n%project=billing\n\nbase 2026-01-01T00:00:00Z Ada <ada@example.com> # The base\n',
      'deploy/base.sql': `begin;\n${sql}\ncommit;\n`,
      'revert/base.sql': 'select 1;\n',
      'verify/base.sql': 'select 1;\n',
    },
  }
  return projects[tool] ?? {}
}

/** Puts files into a folder. */
export function layFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

/** A folder that is removed after the tests of a file. */
export function makeFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'pg-billing-audit-fix-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Audits SQL as one file. */
export async function auditSql(sql: string, rules: readonly string[] = RULES): Promise<AuditResult> {
  const folder = makeFolder()
  try {
    layFiles(folder.path, { 'schema.sql': sql })
    return await audit({ source: { kind: 'files', paths: [folder.path] }, rules, startedAt: AT })
  } finally {
    folder.remove()
  }
}

/** The files that a writer adds to a folder. */
export function writeFor(
  writer: Writer,
  { findings }: Pick<AuditResult, 'findings'>,
  folder: string,
  choice: MigrationChoice = {},
): readonly MigrationFile[] {
  const { planned, fixes } = planMigration(findings, choice)
  return writer.write(makeParts(planned, fixes, writer.outside), openTarget(folder), AT)
}

export function writerOf(name: string): Writer {
  const writer = WRITERS.find((one) => one.name === name)
  if (!writer) throw new Error(name)
  return writer
}
