import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import { type Apart, keepApart } from '../../src/fix/steps/exclusion.js'
import { startServer } from '../servers.js'
import { openWorkbench, targetFor, type Workbench } from './forms.js'

const SCHEMA = `
  create schema extensions;
  create table "Sub ""s" (tenant integer, "id's" integer, org bigint not null, region text, status text not null,
    starts timestamptz not null, ends timestamptz, note text, primary key (tenant, "id's"));
  insert into "Sub ""s" select g % 3, g, g / 4, null, case when g % 4 = 0 then 'ended' else 'active' end,
    timestamptz '2026-01-01' + g % 4 * interval '10 days', timestamptz '2026-01-11' + g % 4 * interval '10 days' from generate_series(1, 12000) g;`

describe.each([15, 18] as const)('on PostgreSQL %s', (major) => {
  let url: string
  let bench: Workbench
  beforeAll(async () => {
    await loadParser()
    url = await (await startServer(major)).createDatabase(SCHEMA)
    bench = await openWorkbench(url)
  })
  afterAll(() => bench.close())

  async function steps(bytes: number | null) {
    const catalog = await bench.catalog()
    const table = catalog.table('public', 'Sub "s')!
    const column = (name: string) => table.column(name)!
    const relation = '"Sub ""s"'
    const apart: Apart = {
      table,
      owner: [
        { column: column('org'), sql: 'org' },
        { column: column('region'), sql: `coalesce(region, '')` },
      ],
      range: { type: 'tstzrange', sql: `tstzrange(starts, ends, '[)')` },
      where: `status = 'active'`,
      columns: ['org', 'region', 'status', 'starts', 'ends'].map(column),
      listing: null,
      repair: null,
      precheck: `select count(*) from public.${relation} as a where status = 'active' and exists (select from public.${relation} as b where b.org = a.org and b.status = 'active' and (b.tenant, b."id's") <> (a.tenant, a."id's") and tstzrange(b.starts, b.ends, '[)') && tstzrange(a.starts, a.ends, '[)'))`,
    }
    return keepApart(apart, { catalog, target: targetFor(major, bytes) })
  }

  it.each([
    ['the constraint of a small table', 2 ** 20],
    ['a narrow table beside a big one', 2 ** 30],
  ])('lets none overlap: %s', async (_, bytes) => {
    const before = await bench.catalog()
    const made = await steps(bytes)
    await bench.apply(made, ['expand'])
    const overlap = `insert into "Sub ""s" values (9, 9, 1, null, 'active', '2026-01-15', null)`
    // What is written meanwhile counts before the old rows are filled in.
    await bench.query(`insert into "Sub ""s" values (8, 8, 8000, 'eu', 'active', '2026-01-01', null)`)
    await expect(
      bench.query(`insert into "Sub ""s" values (8, 9, 8000, 'eu', 'active', '2027-01-01', null)`),
    ).rejects.toThrow(/conflicting key value violates exclusion constraint/)
    await bench.apply(made, ['backfill', 'validate', 'switch'])
    await expect(bench.query(overlap)).rejects.toThrow(/violates exclusion constraint/)
    await bench.query(overlap.replace("'active'", "'ended'"))
    await expect(bench.query(`update "Sub ""s" set status = 'active' where tenant = 9`)).rejects.toThrow(
      /violates exclusion constraint/,
    )
    // The next begins where the last ends; an empty period is none.
    await bench.query(`insert into "Sub ""s" values (9, 10, 1, null, 'active', '2026-02-10', null)`)
    await bench.query(`insert into "Sub ""s" values (9, 11, 1, null, 'active', '2026-01-15', '2026-01-15')`)
    await bench.query(`update "Sub ""s" set "id's" = 12, ends = '2026-03-01' where tenant = 9 and "id's" = 10`)
    await bench.query(`insert into "Sub ""s" values (9, 13, 1, null, 'active', '2026-03-01', null)`)
    await bench.query('delete from "Sub ""s" where tenant in (8, 9)')

    // Two sessions do not see each other's rows, and the constraint does.
    const [one, other] = [new pg.Client(url), new pg.Client(url)]
    await Promise.all([one.connect(), other.connect()])
    const insert = (nr: number) =>
      `insert into "Sub ""s" values (9, ${nr}, 77777, 'eu', 'active', '2026-01-01', '2026-02-01')`
    await one.query('begin')
    await one.query(insert(1))
    const waiting = other.query(insert(2)).then(
      () => 'written',
      (error: Error) => error.message,
    )
    await one.query('commit')
    expect(await waiting).toMatch(/violates exclusion constraint/)
    await Promise.all([one.end(), other.end()])
    await bench.query('delete from "Sub ""s" where tenant = 9')
    await bench.undo(made)
    expect(await bench.changedSince(before)).toEqual([])
  })

  it('names the rows in the way, and stops before it changes anything', async () => {
    await bench.query(`insert into "Sub ""s" values (9, 9, 1, null, 'active', '2026-01-15', null)`)
    for (const bytes of [2 ** 20, 2 ** 30, null]) {
      const made = await steps(bytes)
      const guarded = made.find(({ precheck }) => precheck)!
      expect(Number((await bench.query(guarded.precheck!))[0]?.['count'])).toBeGreaterThan(1)
      await expect(bench.apply([guarded])).rejects.toThrow(/in the way/)
    }
    await bench.query('delete from "Sub ""s" where tenant = 9')
  })
})
