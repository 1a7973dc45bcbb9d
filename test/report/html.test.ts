import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareFindings } from '../../src/engine/compare.js'
import type { AuditResult } from '../../src/engine/result.js'
import { loadHtmlRenderer } from '../../src/report/html.js'
import { code, embedJson, escape, lines, prose, markup } from '../../src/report/html/markup.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { startScratch, withSchema } from '../scratch.js'
import { generateBillingSchema } from './generate-schema.js'
import { makeFinding, makeFix, makeResult } from './result.js'
import { MADE_UP_STATISTICS } from './statistics.js'

let server: EmbeddedServer
let render: (result: AuditResult) => string
beforeAll(async () => {
  ;[server, render] = await Promise.all([startScratch(), loadHtmlRenderer()])
})
afterAll(() => server.close())

const SCHEMA = `
  create table organizations (id uuid primary key, slug text not null unique);
  create table invoices (
    id uuid primary key,
    organization_id uuid not null references organizations (id) on delete restrict,
    replaces uuid unique references invoices (id),
    total numeric(14, 2) not null check (total >= 0)
  );
  create index on invoices (organization_id);`

function renderSchema(sql: string, parts: Partial<AuditResult> = {}): Promise<string> {
  return withSchema(server, sql, (catalog) => render({ ...makeResult({ catalog, ...parts }), ...parts }))
}

function headings(html: string): readonly string[] {
  return [...html.matchAll(/<h2[^>]*>([^<]*)<\/h2>/g)].map(([, title = '']) => title)
}

it('has its chapters in the order of a review, and only those that there is something for', async () => {
  const findings = [makeFinding({ fix: makeFix() })]
  expect(headings(await renderSchema(SCHEMA, { findings }))).toEqual([
    'Summary',
    'Entity relationships',
    'Findings',
    'Tables and normal forms',
    'Roadmap',
    'What was not looked at',
  ])
  const location = { file: 'a.sql', line: 2, column: 3 }
  const load: AuditResult['load'] = {
    layout: {
      name: 'plain',
      evidence: null,
      applied: ['a.sql'],
      leftOut: [{ file: 'b.sql', reason: 'It goes down.' }],
    },
    problems: [
      {
        kind: 'failed',
        location,
        message: 'no such table',
        code: '42P01',
        hint: 'Make it.',
        excerpt: 'select',
        dependents: [],
      },
    ],
    standIns: [],
    skipped: [],
  }
  const drift: AuditResult['drift'] = [{ kind: 'table', address: 'public.x', change: 'only in the files', details: [] }]
  const whole = await renderSchema(SCHEMA, { findings, load, drift, statistics: MADE_UP_STATISTICS })
  expect(headings(whole)).toEqual([
    'Summary',
    'Entity relationships',
    'Size and use',
    'Findings',
    'Tables and normal forms',
    'Roadmap',
    'Drift between the files and the database',
    'Load problems',
    'What was not looked at',
  ])
  for (const text of ['a.sql:2:3', 'no such table', 'Make it.', 'b.sql', 'It goes down.', 'table public.x'])
    expect(whole).toContain(text)
})

it('gives every finding its object, place, evidence, SQL, undo, proof and locks', () => {
  const html = render(makeResult({ findings: [makeFinding({ fix: makeFix() })] }))
  for (const text of [
    'public.invoices.amount_due',
    'db/schema.sql:203:3',
    'inferred from names and shape, confidence 80 %',
    'alter table public.invoices add constraint c check (amount_due = total - amount_paid) not valid;',
    'alter table public.invoices drop constraint c;',
    'Proven.',
    'ACCESS EXCLUSIVE on public.invoices',
    'data-s="warning" data-w="next" data-p="expand"',
  ])
    expect(html).toContain(text)
})

