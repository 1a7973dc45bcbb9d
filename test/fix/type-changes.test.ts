import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareCatalogs, describeCatalog } from '../../src/evidence/catalog/describe.js'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import { linkCatalog } from '../../src/evidence/catalog/link.js'
import type { Catalog } from '../../src/evidence/catalog/model.js'
import { readCatalog } from '../../src/evidence/catalog/read.js'
import type { Target } from '../../src/evidence/target.js'
import type { Step } from '../../src/fix/step.js'
import { changeColumnTypes } from '../../src/fix/steps/column-types.js'
import { quoteIdentifier } from '../../src/quote.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { startScratch } from '../scratch.js'
import { readLiveCatalog } from '../live-catalog.js'
import { startServer } from '../servers.js'

const ANY: Target = { oldest: 120000, newest: 180000, sizeOf: () => null }
const target = (version: number): Target => ({ oldest: version, newest: version, sizeOf: () => null })

const SCHEMA = `
  create table public."Invoice ""x""" (
    "key A" integer not null, b text not null, "or'der" double precision not null default 0 check ("or'der" >= 0),
    discount real, note text, changed integer not null default 0, primary key (b, "key A"));
  create index "by amount" on public."Invoice ""x""" ("or'der" desc, b) where "or'der" > 10;
  create view public.large as select b, "or'der" from public."Invoice ""x""" where "or'der" > 100;
  create view public.larger as select * from public.large where "or'der" > 1000;
  comment on column public."Invoice ""x"""."or'der" is 'what''s owed';
  create function public.count_change() returns trigger language plpgsql as
    'begin new.changed := old.changed + 1; return new; end';
  create trigger zzz before update of "or'der" on public."Invoice ""x""" for each row execute function public.count_change();
  alter table public."Invoice ""x""" enable row level security;
  create policy own on public."Invoice ""x""" using ("or'der" < 1e9);`
const TABLE = 'public."Invoice ""x"""'
const ROWS = `insert into ${TABLE} select g, 'k' || g % 7, g / 100.0, case when g % 3 = 0 then g / 8.0 end from generate_series(1, 10000) g`

function toNumeric(catalog: Catalog, on: Target): readonly Step[] {
  const table = catalog.table('public', 'Invoice "x"')!
  const changes = ["or'der", 'discount'].map((name) => ({ column: table.column(name)!, type: 'numeric(19, 4)' }))
  return changeColumnTypes(changes, { catalog, target: on })
}

