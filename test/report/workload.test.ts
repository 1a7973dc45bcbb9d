import { beforeAll, expect, it } from 'vitest'
import type { AuditResult } from '../../src/engine/result.js'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import type { WorkloadQuery } from '../../src/evidence/workload/model.js'
import { parseQuery } from '../../src/evidence/workload/parse-query.js'
import { loadHtmlRenderer } from '../../src/report/html.js'
import { renderJson } from '../../src/report/json.js'
import { renderMarkdown } from '../../src/report/markdown.js'
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
