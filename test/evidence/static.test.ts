import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadRules } from '../../src/engine/load-rules.js'
import { linkCatalog } from '../../src/evidence/catalog/link.js'
import { linkMigrations } from '../../src/evidence/migrations/link.js'
import type { Migrations, MigrationStatement } from '../../src/evidence/migrations/model.js'
import { emptyCatalog } from '../../src/evidence/migrations/static/catalog.js'
import { readStatically } from '../../src/evidence/migrations/static/read.js'
import { printType, rewritesRows } from '../../src/evidence/migrations/static/types.js'
import { parseStatement } from '../../src/source/files/parse.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { readFixture, startScratch, withFixture } from '../scratch.js'

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

const SCHEMA = `
create table organization (id bigint primary key, name varchar(40) not null);
create table invoice (id bigint primary key, organization_id bigint, number integer not null, total numeric(10, 2), code varchar(20),
  note text, paid_at timestamp, amount numeric check (amount > 0));
create index invoice_number on invoice (number);
create unique index invoice_code on invoice (code);
alter table invoice add constraint late check (total > 0) not valid;
alter table invoice add constraint noted check (note is not null);
create table usage (id bigint not null, at date not null) partition by range (at);
create table usage_2027 (id bigint not null, at date not null);
create table reading (at date, watts integer) partition by range (at);
create table reading_2026 partition of reading for values from ('2026-01-01') to ('2027-01-01');
create materialized view totals as select 1 as one;
`
const MIGRATION = `
create table plan (id bigint primary key, organization_id bigint references organization);
alter table plan add column price numeric not null default 0;
create index on plan (price);
alter table invoice add column currency text;
alter table invoice add column token uuid default gen_random_uuid();
alter table invoice add column period integer not null default 1;
alter table invoice alter column code type varchar(40);
alter table invoice alter column code type text;
alter table invoice alter column number type bigint;
alter table invoice alter column number type integer;
alter table invoice alter column total type numeric(12, 2);
alter table invoice alter column total type numeric(12, 4);
alter table invoice alter column total type numeric;
set timezone = 'UTC';
alter table invoice alter column paid_at type timestamptz;
alter table invoice alter column note set not null;
alter table invoice alter column currency set not null;
alter table invoice alter column currency drop not null;
alter table invoice validate constraint late;
alter table invoice add constraint positive check (number > 0);
alter table invoice add constraint later check (number < 9) not valid;
alter table invoice add foreign key (organization_id) references organization;
alter table invoice drop constraint positive;
alter table invoice add constraint invoice_code_key unique using index invoice_code;
alter table invoice add unique (number, id);
create index concurrently invoice_note on invoice (note);
create index invoice_paid on invoice (paid_at);
drop index invoice_number;
alter table usage attach partition usage_2027 for values from ('2027-01-01') to ('2028-01-01');
alter table organization rename to account;
alter table account rename column name to title;
alter table invoice drop column note;
alter table reading alter column watts type numeric;
alter table reading add column meter bigint;
truncate invoice;
refresh materialized view totals;
begin;
alter table account add column one int;
alter table invoice add column two int;
update account set one = 1;
commit;
lock table invoice in share mode;
drop table invoice;
create table invoice (id int);
alter table invoice add column x int;
comment on table account is 'x';
`

/** What a statement does to old relations, in a form that can be compared. Numbers differ, and serials do. */
function summarize({ sql, holds, rewritten, scanned, emptied, changes, openedBy }: MigrationStatement) {
  const named = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).toSorted()
  return {
    sql: sql.slice(0, 70),
    openedBy,
    holds: holds
      .filter(({ mode }) => mode !== 'ACCESS SHARE')
      .map(({ relation, mode, taken }) => `${relation.name} ${mode}${taken ? '' : ' before'}`)
      .toSorted(),
    rewritten: named(rewritten),
    // Indexes of empty files are built too; what reads rows is up to the planner.
    scanned: /^(?:create table|truncate|update)/.test(sql) ? [] : named(scanned),
    emptied: named(emptied),
    changes: changes
      .map(({ before, after }) => ({
        before: before.name,
        columns:
          before.kind === 'table'
            ? (after?.columns.map(({ name, type, notNull }) => `${name} ${type}${notNull ? ' not null' : ''}`) ?? null)
            : null,
        constraints: after?.constraints
          .filter(({ type }) => type !== 'not null')
          .map(({ name, type, validated, columns }) => `${name} ${type} ${validated} ${columns.join()}`)
          .toSorted(),
        indexes: after?.indexes.map(({ name }) => name).toSorted(),
      }))
      .toSorted((a, b) => (a.before < b.before ? -1 : 1)),
  }
}

