import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { audit } from '../../src/audit/audit.js'
import { compareFindings } from '../../src/engine/compare.js'
import type { AuditResult } from '../../src/engine/result.js'
import { loadHtmlRenderer } from '../../src/report/html.js'
import { startScratch, withSchema } from '../scratch.js'
import { startChromium } from './chromium.js'
import { generateBillingSchema } from './generate-schema.js'
import { HOSTILE, makeFinding, makeFix, makeResult } from './result.js'
import { MADE_UP_STATISTICS } from './statistics.js'

const folder = mkdtempSync(join(tmpdir(), 'html-report-'))
/** Where screenshots go that a person wants to look at; none are taken without it. */
const pictures = process.env['SCREENSHOTS']

let browser: Browser
let render: (result: AuditResult) => string
let billing: AuditResult
const complaints: string[] = []

beforeAll(async () => {
  ;[browser, render] = await Promise.all([startChromium(), loadHtmlRenderer()])
  billing = await auditFiles('fixtures/valueverse', true)
}, 400_000)
afterAll(async () => {
  await browser?.close()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(() => {
  expect(complaints.splice(0)).toEqual([])
})

async function picture(shown: Page | Locator, name: string, options: { readonly fullPage?: boolean } = {}) {
  if (pictures !== undefined) await shown.screenshot({ path: join(pictures, name), ...options })
}

function auditFiles(path: string, prove: boolean): Promise<AuditResult> {
  return audit({ source: { kind: 'files', paths: [path] }, prove, startedAt: new Date('2026-05-04T10:11:12Z') })
}

/** The same findings beside scans that knew some of them, and with some suppressed. */
function withHistory(result: AuditResult, name: string, text = name): AuditResult {
  const past = result.findings
    .filter((_, at) => at % 4 !== 0)
    .map(({ rule, address, severity }, at) => ({
      rule,
      address,
      severity: at % 3 === 0 ? (severity === 'info' ? ('error' as const) : ('info' as const)) : severity,
    }))
  const gone = { rule: 'redundancy/gone', address: text, severity: 'warning' as const }
  const finding = makeFinding({ address: text, message: text })
  const by = {
    origin: text,
    location: null,
    kind: 'external',
    rules: ['*'],
    scope: { kind: 'objects', patterns: ['*'] },
    reason: text,
    until: '2027-01-31',
  } as const
  const comparison = compareFindings({
    name,
    findings: result.findings,
    past: [...past, gone],
    expired: [gone],
    looked: ({ address }) => address === text,
  })
  return {
    ...result,
    baseline: comparison,
    since: comparison,
    suppressed: [{ finding, by }],
    suppressionProblems: [{ kind: 'unused', origin: text, location: null, message: text }],
  }
}

async function auditGenerated(tables: number, prove = false): Promise<AuditResult> {
  const file = join(folder, `${tables}.sql`)
  writeFileSync(file, generateBillingSchema(tables))
  return await auditFiles(file, prove)
}

/** Opens a page from disk; whatever it logs, throws or asks the network for fails the test. */
async function open(html: string, options: BrowserContextOptions = {}): Promise<Page> {
  const file = join(folder, 'report.html')
  writeFileSync(file, html)
  const context = await browser.newContext({
    viewport: { width: 1360, height: 1000 },
    reducedMotion: 'reduce',
    ...options,
  })
  const page = await context.newPage()
  page.on('console', (message) => complaints.push(`console: ${message.text()}`))
  page.on('pageerror', ({ message }) => complaints.push(`error: ${message}`))
  page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`))
  page.on('request', (request) => {
    if (request.url() !== pathToFileURL(file).href && !request.url().startsWith('data:'))
      complaints.push(`request: ${request.url()}`)
  })
  await page.goto(pathToFileURL(file).href)
  return page
}

describe('of a billing schema', () => {
  it('draws the diagram: every table where nothing else is, every link', async () => {
    const page = await open(render(billing))
    const boxes = await page
      .locator('#er .tb')
      .evaluateAll((tables) =>
        tables.map(
          (table) =>
            (table as never as { getBoundingClientRect(): { toJSON(): object } })
              .getBoundingClientRect()
              .toJSON() as Rectangle,
        ),
      )
    expect(boxes).toHaveLength(billing.catalog.tables.length)
    for (const [at, a] of boxes.entries()) for (const b of boxes.slice(at + 1)) expect(overlap(a, b)).toBe(false)
    expect(await page.locator('#er .k').count()).toBe([...billing.catalog.foreignKeys()].length)
    const spilled = await page.evaluate(`[...document.querySelectorAll('#er .tb')].filter((table) => {
      const box = table.querySelector('.bo').getBoundingClientRect()
      return [...table.querySelectorAll('text')].some((text) => text.getBoundingClientRect().right > box.right)
    }).map((table) => table.textContent)`)
    expect(spilled).toEqual([])
    await picture(page, 'billing-light.png', { fullPage: true })
  })

  it('zooms and moves the diagram by button, wheel, mouse and key', async () => {
    const page = await open(render(billing))
    const view = () => page.locator('#er svg').getAttribute('viewBox')
    const seen = new Set([await view()])
    const changes = async (act: () => Promise<void>) => {
      await act()
      await expect.poll(async () => seen.has(await view())).toBe(false)
      seen.add(await view())
    }
    await changes(() => page.click('[data-zoom=in]'))
    await page.locator('#er').hover()
    await page.keyboard.down('Control')
    await changes(() => page.mouse.wheel(0, -120))
    await page.keyboard.up('Control')
    await changes(async () => {
      await page.mouse.down()
      await page.mouse.move(500, 300, { steps: 3 })
      await page.mouse.up()
    })
    await page.locator('#er').focus()
    for (const key of ['ArrowRight', 'ArrowDown', '-']) await changes(() => page.keyboard.press(key))
  })

  it('shows the findings of a table that is chosen in the diagram, by mouse or key', async () => {
    const page = await open(render(billing))
    const expected = billing.findings.filter(({ object }) => object.table === 'invoices').length
    await page.locator('#er .tb', { hasText: 'invoices' }).first().focus()
    await page.keyboard.press('Enter')
    expect(await page.locator('#selection h3 code').textContent()).toBe('public.invoices')
    expect(await page.locator('#selection li').count()).toBe(expected)
    await page.click('text=Show them below')
    await expect
      .poll(() => page.locator('#shown').textContent())
      .toBe(`${expected} of ${billing.findings.length} findings`)
    await page.click('text=Draw only its neighbours')
    const near = await page.locator('#er .tb .na').allTextContents()
    expect(near.toSorted()).toEqual([
      'public.billing_transactions',
      'public.invoices',
      'public.organizations',
      'public.subscriptions',
    ])
    await page.click('text=Whole diagram')
    expect(await page.locator('#er .tb').count()).toBe(billing.catalog.tables.length)
    await page.keyboard.press('Tab')
    await page
      .locator('#er .tb')
      .nth(2)
      .click({ position: { x: 20, y: 8 } })
    expect(await page.locator('#selection').isVisible()).toBe(true)
  })

  it('filters by class, table, phase, priority, severity and text', async () => {
    const page = await open(render(billing))
    const shown = () => page.locator('.f:visible').count()
    const all = billing.findings.length
    const cases: readonly [string, () => Promise<unknown>, number][] = [
      [
        'class',
        () => page.selectOption('[name=class]', 'normalization'),
        billing.findings.filter(({ category }) => category === 'normalization').length,
      ],
      [
        'table',
        () => page.fill('[name=table]', 'invoices'),
        billing.findings.filter(({ object }) => object.table === 'invoices').length,
      ],
      [
        'phase',
        () => page.selectOption('[name=phase]', 'expand'),
        billing.findings.filter(({ fix }) => fix?.up.length && fix.phases.includes('expand')).length,
      ],
      [
        'when',
        () => page.selectOption('[name=when]', 'now'),
        billing.findings.filter(({ priority }) => priority === 'now').length,
      ],
      [
        'severity',
        () => page.selectOption('[name=severity]', 'info'),
        billing.findings.filter(({ severity }) => severity === 'info').length,
      ],
      ['text', () => page.fill('[name=text]', 'FLOAT8 money'), 1],
    ]
    for (const [name, act, expected] of cases) {
      expect(expected, name).toBeGreaterThan(0)
      expect(expected, name).toBeLessThan(all)
      await act()
      await expect
        .poll(() => page.locator('#shown').textContent(), { message: name })
        .toBe(`${expected} of ${all} findings`)
      expect(await shown(), name).toBe(expected)
      await page.click('text=Clear')
      await expect.poll(() => page.locator('#shown').textContent()).toBe(`${all} findings`)
    }
    await page.fill('[name=text]', 'zyzzyva')
    await expect.poll(shown).toBe(0)
    await page.locator('.first a').first().click()
    await expect.poll(() => page.locator('.f[open]').count()).toBe(1)
  })

  it('filters by what a finding is beside the baseline', async () => {
    const result = withHistory(billing, 'baseline.json')
    const page = await open(render(result))
    const expected = { new: result.baseline?.new, worse: result.baseline?.worse, known: result.baseline?.known }
    for (const [state, findings = []] of Object.entries(expected)) {
      expect(findings.length, state).toBeGreaterThan(0)
      await page.selectOption('[name=state]', state)
      await expect
        .poll(() => page.locator('#shown').textContent())
        .toBe(`${findings.length} of ${billing.findings.length} findings`)
      expect(await page.locator('.f:visible').count()).toBe(findings.length)
      expect(await page.locator(`.f:visible .g i.${state}`).count()).toBe(findings.length)
      await page.click('text=Clear')
      await expect.poll(() => page.locator('#shown').textContent()).toBe(`${billing.findings.length} findings`)
    }
    await page.locator('#since a').last().click()
    await expect.poll(() => page.locator('.f[open]:visible').count()).toBe(1)
    for (const id of ['baseline', 'since', 'suppressed', 'not-seen']) await picture(page.locator(`#${id}`), `${id}.png`)
  })

  it('copies exactly the SQL that it shows', async () => {
    const page = await open(render(billing), { permissions: ['clipboard-read', 'clipboard-write'] })
    const finding = billing.findings.find(({ fix }) => (fix?.up.length ?? 0) > 1)
    await page.fill('[name=text]', finding?.message ?? '')
    await expect.poll(() => page.locator('.f:visible').count()).toBe(1)
    await page.locator('.f:visible > summary').click()
    const button = page.locator('.f:visible .copy').first()
    await button.focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => button.textContent()).toBe('Copied')
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      finding?.fix?.up.map((sql) => `${sql};`).join('\n'),
    )
  })

  it.each(['light', 'dark'] as const)('has enough contrast in %s', async (colorScheme) => {
    const result = withHistory({ ...billing, statistics: MADE_UP_STATISTICS }, 'earlier.json')
    const page = await open(render(result), { colorScheme })
    await page.evaluate(`document.querySelectorAll('details').forEach((one) => (one.open = true))`)
    await page
      .locator('#er .tb')
      .first()
      .click({ position: { x: 20, y: 8 } })
    await page.evaluate(`document.querySelector('#er svg').classList.remove('chosen')`)
    const weak = (await page.evaluate(MEASURE_CONTRAST)) as readonly Measured[]
    expect(weak.length).toBeGreaterThan(100)
    expect(weak.filter(({ ratio }) => ratio < 4.5)).toEqual([])
    await picture(page, `billing-unfolded-${colorScheme}.png`, { fullPage: true })
  })

  it('shows where the keyboard is, and leads past the contents', async () => {
    const page = await open(render(billing))
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the review')
    for (let at = 0; at < 25; at++) {
      await page.keyboard.press('Tab')
      const [kind, visible] = (await page.evaluate(`(() => {
        const { activeElement: one } = document
        const style = getComputedStyle(one.classList.contains('tb') ? one.querySelector('.bo') : one)
        return [one.tagName, one.classList.contains('tb') ? style.strokeWidth === '3px' : style.outlineStyle !== 'none']
      })()`)) as [string, boolean]
      expect([kind, visible]).toEqual([kind, true])
    }
  })

  it('can be read without its script', async () => {
    const page = await open(render(withHistory(billing, 'earlier.json')), { javaScriptEnabled: false })
    for (const id of ['baseline', 'since', 'suppressed'])
      expect(await page.locator(`#${id} tbody`).isVisible()).toBe(true)
    expect(await page.locator('.g i.new').filter({ visible: true }).count()).toBeGreaterThan(0)
    expect(await page.locator('#filters, .tools, .copy').filter({ visible: true }).count()).toBe(0)
    expect(await page.locator('.f').count()).toBe(billing.findings.length)
    expect(await page.locator('#er svg').isVisible()).toBe(true)
    await page.locator('.f:visible > summary').first().click()
    expect(await page.locator('.f[open] dl').first().isVisible()).toBe(true)
  })

  it('unfolds everything on paper, in light colours', async () => {
    const page = await open(render(billing), { colorScheme: 'dark' })
    await page.emulateMedia({ media: 'print' })
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)')
    expect(await page.locator('.f > .b').filter({ visible: true }).count()).toBe(billing.findings.length)
    expect(await page.locator('nav, #filters').filter({ visible: true }).count()).toBe(0)
    const pdf = await page.pdf({ format: 'A4', path: join(pictures ?? folder, 'billing.pdf') })
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
  })

  it('fits a telephone', async () => {
    const page = await open(render(withHistory(billing, `${'very/long/'.repeat(12)}report.json`)), {
      viewport: { width: 380, height: 800 },
    })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(380)
  })
})