describe('beside an earlier scan', () => {
  const one = (address: string, parts: Parameters<typeof makeFinding>[0] = {}) =>
    makeFinding({ address, message: `${address} is wrong.`, ...parts })
  const findings = [
    one('public.a.fresh'),
    one('public.a.worse', { severity: 'error' }),
    one('public.a.better', { severity: 'info' }),
    one('public.a.known'),
    one('public.a.late'),
  ]
  const past = ['worse', 'better', 'known', 'gone'].map((name) => one(`public.a.${name}`))
  const comparison = (name: string) =>
    compareFindings({ name, findings, past, expired: [one('public.a.late')], looked: () => true })
  const chapterOf = (html: string, id: string) =>
    new RegExp(`<section class="chapter" id="${id}".*?</section>`, 's').exec(html)?.[0] ?? ''
  const rowsOf = (html: string) =>
    [...html.matchAll(/<tr>(<td>.*?)<\/tr>/gs)].map(([, row = '']) =>
      [...row.matchAll(/<td>(.*?)<\/td>/gs)].map(([, cell = '']) => cell.replace(/<[^>]*>/g, '')),
    )
  const rule = 'redundancy/unchecked-derived-amount'
  const changes = [
    ['new', 'warning', rule, 'public.a.fresh, public.a.late'],
    ['worse', 'warning → error', rule, 'public.a.worse'],
    ['no longer excused', 'warning', rule, 'public.a.late'],
    ['better', 'warning → info', rule, 'public.a.better'],
    ['resolved', 'warning', rule, 'public.a.gone'],
  ]

  it('says of each finding what it is beside the baseline, and lists what changed', () => {
    const html = render(makeResult({ findings, baseline: comparison('b<a>.json') }))
    const states = [...html.matchAll(/<details class="f"[^>]*><summary>.*?<span class="g"><i class="(\w+)">\1<\/i>/gs)]
    expect(states.map(([, state]) => state).toSorted()).toEqual(['better', 'known', 'new', 'new', 'worse'])
    expect(html).toContain(
      '<select name="state"><option value="">all</option><option>new</option><option>worse</option><option>better</option><option>known</option></select>',
    )
    expect(headings(html)).toContain('Beside the baseline b&lt;a&gt;.json')
    const chapter = chapterOf(html, 'baseline')
    expect(chapter).toContain('2 new, 1 worse, 1 better, 1 known, 1 resolved, 1 no longer excused.')
    expect(rowsOf(chapter)).toEqual(changes)
    const late = findings.findIndex(({ address }) => address === 'public.a.late') + 1
    expect(chapter.match(/href="#f(\d+)"><code>public\.a\.late/g)).toHaveLength(2)
    expect(html).toMatch(new RegExp(`<a href="#f${late}">`))
    expect(chapter).not.toMatch(/href[^>]*><code>public\.a\.gone/)
  })

  it('does the same since an earlier report, and takes states from the baseline when there are both', () => {
    const html = render(makeResult({ findings, since: comparison('old.json') }))
    expect(headings(html)).toContain('Since old.json')
    expect(rowsOf(chapterOf(html, 'since'))).toEqual(changes)
    expect(html.match(/<span class="g"><i class="new">/g)).toHaveLength(2)
    const baseline = compareFindings({ name: 'b.json', findings, past: findings, looked: () => true })
    const both = render(makeResult({ findings, baseline, since: comparison('old.json') }))
    expect(both.match(/<span class="g"><i class="known">/g)).toHaveLength(findings.length)
    expect(rowsOf(chapterOf(both, 'baseline'))).toEqual([])
    expect(rowsOf(chapterOf(both, 'since'))).toEqual(changes)
  })

  it('says why, by whom and until when a baseline accepts', () => {
    const entry = { reason: 'Never <billed>', owner: 'billing', expires: '2027-01-31' }
    const name = 'b.json'
    const kept = one('public.a.known')
    const gone = { ...one('public.a.gone'), ...entry }
    const baseline = compareFindings({
      name,
      findings: [kept],
      past: [{ ...kept, ...entry }, gone],
      looked: () => true,
    })
    const html = render(makeResult({ findings: [kept], baseline }))
    const words = 'Never &lt;billed&gt;; billing; until 2027-01-31'
    expect(html).toContain(`<dt>Accepted</dt><dd>${words}</dd>`)
    expect(rowsOf(chapterOf(html, 'baseline'))).toEqual([['resolved', 'warning', rule, `public.a.gone (${words})`]])
  })

  it('gives findings no state without one', () => {
    expect(render(makeResult({ findings }))).not.toMatch(
      /<i class="(?:new|known|worse|better)"|name="state"|id="(?:baseline|since|suppressed)"/,
    )
  })

  it('names the first of many findings, and all that is resolved', () => {
    const many = Array.from({ length: 50 }, (_, at) => one(`public.n.c${at}`))
    const [fresh, gone] = [
      compareFindings({ name: 'b.json', findings: many, past: [], looked: () => true }),
      compareFindings({ name: 'b.json', findings: [], past: many, looked: () => true }),
    ]
    expect(rowsOf(chapterOf(render(makeResult({ findings: many, baseline: fresh })), 'baseline'))[0]?.[3]).toMatch(
      /public\.n\.c11 and 38 more$/,
    )
    expect(rowsOf(chapterOf(render(makeResult({ baseline: gone })), 'baseline'))[0]?.[3]).toMatch(/public\.n\.c49$/)
  })

  it('shows what is resolved when nothing is left', () => {
    const gone = compareFindings({ name: 'b.json', findings: [], past, looked: () => true })
    expect(rowsOf(chapterOf(render(makeResult({ baseline: gone })), 'baseline'))).toEqual([
      ['resolved', 'warning', rule, past.map(({ address }) => address).join(', ')],
    ])
  })
})