function readFiles(schema: string, migrations: readonly string[]): Migrations {
  const folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-static-'))
  try {
    writeFileSync(join(folder, '000.sql'), schema)
    for (const [at, text] of migrations.entries()) writeFileSync(join(folder, `${101 + at}.sql`), text)
    const read = readStatically([folder], { newMigrations: { kind: 'after', migration: '000.sql' } })
    expect(read.problems).toEqual([])
    return linkMigrations(read.migrations[0]!, {
      before: linkCatalog(emptyCatalog(180000, read.before)),
      statisticsOf: () => undefined,
      basis: 'inferred',
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('migrations that are only read', () => {
  it('do what they are seen to do on a server', async () => {
    const fixture = readFixture(`${SCHEMA}\n-- migration: 101.sql\n${MIGRATION}`)
    const inferred = [...readFiles(SCHEMA, [MIGRATION]).statements()]
    expect(new Set(inferred.map(({ basis }) => basis))).toEqual(new Set(['inferred']))
    await withFixture(server, fixture, (catalog, _, evidence) => {
      const observed = [...(evidence(catalog).migrations?.statements() ?? [])]
      expect(observed.map(({ sql }) => sql)).toEqual(inferred.map(({ sql }) => sql))
      const comparable = observed.filter(({ basis }) => basis === 'observed').map(({ index }) => index)
      expect(comparable.length).toBeGreaterThan(40)
      expect(comparable.map((at) => summarize(inferred[at]!))).toEqual(comparable.map((at) => summarize(observed[at]!)))
    })
  })

  it('fail where they cannot run, and say nothing of what they do not tell', () => {
    const [alone, inside, blockOnly] = readFiles('create table t (id int) partition by range (id);', [
      'create index concurrently a on t (id);\nbegin;\ndrop index concurrently a;\ndo $$ begin drop table t; end $$;\ncommit;',
    ])
      .files.flatMap(({ statements }) => statements)
      .filter(({ parsed }) => parsed?.name !== 'TransactionStmt')
    expect(alone?.failure?.code).toBe('0A000')
    expect(inside?.failure?.code).toBe('25001')
    expect(blockOnly).toMatchObject({ holds: [], failure: null, basis: 'inferred' })
  })

  it('change types as PostgreSQL does', async () => {
    const types =
      'text varchar varchar(10) varchar(20) char(3) int bigint numeric numeric(10,2) numeric(12,2) numeric(12,3) timestamp timestamptz timestamp(3) date uuid jsonb inet cidr boolean interval text[] varbit(4) varbit'.split(
        ' ',
      )
    const differences: string[] = []
    for (const from of types) {
      await server.execute('drop table if exists public.t')
      await server.execute(`create table public.t (c ${from})`)
      const [{ printed }] = (await server.query<{ printed: string }>(
        `select format_type(atttypid, atttypmod) as printed from pg_attribute where attrelid = 'public.t'::regclass and attname = 'c'`,
      )) as [{ printed: string }]
      const own = printType(columnType(`create table t (c ${from})`))
      if (own !== printed) differences.push(`${from}: ${own}, not ${printed}`)
      for (const to of types) {
        await server.execute('begin')
        const files = async () =>
          (
            await server.query<{ file: number }>(
              `select relfilenode as file from pg_class where oid = 'public.t'::regclass`,
            )
          )[0]?.file
        const before = await files()
        const error = await server.execute(`alter table public.t alter column c type ${to}`)
        if (!error) {
          const rewrites = (await files()) !== before
          const said = rewritesRows(printed, printType(columnType(`create table t (c ${to})`)), false)
          // The embedded server's time zone is UTC.
          const isZone = from.startsWith('timestamp') && to.startsWith('timestamp')
          if (said !== rewrites && !isZone) differences.push(`${from} → ${to}: ${said}, not ${rewrites}`)
        }
        await server.execute('rollback')
      }
    }
    await server.execute('drop table if exists public.t')
    expect(differences).toEqual([])
  })
})

function columnType(sql: string): unknown {
  const elements = parseStatement(sql)?.node['tableElts'] as { ColumnDef: { typeName: unknown } }[]
  return elements[0]?.ColumnDef.typeName
}

it('loads for --static the folders that hold every rule about migrations alone', async () => {
  const outside = (await loadRules())
    .filter(({ needs }) => needs.every((need) => need === 'migrations'))
    .filter(({ category }) => category !== 'migrations' && category !== 'hygiene')
  expect(outside.map(({ id }) => id)).toEqual([])
})