it('charts size and use', async () => {
  const page = await open(render({ ...billing, statistics: MADE_UP_STATISTICS }))
  const indexes = [...billing.catalog.indexes()].length
  expect(await page.locator('#use circle').count()).toBe(indexes)
  await picture(page.locator('#use'), 'use.png')
})

it('stays below 1 MB at 150 tables with all their fixes', { timeout: 300_000 }, async () => {
  const result = await auditGenerated(150, true)
  expect(result.catalog.tables).toHaveLength(150)
  const since = compareFindings({ name: 'old.json', findings: result.findings, past: [], looked: () => true })
  for (const one of [result, { ...result, baseline: since, since }])
    expect(Buffer.byteLength(render(one))).toBeLessThan(700_000)
  // Evidence and SQL are packed then: they are there when a finding is opened, searched, linked and printed.
  const number = result.findings.findIndex(({ fix }) => fix?.status === 'proven')
  const sought = result.findings[number]
  const page = await open(render(result))
  expect(await page.locator('.f dl').count()).toBe(0)
  // Both at once: between two inputs the list may be filtered by the first alone.
  const wanted = { text: sought?.fix?.up[0]?.split(' ').at(-1) ?? '', table: sought?.object.table ?? '' }
  await page.evaluate(`{
    const form = document.getElementById('filters')
    for (const [name, value] of Object.entries(${JSON.stringify(wanted)})) form.elements[name].value = value
    form.dispatchEvent(new Event('input'))
  }`)
  await expect.poll(() => page.locator('#shown').textContent()).toMatch(/^[1-9]\d* of /)
  const finding = page.locator('.f:visible').first()
  await finding.locator('summary').first().click()
  expect(await finding.locator('dt').first().textContent()).toBe('Object')
  expect(await page.locator('.f dl').count()).toBe(1)
  await page.evaluate(`dispatchEvent(new Event('beforeprint'))`)
  expect(await page.locator('.f dl').count()).toBe(result.findings.length)
  const sql = (await page.locator('.f > .b > pre.sql > code').allTextContents()).map((text) => text.split('\n').length)
  expect(sql).toHaveLength(result.findings.filter(({ fix }) => fix && fix.up.length > 0).length)
  expect(await page.locator('.f pre.sql:not(:has(button.copy))').count()).toBe(0)
})