it('lists what is suppressed with reason, place and last day, and the suppressions to mend', () => {
  const by = {
    origin: 'db/schema.sql:12:1',
    location: null,
    kind: 'inSource',
    rules: ['*'],
    scope: { kind: 'objects', patterns: ['public.*'] },
  } as const
  const html = render(
    makeResult({
      suppressed: [
        { finding: makeFinding(), by: { ...by, reason: 'Rounded <on> purpose', until: '2027-01-31' } },
        { finding: makeFinding({ address: 'public.b.c' }), by: { ...by, reason: null, until: null } },
      ],
      suppressionProblems: [
        { kind: 'unused', origin: 'comment on public.x', location: null, message: 'It covers nothing.' },
      ],
    }),
  )
  expect(headings(html)).toEqual(expect.arrayContaining(['Suppressed', 'What was not looked at']))
  for (const text of [
    'public.invoices.amount_due is total - amount_paid, stored and unchecked.',
    '<td>Rounded &lt;on&gt; purpose</td><td>2027-01-31</td><td><code>db/schema.sql:12:1</code></td>',
    '<td>–</td><td>–</td>',
    'Nothing was left out',
    'Suppressions to mend',
    '<td><code>comment on public.x</code></td><td>It covers nothing.</td>',
  ])
    expect(html).toContain(text)
  expect(html).not.toContain('class="f"')
})

it('says that nothing was found, that there is nothing, and what did not look', () => {
  const html = render(
    makeResult({
      rules: [
        { id: 'redundancy/a', outcome: 'passed', reason: null },
        { id: 'queries/b', outcome: 'skipped', reason: 'No queries were given.' },
      ],
    }),
  )
  for (const text of [
    'Nothing was found in 0 tables.',
    'There are no tables.',
    'nothing found by 1 rule',
    'not looked at by 1 rule',
    'No queries were given.',
  ])
    expect(html).toContain(text)
})

it('draws tables, their columns and their foreign keys, coloured by the worst finding', async () => {
  const html = await renderSchema(SCHEMA, {
    findings: [
      makeFinding({ address: 'public.invoices.total' }),
      makeFinding({ address: 'public.invoices', severity: 'error' }),
    ],
  })
  const [, svg = ''] = /(<svg xmlns.*?<\/svg>)/s.exec(html) ?? []
  expect(svg.match(/class="tb error"/g)).toHaveLength(1)
  expect(svg.match(/class="tb clean"/g)).toHaveLength(1)
  expect(svg).toContain('public.invoices: 2 findings, worst: error')
  expect(svg.match(/class="k ma mu" d="M/g)).toHaveLength(1)
  expect(svg.match(/class="k op si" d="M/g)).toHaveLength(1)
  expect(svg).toContain('numeric(14,2)')
  expect(svg).not.toContain('NaN')
})

it('allows exactly its own script and style, and nothing from elsewhere', async () => {
  const html = await renderSchema(SCHEMA, {
    findings: [makeFinding({ fix: makeFix() })],
    statistics: MADE_UP_STATISTICS,
  })
  const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(html) ?? []
  const hash = (content = '') => `'sha256-${createHash('sha256').update(content).digest('base64')}'`
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain(`script-src ${hash(/<script type="module">(.*?)<\/script>/s.exec(html)?.[1])};`)
  expect(policy).toContain(`style-src ${hash(/<style>(.*?)<\/style>/s.exec(html)?.[1])};`)
  expect(policy).not.toContain('unsafe')
  expect(html).not.toMatch(/ style=| on[a-z]+=|(?:src|srcset|action)=|@import|url\((?!#)/)
  expect([...html.matchAll(/href="([^"#][^"]*)"/g)].map(([, target]) => target)).toEqual(['data:,'])
})

it('is the same for the same result, and charts only what was counted', async () => {
  await withSchema(server, SCHEMA, (catalog) => {
    const result = makeResult({ catalog, findings: [makeFinding()] })
    expect(render(result)).toBe(render(result))
    expect(render(result)).not.toContain('Index use against size')
    const charted = render({ ...result, statistics: MADE_UP_STATISTICS })
    expect(charted).toContain('Index use against size')
    expect(charted).toContain('Counted by the server in 30 days up to 2026-05-04.')
    expect(charted.slice(0, charted.indexOf('<script'))).not.toMatch(/NaN|Infinity|undefined/)
    const silent = { ...MADE_UP_STATISTICS, table: () => undefined, index: () => undefined }
    expect(headings(render({ ...result, statistics: silent }))).not.toContain('Size and use')
  })
})

it('leaves out the links to a table that all others reference, and says so', async () => {
  const html = await renderSchema(generateBillingSchema(40))
  expect(html).toContain('So many tables reference <code>public.account</code> that these lines are not drawn')
})

describe('markup', () => {
  const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[<>&"'`/=! a-z.-]*$/))

  it('lets no text out of an element or an attribute', () => {
    fc.assert(
      fc.property(anything, (value) => {
        for (const safe of [escape(value), lines(value).html]) expect(safe).not.toMatch(/[<>"]|&(?!amp;|lt;|gt;|#34;)/)
        expect(code(value).html).toMatch(/^<code>[^<>"]+<\/code>$/)
        expect(markup`${prose(value, new Set(['a']))}`.html.replace(/<\/?code>/g, '')).not.toMatch(/[<>"]/)
      }),
    )
  })

  it('embeds data that a script reads back, and that cannot end its element', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const { html } = embedJson([value])
        expect(html).not.toMatch(/[<>&]/)
        expect(JSON.parse(html)).toEqual([value])
      }),
    )
  })
})
