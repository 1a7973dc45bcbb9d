import { beforeAll, expect, it } from 'vitest'
import { compareWorkloads, type PastWorkload } from '../../src/engine/compare-workload.js'
import type { AuditResult } from '../../src/engine/result.js'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import type { Workload, WorkloadQuery } from '../../src/evidence/workload/model.js'
import { parseQuery } from '../../src/evidence/workload/parse-query.js'
import { loadHtmlRenderer } from '../../src/report/html.js'
import { renderJson } from '../../src/report/json.js'
import { renderMarkdown } from '../../src/report/markdown.js'
import { renderPullRequest } from '../../src/report/pull-request.js'
import { readJsonReport } from '../../src/report/read-json.js'
import { renderTerminal } from '../../src/report/terminal.js'
import { HOSTILE, makeResult } from './result.js'

beforeAll(loadParser)

const SECRET = 'ada@example.com'
const NAME = HOSTILE.replaceAll('"', '""')

function query(sql: string, calls: number, milliseconds: number): WorkloadQuery {
  const parsed = parseQuery(sql)
  if (parsed === null || typeof parsed === 'string') throw new Error(parsed ?? 'no query')
  const rest = { longestMilliseconds: null, preparations: null, preparationMilliseconds: null, temporaryBlocks: null }
  const measured = { ...rest, calls, milliseconds, rows: calls * 2, blocksHit: 75, blocksRead: 25 }
  return { sql, ...parsed, location: null, name: null, tags: {}, measured }
}