it.each([100, 1000])('is usable at %i tables', { timeout: 400_000 }, async (tables) => {
  const result = await auditGenerated(tables)
  expect(result.catalog.tables).toHaveLength(tables)
  const page = await open(render({ ...result, statistics: MADE_UP_STATISTICS }))
  await picture(page, `${tables}-top.png`)
  const drawn = await page.locator('#er .tb').count()
  expect(drawn).toBe(Math.min(tables, 150))
  if (drawn < tables)
    expect(await page.locator('#diagram .note').textContent()).toContain(`150 of ${tables} tables are drawn`)
  await page.locator('#er').scrollIntoViewIfNeeded()
  await page.click('[data-zoom=fit]')
  await picture(page.locator('#diagram'), `${tables}-diagram.png`)
  const begun = performance.now()
  await page.fill('[name=text]', 'float8')
  await expect.poll(() => page.locator('#shown').textContent(), { interval: 20, timeout: 10_000 }).toContain(' of ')
  expect(performance.now() - begun).toBeLessThan(5_000)
  const titles = (await page.locator('#er .tb title').allTextContents()).map((title) => title.split(':')[0])
  const sought = result.catalog.tables.find(({ address }) => !titles.includes(address)) ?? result.catalog.tables.at(-1)
  await page.fill('#find', sought?.address ?? '')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.locator('#selection h3 code').textContent()).toBe(sought?.address)
  expect(await page.locator('#er .tb.on .na').textContent()).toContain(sought?.name)
  await page.evaluate(`document.getElementById('findings').scrollIntoView()`)
  await picture(page, `${tables}-filtered.png`)
})

