import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AuditResult } from '../../src/engine/result.js'
import { loadHtmlRenderer } from '../../src/report/html.js'
import { renderMarkdown } from '../../src/report/markdown.js'
import { renderTerminal } from '../../src/report/terminal.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { readFixture, startScratch, withFixture } from '../scratch.js'
import { makeFinding, makeFix, makeResult } from './result.js'

const GIB = 2 ** 30
const LARGE = {
  rows: 1_500_000_000,
  liveRows: 1_500_000_000,
  inserted: 730_000_000,
  sizeBytes: 110 * GIB,
  totalSizeBytes: 180 * GIB,
}
const PLAIN = { color: 0, width: 100, verbose: false } as const

let server: EmbeddedServer
let html: (result: AuditResult) => string
/** A growing usage table of tenants, a workload that reads and deletes it by its age, and a question. */
let result: AuditResult
beforeAll(async () => {
  ;[server, html] = await Promise.all([startScratch(), loadHtmlRenderer()])
  const schema = readFileSync('fixtures/distribution/schema.sql', 'utf8')
  const fixture = readFixture(
    `${schema}
-- statistics: public.usage_event ${JSON.stringify(LARGE)}
-- workload
select sum(quantity) from usage_event where tenant_id = $1 and occurred_at >= $2 and occurred_at < $3;
delete from usage_event where occurred_at < $1;`,
  )
  const asked = makeFinding({ fix: makeFix({ status: 'decision', reason: 'May a tenant have two?' }) })
  result = await withFixture(server, fixture, (catalog, _, evidence) => {
    const { statistics, workload } = evidence(catalog)
    return { ...makeResult({ catalog, findings: [asked] }), statistics, workload }
  })
})
afterAll(() => server.close())

it('says in every report for people how tables grow, and what to do about it', () => {
  const document = renderMarkdown(result)
  expect(document).toContain('| `public.usage_event` | usage event | 180 GiB | 1,500,000,000 | 2,000,000 |')
  expect(document).toContain('| `public.usage_event` | partition by time |')
  const page = html(result)
  for (const text of [
    '180 GiB',
    '2,000,000',
    'partition by time',
    'When one server will not do',
    'create_distributed_table',
  ])
    expect(page).toContain(text)
  const lines = renderTerminal(result, PLAIN)
  expect(lines).toContain(
    '- public.usage_event (usage event): 180 GiB, 1,500,000,000 rows, 2,000,000 a day; over 100 GiB',
  )
  expect(lines).toContain('- partition by time: ')
  expect(lines).toContain('- Several servers: Citus would distribute by tenant_id;')
})

it('has the model, the parts and the questions in HTML as in Markdown', () => {
  const page = html(result)
  const document = renderMarkdown(result)
  for (const chapter of ['Billing model', 'Growth', 'Questions to answer']) {
    expect(page).toContain(
      `<h2 id="h-${chapter === 'Billing model' ? 'billing' : chapter === 'Growth' ? 'growth' : 'questions'}">${chapter}</h2>`,
    )
    expect(document).toContain(`## ${chapter}`)
  }
  expect(page).toContain('<h3 class="after">Parts of billing</h3>')
  expect(page).toContain('May a tenant have two?')
})

it('says nothing of growth and billing where there is neither', () => {
  const empty = makeResult()
  expect(html(empty)).not.toMatch(/id="h-(?:billing|growth|questions)"/)
  expect(renderMarkdown(empty)).not.toMatch(/^## (?:Billing model|Growth|Questions)/m)
  expect(renderTerminal(empty, PLAIN)).not.toContain('Growth')
})