/** Queries of 75 % and 25 % of the time; the second names a column whose name is hostile. */
function resultOf(): AuditResult {
  const queries = [
    query(`select "${NAME}" from a where email = '${SECRET}'`, 10, 250),
    query(`update b set c = 1 where d = '${SECRET}' /* ${SECRET} */`, 1000, 750),
  ]
  const source = { kind: 'pg_stat_statements' as const, name: 'pg_stat_statements' }
  return makeResult({
    workload: {
      queries,
      sequences: [],
      sources: [{ ...source, from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' }],
    },
  })
}

const LOOK = { color: 0 as const, width: 100, hyperlinks: false, verbose: false }

it('stands in the terminal, the largest share first', () => {
  const text = renderTerminal(resultOf(), LOOK as never)
  expect(text).toContain('Where the time goes (pg_stat_statements from 2026-01-01 to 2026-02-01)')
  const [first = '', second = ''] = text.split('\n').filter((line) => line.includes(' calls · '))
  expect(first.trim()).toBe('75.0 %  1,000 calls · 0.750 ms · 2 rows a call · 25.0 % cache misses')
  expect(second.trim()).toBe('25.0 %  10 calls · 25.0 ms · 2 rows a call · 25.0 % cache misses')
  expect(text).toContain('update b set c = $1 where d = $2')
})

it('stands in Markdown, HTML and JSON', async () => {
  const result = resultOf()
  expect(renderMarkdown(result)).toContain(
    '| `update b set c = $1 where d = $2` | 75.0 % | 1,000 | 0.750 ms | 2 | 25.0 % |',
  )
  const html = (await loadHtmlRenderer())(result)
  expect(html).toContain(
    '<td>75.0 %<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="info" width="75" height="10"/></svg></td>',
  )
  const { workload } = JSON.parse(renderJson(result)) as {
    workload: { queries: { sql: string; shareOfTime: number }[] }
  }
  expect(workload.queries.map(({ sql, shareOfTime }) => [sql.slice(0, 6), shareOfTime])).toEqual([
    ['update', 0.75],
    ['select', 0.25],
  ])
})

it('shows no literal, and lets no name mean anything', async () => {
  const result = resultOf()
  const html = (await loadHtmlRenderer())(result)
  const terminal = renderTerminal(result, { ...LOOK, verbose: true } as never)
  for (const text of [terminal, renderMarkdown(result), html, renderJson(result)]) {
    expect(text).not.toContain(SECRET)
    expect(text).not.toContain('\u001b')
  }
  expect(html).not.toContain('<b>x</b>')
  expect(renderMarkdown(result)).not.toContain('<b>x</b>\n')
})

/** What a report or snapshot kept: two queries, of 90 % and 10 % of the time, counted for ten hours. */
const PAST: PastWorkload = {
  from: '2026-01-01T00:00:00Z',
  to: '2026-01-01T10:00:00Z',
  isWhole: true,
  queries: [
    { fingerprint: 'a', sql: 'select a', name: 'a', calls: 100, milliseconds: 900 },
    { fingerprint: 'b', sql: 'select b', name: null, calls: 1000, milliseconds: 100 },
  ],
}

function workloadOf(
  counted: Readonly<Record<string, readonly [calls: number, milliseconds: number]>>,
  from = PAST.from,
): Workload {
  const queries = Object.entries(counted).map(([fingerprint, [calls, milliseconds]]) => ({
    ...query(`select ${fingerprint}`, calls, milliseconds),
    fingerprint,
  }))
  const source = { kind: 'pg_stat_statements' as const, name: 'pg_stat_statements', from, to: '2026-01-01T20:00:00Z' }
  return { queries, sequences: [], sources: [source] }
}

const statesSince = (past: PastWorkload, workload: Workload) => {
  const { isBetween, changes } = compareWorkloads('then.json', past, workload)
  return { isBetween, changes: changes.map(({ fingerprint, state }) => `${fingerprint} ${state}`) }
}

it('tells what came since, where the counters ran on', () => {
  // a: 100 calls of 27 ms after 100 of 9; b: as before; c was not there.
  const { isBetween, changes } = compareWorkloads(
    'then.json',
    PAST,
    workloadOf({ a: [200, 3600], b: [2000, 200], c: [10, 1200] }),
  )
  expect(isBetween).toBe(true)
  expect(changes).toEqual([
    {
      state: 'slower',
      fingerprint: 'a',
      sql: 'select a',
      name: null,
      before: { calls: 100, millisecondsPerCall: 9, shareOfTime: 0.9, callsPerHour: 10 },
      now: { calls: 100, millisecondsPerCall: 27, shareOfTime: 0.675, callsPerHour: 10 },
    },
    {
      state: 'new',
      fingerprint: 'c',
      sql: 'select c',
      name: null,
      before: null,
      now: { calls: 10, millisecondsPerCall: 120, shareOfTime: 0.3, callsPerHour: 1 },
    },
  ])
})

it.each<[string, PastWorkload, Workload, readonly string[], boolean]>([
  ['nothing where nothing changed', PAST, workloadOf({ a: [200, 1800], b: [2000, 200] }), [], true],
  [
    'totals after a reset',
    PAST,
    workloadOf({ a: [50, 450], b: [500, 10] }, '2026-01-01T15:00:00Z'),
    ['b faster'],
    false,
  ],
  [
    'totals where a counter went back',
    PAST,
    workloadOf({ a: [100, 100], b: [900, 90] }),
    ['a faster', 'b less often'],
    false,
  ],
  ['what is gone', PAST, workloadOf({ a: [100, 900], b: [2000, 200] }), ['a gone'], true],
  ['what came more often', PAST, workloadOf({ a: [200, 1800], b: [6000, 600] }), ['b more often'], true],
  [
    'a query that a short report did not list',
    { ...PAST, isWhole: false },
    workloadOf({ a: [200, 1800], b: [2000, 200], c: [20, 900] }),
    ['c risen'],
    true,
  ],
  ['no time of a few calls', PAST, workloadOf({ a: [105, 1800], b: [2000, 200] }), ['a less often'], true],
  ['nothing of a thousandth of the time', PAST, workloadOf({ a: [200, 1800], b: [2000, 200], c: [10, 1] }), [], true],
])('compares with an earlier look: %s', (_, past, workload, expected, isBetween) => {
  const { changes, ...rest } = statesSince(past, workload)
  expect({ ...rest, changes: changes.toSorted() }).toEqual({ isBetween, changes: expected })
})

it('stands in every report beside an earlier look', async () => {
  const workload = workloadOf({ a: [200, 3600], b: [2000, 200], c: [10, 1200] })
  const result = { ...resultOf(), workload, queriesSince: compareWorkloads('then.json', PAST, workload) }
  const title = 'Queries since then.json (what was counted since)'
  const terminal = renderTerminal(result, LOOK as never)
  expect(terminal).toContain(title)
  expect(terminal).toContain('slower 90.0 % → 67.5 % · 9.00 ms → 27.0 ms · 10 an hour → 10 an hour calls')
  expect(renderMarkdown(result)).toContain(
    '| `select a` | slower | 90.0 % → 67.5 % | 9.00 ms → 27.0 ms | 10 an hour → 10 an hour |',
  )
  expect((await loadHtmlRenderer())(result)).toContain('<td>slower</td><td class="num">90.0 % → 67.5 %</td>')
  expect(renderPullRequest(result)).toContain('| `select a` | slower | 90.0 % → 67.5 % | 9.00 ms → 27.0 ms |')
  expect(renderPullRequest(result)).toContain('| `select a` | 72.0 % | 200 | 18.0 ms |')
  const { queriesSince, workload: kept } = JSON.parse(renderJson(result)) as Record<string, unknown>
  expect(queriesSince).toEqual(result.queriesSince)
  expect(kept).toBeDefined()
  const earlier = readJsonReport(renderJson(result), 'then.json')
  expect(compareWorkloads('then.json', earlier.workload!, workload).changes.map(({ state }) => state)).toEqual([
    'gone',
    'gone',
    'gone',
  ])
})