it('lets no name of a database into its elements, attributes or scripts', async () => {
  const names = [
    HOSTILE,
    '</script><script>globalThis.broken=1</script>',
    '"><img src=x onerror="globalThis.broken=1">',
    `' onfocus='globalThis.broken=1' autofocus x='`,
    '</title></style></svg><svg onload=globalThis.broken=1>',
    '<!--<script>',
    ']]>&#34;&lt;',
    '\u001b[2J\u0007\u2028\u2029\u202e',
    'javascript:globalThis.broken=1',
    '${globalThis.broken=1}',
  ].map((name) => name.slice(0, 55))
  const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
  const sql = names
    .map(
      (name, at) =>
        `create table ${quote(name)} (${quote(name)} int primary key, x int references ${quote(names[Math.max(0, at - 1)] ?? '')});`,
    )
    .join('\n')
  const server = await startScratch()
  const html = await withSchema(server, sql, (catalog) => {
    const findings = catalog.tables.map(({ address, name }, at) =>
      makeFinding({
        address,
        rule: `types/x${at}`,
        object: { kind: 'table', schema: 'public', table: name, name, columns: [] },
        related: [`${address}.${name}`],
        message: name,
        advice: `${name} ${HOSTILE}`,
        location: { file: name, line: 1, column: 1 },
        evidence: { tier: 'declared', facts: { [name]: [name], HOSTILE } },
        fix: makeFix({
          status: 'decision',
          up: [name, HOSTILE],
          down: [name],
          locks: { [address]: 'SHARE' },
          reason: name,
        }),
      }),
    )
    const hostile = makeResult({
      catalog,
      findings,
      normalForms: catalog.tables.map(({ address, name }) => ({
        table: address,
        normalForm: '1NF',
        basis: 'keys',
        issues: [name],
        recommendation: name,
      })),
      notSeen: names.map((name) => ({ what: name, reason: name })),
      drift: names.map((name) => ({
        kind: name,
        address: name,
        change: 'different',
        details: [{ what: name, files: name, database: name }],
      })),
      target: { kind: 'files', name: names.join(' '), serverVersion: 180_000, productionVersion: null, files: names },
      rules: names.map((name) => ({ id: `${name}/x`, outcome: 'crashed', reason: name })),
    })
    return render({
      ...withHistory(hostile, names.join(' '), `${names.join(' ')} ${HOSTILE}`),
      statistics: MADE_UP_STATISTICS,
    })
  })
  await server.close()
  // eslint-disable-next-line no-control-regex
  expect([...html.matchAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202e]/g)]).toEqual([])
  const page = await open(html)
  await page.evaluate(`document.querySelectorAll('details').forEach((one) => (one.open = true))`)
  const [table] = await page.locator('#er .tb').all()
  await table?.focus()
  await page.keyboard.press('Enter')
  await page.click('text=Draw only its neighbours')
  expect(await page.evaluate('globalThis.broken')).toBeUndefined()
  expect(
    await page.locator('img, iframe, object, body script ~ script ~ script, main script, main style').count(),
  ).toBe(0)
  const attributes = (await page.evaluate(
    `[...new Set([...document.querySelectorAll('*')].flatMap((element) => [...element.attributes].map(({ name }) => name)))]`,
  )) as readonly string[]
  expect(
    attributes.filter((name) => /^on|^style$|^src|^x$|autofocus/.test(name)).filter((name) => name !== 'x'),
  ).toEqual([])
  expect(await page.locator('.f').count()).toBe(names.length)
})

