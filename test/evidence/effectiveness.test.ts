import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IndexEffectiveness, judgeEffectiveness } from '../../src/evidence/statistics/effectiveness.js'
import { asksForSomething, describeEffectiveness } from '../../src/report/effectiveness.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { readFixture, startScratch, withSchema } from '../scratch.js'

const FIXTURE = `
create table account (id bigint primary key, email text not null, plan text not null, tags text[] not null, note text);
create unique index account_email_key on account (email);
create index account_plan_idx on account (plan);
create index account_plan_note_idx on account (plan, note);
create index account_tags_idx on account (tags);
create index account_note_idx on account (note);
create index account_wide_idx on account (note, plan);
-- statistics: public.account {"rows": 1000000, "sizeBytes": 200000000, "inserted": 1000, "updated": 5000, "hotUpdated": 2000}
-- statistics: public.account.note {"averageWidth": 20, "distinct": -1}
-- statistics: public.account.plan {"averageWidth": 8, "distinct": 5}
-- statistics: public.account.account_pkey {"scans": 10, "entriesRead": 40, "rowsFetched": 20, "sizeBytes": 20000000}
-- statistics: public.account.account_email_key {"scans": 0, "sizeBytes": 40000000}
-- statistics: public.account.account_plan_idx {"scans": 7, "sizeBytes": 7000000}
-- statistics: public.account.account_plan_note_idx {"scans": 0, "sizeBytes": 42000000}
-- statistics: public.account.account_tags_idx {"scans": 3, "sizeBytes": 42000000}
-- statistics: public.account.account_note_idx {"scans": 5, "sizeBytes": 900000000}
-- statistics: public.account.account_wide_idx {"scans": 4, "entriesRead": 4000, "rowsFetched": 0, "sizeBytes": 52000000}`

let server: EmbeddedServer
let judged: ReadonlyMap<string, IndexEffectiveness>
beforeAll(async () => {
  server = await startScratch()
  judged = await withSchema(server, FIXTURE, (catalog) => {
    const { statistics } = readFixture(FIXTURE).evidence(catalog)
    return new Map(judgeEffectiveness(catalog, statistics!).map((one) => [one.index.name, one]))
  })
})
afterAll(() => server?.close())

describe('the effectiveness of indexes', () => {
  it.each([
    ['account_pkey', 'constraint'],
    ['account_email_key', 'constraint'],
    ['account_plan_idx', 'redundant'],
    ['account_plan_note_idx', 'idle'],
    ['account_tags_idx', 'wrong kind'],
    ['account_note_idx', 'redundant'],
    ['account_wide_idx', 'earning'],
  ])('of %s is one word: %s', (name, verdict) => {
    expect(judged.get(name)?.verdict).toBe(verdict)
  })

  it('counts for one scan and divides by nothing', () => {
    expect(judged.get('account_pkey')).toMatchObject({
      entriesPerScan: 4,
      rowsPerScan: 2,
      writesPerScan: 400,
      notHeapOnly: 0.6,
    })
    expect(judged.get('account_email_key')).toMatchObject({
      entriesPerScan: null,
      rowsPerScan: null,
      writesPerScan: null,
    })
  })

  it('estimates air where an index is larger than it would be when rebuilt', () => {
    expect(judged.get('account_note_idx')?.air).toBeGreaterThan(0.9)
    expect(judged.get('account_wide_idx')?.air).toBeLessThan(0.3)
    expect(judged.get('account_tags_idx')?.air).toBeNull()
  })

  it('gives an index that is both redundant and bloated one answer, in the order of what to do', () => {
    const names = [...judged.values()].map(({ index }) => index.name)
    expect(new Set(names).size).toBe(names.length)
    expect(judged.get('account_note_idx')?.reason).toBe('account_wide_idx does all that it does.')
  })
})

describe('the effectiveness of indexes and the rules', () => {
  it('agree: what is reported as unused is never said to earn its place', async () => {
    const folder = new URL('../../fixtures/rules/indexes/unused-index/', import.meta.url)
    const sql = `${readFileSync(new URL('bad.sql', folder), 'utf8')}\n-- statistics: public.invoice {"rows": 1000, "sizeBytes": 8192000}`
    const expected = [...sql.matchAll(/^\s*-- expect: (\S+)/gm)].map(([, address]) => address!)
    const verdicts = await withSchema(server, sql, (catalog) => {
      const { statistics } = readFixture(sql).evidence(catalog)
      const all = judgeEffectiveness(catalog, statistics!)
      return new Map(all.map(({ index, verdict }) => [index.address, verdict]))
    })
    const reported = expected.flatMap((address) => verdicts.get(address) ?? [])
    expect(reported.length).toBeGreaterThan(0)
    expect(reported.filter((verdict) => /^(?:earning|constraint|unknown)$/.test(verdict))).toEqual([])
  })

  it('are written in one order: what asks for something first', async () => {
    const report = await withSchema(server, FIXTURE, (catalog) => {
      const { statistics } = readFixture(FIXTURE).evidence(catalog)
      return describeEffectiveness({ catalog, statistics })
    })
    expect(report?.counts).toBe('wrong kind 1, redundant 2, idle 1, earning 1, constraint 2')
    expect(report?.indexes.filter(asksForSomething).map(({ index }) => index.name)).toEqual([
      'account_tags_idx',
      'account_note_idx',
      'account_plan_idx',
      'account_plan_note_idx',
    ])
  })
})