describe.each([15, 18] as const)('on PostgreSQL %s', (major) => {
  let url: string
  const clients: pg.Client[] = []
  const open = async () => {
    const client = new pg.Client(url)
    await client.connect()
    clients.push(client)
    return client
  }
  const number = async (client: pg.Client, sql: string) =>
    Number(Object.values((await client.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0])
  const read = () => readLiveCatalog(url)
  beforeAll(async () => {
    await loadParser()
    url = await (await startServer(major)).createDatabase(SCHEMA + `;${ROWS}`)
  })
  afterAll(() => Promise.all(clients.map((client) => client.end())))

  it('changes the type under a writer without a lost write, and goes back', async () => {
    const catalog = await read()
    const before = describeCatalog(catalog)
    const steps = toNumeric(catalog, target(major * 10_000))
    expect(new Set(steps.map(({ phase }) => phase))).toEqual(
      new Set(['expand', 'backfill', 'validate', 'switch', 'contract']),
    )
    const [client, writer] = [await open(), await open()]
    const sum = `select sum("or'der"::numeric) from ${TABLE}`
    const first = await number(client, sum)
    let stop = false
    let written = 0
    const writing = (async () => {
      for (let round = 0; !stop; round++) {
        await writer.query(`update ${TABLE} set "or'der" = "or'der" + 1 where "key A" = $1`, [(round % 10_000) + 1])
        await writer.query(`insert into ${TABLE} ("key A", b, "or'der") values ($1, 'new', 0.25)`, [10_001 + round])
        written += 1
      }
    })()
    const apply = async (step: Step) => {
      if (step.precheck) expect(await number(client, step.precheck)).toBe(0)
      await client.query("set lock_timeout = '2s'")
      await client.query(step.sql)
    }
    try {
      for (const step of steps) {
        await apply(step)
        // It may be run again, even by a tool that puts everything into a transaction.
        if (step.phase === 'backfill' && !step.transactional && step.undo === null) {
          await client.query('begin')
          await apply(step)
          await client.query('commit')
        }
        const reached = written
        while (written < reached + 20) await new Promise((resolve) => setTimeout(resolve, 5))
      }
    } finally {
      stop = true
      await writing
    }
    expect(await number(client, sum)).toBeCloseTo(first + written * 1.25, 4)
    expect(await number(client, `select count(*) from ${TABLE}`)).toBe(10_000 + written)
    expect(await number(client, `select sum(changed) from ${TABLE}`)).toBe(written)
    expect(await number(client, `select count(*) from public.larger`)).toBe(0)
    const after = await read()
    const table = after.table('public', 'Invoice "x"')!
    expect(table.columns.map(({ name, type, notNull }) => [name, type.sql, notNull])).toEqual([
      ['key A', 'integer', true],
      ['b', 'text', true],
      ['note', 'text', false],
      ['changed', 'integer', true],
      ["or'der", 'numeric(19,4)', true],
      ['discount', 'numeric(19,4)', false],
    ])
    expect(table.column("or'der")?.comment).toBe("what's owed")
    expect(table.checks.map(({ definition, validated }) => [definition, validated])).toEqual([
      [`CHECK (("or'der" >= (0)::numeric))`, true],
    ])
    expect(table.indexes.map(({ name, valid }) => [name, valid])).toEqual([
      ['Invoice "x"_pkey', true],
      ['by amount', true],
    ])

    for (const { undo } of steps.toReversed()) if (undo !== null) await client.query(undo)
    expect(compareCatalogs(before, describeCatalog(await read()))).toEqual([])
    expect(await number(client, sum)).toBeCloseTo(first + written * 1.25, 4)
  })
})

describe('on the embedded server', () => {
  let server: EmbeddedServer
  beforeAll(async () => {
    server = await startScratch()
  })
  afterAll(() => server.close())
  const read = async () => linkCatalog(await readCatalog(server))

  it('keeps every name and comes back to the same catalog', async () => {
    const name = fc
      .string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(...`a"'$;\\ é.select-%`, '$body$', '$$') })
      .filter((text) => text.trim() !== '')
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { minLength: 4, maxLength: 4 }), async (names) => {
        const [table, key, first, second] = names.map(quoteIdentifier)
        const run = async (sql: string) => expect(await server.execute(sql), sql).toBeNull()
        await run(`create schema hostile`)
        await run(
          `create table hostile.${table} (${key} bigint primary key, ${first} integer not null unique check (${first} > 0), ${second} double precision default 1)`,
        )
        await run(`create view hostile.reader as select ${first}, ${second} from hostile.${table}`)
        await run(`insert into hostile.${table} select g, g, g / 4.0 from generate_series(1, 20) g`)
        const catalog = await read()
        const before = describeCatalog(catalog)
        const subject = catalog.table('hostile', names[0]!)!
        const steps = changeColumnTypes(
          [
            { column: subject.column(names[2]!)!, type: 'bigint' },
            { column: subject.column(names[3]!)!, type: 'numeric(19, 4)' },
          ],
          { catalog, target: ANY },
        )
        expect(steps.length).toBeGreaterThan(5)
        for (const { sql } of steps) await run(sql)
        const [sums] = await server.query(
          `select sum(${first})::text as a, sum(${second})::text as b from hostile.reader`,
        )
        expect(sums).toEqual({ a: '210', b: '52.5000' })
        for (const { undo } of steps.toReversed()) if (undo !== null) await run(undo)
        expect(compareCatalogs(before, describeCatalog(await read()))).toEqual([])
        await run('drop schema hostile cascade')
      }),
      { numRuns: 15 },
    )
  })

  it('writes a small table anew, and takes what has the same bytes as it is', async () => {
    await server.execute(
      `create table public.plain (id bigint primary key, code varchar(10), amount real, at timestamp)`,
    )
    const catalog = await read()
    const table = catalog.table('public', 'plain')!
    const small: Target = { ...ANY, sizeOf: () => 2 ** 20 }
    const change = (name: string, type: string, on: Target, more = {}) =>
      changeColumnTypes([{ column: table.column(name)!, type, ...more }], { catalog, target: on }).map(
        ({ rewrites, review, sql }) => ({ rewrites, asks: review !== undefined, sql }),
      )
    expect(change('code', 'text', ANY)).toEqual([
      { rewrites: false, asks: false, sql: 'alter table public.plain alter column code type text using code::text' },
    ])
    expect(change('amount', 'numeric', small)).toEqual([
      {
        rewrites: true,
        asks: false,
        sql: 'alter table public.plain alter column amount type numeric using amount::numeric',
      },
    ])
    const unchangedUnder = { setting: 'TimeZone', value: 'UTC' }
    expect(change('at', 'timestamptz', ANY, { unchangedUnder })).toEqual([
      {
        rewrites: false,
        asks: false,
        sql: "do $body$\nbegin\n  set local TimeZone to 'UTC';\n  alter table public.plain alter column at type timestamptz;\nend\n$body$",
      },
    ])
  })
})