interface Rectangle {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

function overlap(a: Rectangle, b: Rectangle): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

interface Measured {
  readonly text: string
  readonly color: string
  readonly ground: string
  readonly ratio: number
}

/** Runs in the page: WCAG contrast of every visible text with the ground that it stands on, each pair of colours once. */
const MEASURE_CONTRAST = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number)
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const groundOf = (element) => {
    for (let one = element; one; one = one.parentElement) {
      if (one.classList?.contains('tb')) {
        const inHeader = element.matches('.na, .nu')
        return getComputedStyle(one.querySelector(inHeader ? '.hd' : '.bo')).fill
      }
      const { backgroundColor } = getComputedStyle(one)
      if (backgroundColor !== 'rgba(0, 0, 0, 0)') return backgroundColor
    }
    return 'rgb(255, 255, 255)'
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const measured = []
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    if (walker.currentNode.data.trim() === '' || element.closest('script, title, datalist, option, [hidden], .hide, .skip')) continue
    const isDrawn = element instanceof SVGElement
    const { color, fill } = getComputedStyle(element)
    const text = isDrawn ? fill : color
    const ground = groundOf(element)
    const [a, b] = [luminance(text), luminance(ground)].sort((x, y) => y - x)
    measured.push({ text: walker.currentNode.data.trim().slice(0, 30), color: text, ground, ratio: (a + 0.05) / (b + 0.05) })
  }
  return measured
})()`
