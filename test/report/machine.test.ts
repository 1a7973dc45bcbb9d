import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { compareFindings } from '../../src/engine/compare.js'
import type { AuditResult } from '../../src/engine/result.js'
import type { Suppression } from '../../src/engine/suppress.js'
import { FORMATS, type Format, renderReport } from '../../src/report/formats.js'
import { MARKER } from '../../src/report/pull-request.js'
import { HOSTILE, makeFinding, makeFix, makeResult } from './result.js'

const PLAIN = { color: 0, width: 100, verbose: false } as const
const SARIF_SCHEMA = new URL(
  '../../node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json',
  import.meta.url,
)

const byConfig: Suppression = {
  origin: 'pg-billing-audit.config.json',
  location: null,
  kind: 'external',
  rules: ['*'],
  scope: { kind: 'objects', patterns: ['*'] },
  reason: 'Known.',
  until: '2027-01-31',
}
const docs = { summary: 'S.', why: 'W.', bad: 'b', good: 'g', unless: 'U.', references: ['https://www.postgresql.org'] }
const known = makeFinding({ fix: makeFix(), related: ['public.other'] })
const fresh = makeFinding({
  address: 'public.plans.price',
  severity: 'error',
  location: null,
  fingerprint: 'a'.repeat(32),
})
const hidden = makeFinding({ address: 'public.old.price', fingerprint: 'b'.repeat(32) })
const findings = [known, fresh]
const comparison = compareFindings({
  name: 'before.json',
  findings,
  past: [known, { rule: 'a/b', address: 'public.gone', severity: 'error' }],
  looked: () => true,
})
const result = makeResult({
  findings,
  suppressed: [{ finding: hidden, by: byConfig }],
  suppressionProblems: [
    { kind: 'unused', origin: 'db/a.sql:3:1', location: { file: 'db/a.sql', line: 3, column: 1 }, message: 'Unused.' },
  ],
  baseline: comparison,
  since: comparison,
  notSeen: [{ what: 'statistics', reason: 'No privilege.' }],
  rules: [
    { id: known.rule, outcome: 'found', reason: null },
    { id: 'a/skipped', outcome: 'skipped', reason: 'No queries were given.' },
    { id: 'a/crashed', outcome: 'crashed', reason: 'Error: x' },
    { id: 'a/passed', outcome: 'passed', reason: null },
  ],
  rulebook: [{ id: known.rule, category: 'redundancy', severity: 'warning', docs }],
})
const hostile = makeResult({
  target: { kind: 'files', name: HOSTILE, serverVersion: 180_006, productionVersion: null, files: [HOSTILE] },
  findings: [
    makeFinding({
      address: `public.${HOSTILE}`,
      object: { kind: 'table', schema: 'public', table: HOSTILE, name: HOSTILE, columns: [HOSTILE] },
      message: HOSTILE,
      advice: `=cmd|' /C calc'!A0 ${HOSTILE}`,
      location: { file: HOSTILE, line: 1, column: 1 },
      evidence: { tier: 'inferred', facts: { [HOSTILE]: HOSTILE } },
      related: [HOSTILE],
      fix: makeFix({ up: [`alter table "${HOSTILE}" x`], reason: HOSTILE }),
    }),
    makeFinding({ message: `=1+1 ${HOSTILE}`, location: null, fingerprint: 'c'.repeat(32) }),
  ],
  suppressed: [{ finding: hidden, by: { ...byConfig, reason: HOSTILE, origin: HOSTILE } }],
  suppressionProblems: [
    { kind: 'unused', origin: HOSTILE, location: { file: HOSTILE, line: 1, column: 1 }, message: HOSTILE },
  ],
  baseline: { ...comparison, name: HOSTILE, known: [], new: [] },
  since: { ...comparison, name: HOSTILE },
  notSeen: [{ what: HOSTILE, reason: HOSTILE }],
})

const render = (format: Format, of: AuditResult = result) => renderReport(format, of, PLAIN)
const readXml = (xml: string) => {
  const open: string[] = []
  for (const [, close, name = '', attributes = '', empty] of xml.matchAll(
    /<(\/)?([a-z]+)((?:\s[a-z]+="[^"<]*")*)(\/)?>/g,
  )) {
    if (close) expect(open.pop()).toBe(name)
    else if (!empty) open.push(name)
    void attributes
  }
  expect(open).toEqual([])
  const rest = xml.replace(/<\?xml[^>]*\?>/, '').replace(/<\/?[a-z]+(?:\s[a-z]+="[^"<]*")*\/?>/g, '')
  expect(rest.replace(/&(?:amp|lt|gt|quot);/g, '')).not.toMatch(/[<>&]/)
}
/** Cells of CSV text, read as RFC 4180 has it. */
const readCsv = (csv: string) =>
  csv
    .trimEnd()
    .split('\r\n')
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
        ([, a, b]) => a?.replaceAll('""', '"') ?? b ?? '',
      ),
    )

describe('SARIF', () => {
  const schema = JSON.parse(readFileSync(SARIF_SCHEMA, 'utf8')) as Record<string, unknown>
  delete schema['$schema']
  delete schema['id']
  const validate = new Ajv({ strict: false, unicodeRegExp: false, validateFormats: false }).compile(schema)
  const parse = (text: string) => {
    const log: unknown = JSON.parse(text)
    expect(validate(log), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true)
    return (log as { readonly runs: readonly [Record<string, never>] }).runs[0]
  }

  it('is valid by the official schema, whatever the names are', async () => {
    parse(await render('sarif', hostile))
    parse(await render('sarif', makeResult()))
    expect(validate({ version: '2.1.0' })).toBe(false)
  })

  it('has help, places, identity, states, suppressions and proven fixes', async () => {
    const run = parse(await render('sarif'))
    expect(run).toMatchObject({
      tool: {
        driver: { rules: [{ id: known.rule, help: { text: expect.stringContaining('Leave it when: U.') as string } }] },
      },
      invocations: [
        {
          executionSuccessful: true,
          toolConfigurationNotifications: [{ descriptor: { id: 'suppression-unused' } }],
        },
      ],
      results: [
        {
          level: 'error',
          baselineState: 'new',
          locations: [
            {
              physicalLocation: { artifactLocation: { uri: 'postgresql/public/plans', uriBaseId: 'SRCROOT' } },
              logicalLocations: [{ fullyQualifiedName: 'public.plans.price' }],
            },
          ],
        },
        {
          ruleIndex: 0,
          baselineState: 'unchanged',
          locations: [{ physicalLocation: { artifactLocation: { uri: 'db/schema.sql' }, region: { startLine: 203 } } }],
          partialFingerprints: { 'pgBillingAudit/v1': known.fingerprint },
          suppressions: [],
          fixes: [
            {
              artifactChanges: [
                { replacements: [{ insertedContent: { text: expect.stringMatching(/;\n$/) as string } }] },
              ],
            },
          ],
        },
        { suppressions: [{ kind: 'external', justification: expect.stringContaining('Known.') as string }] },
      ],
    })
  })

  it('makes paths URIs: relative below the folder, else absolute', async () => {
    const at = async (file: string) =>
      JSON.stringify(
        parse(
          await render('sarif', makeResult({ findings: [makeFinding({ location: { file, line: 1, column: 1 } })] })),
        ),
      )
    expect(await at('db/größe #1.sql')).toContain('"uri":"db/gr%C3%B6%C3%9Fe%20%231.sql","uriBaseId":"SRCROOT"')
    expect(await at('/tmp/a.sql')).toContain('"artifactLocation":{"uri":"file:///tmp/a.sql"}')
  })
})

describe('GitHub annotations', () => {
  it('name what counts, worst first, one a line', async () => {
    const lines = (await render('github', { ...result, baseline: null })).trimEnd().split('\n')
    expect(lines[0]).toMatch(/^::error title=redundancy\/unchecked-derived-amount::public\.plans/)
    expect(lines[1]).toMatch(/^::warning file=db\/schema\.sql,line=203,col=3,title=/)
    expect(lines[2]).toBe('::warning file=db/a.sql,line=3,col=1,title=Suppression::Unused.')
    expect(lines.at(-1)).toContain('1 finding suppressed')
  })

  it('leave out what a baseline knows', async () => {
    expect((await render('github')).match(/title=redundancy/g)).toHaveLength(1)
  })

  it('cannot be ended or opened by a name', async () => {
    const lines = (await render('github', hostile)).trimEnd().split('\n')
    for (const line of lines)
      expect(line).toMatch(/^::(?:error|warning|notice) (?:file=[^,:]+,line=1,col=1,)?title=[^,:]*::/)
  })
})

describe('GitLab Code Quality', () => {
  it('lists every finding with a fingerprint of its own', async () => {
    const twice = { ...result, findings: [known, known, fresh] }
    const entries = JSON.parse(await render('gitlab', twice)) as readonly { readonly fingerprint: string }[]
    expect(new Set(entries.map(({ fingerprint }) => fingerprint)).size).toBe(entries.length)
    expect(entries).toContainEqual(
      expect.objectContaining({ severity: 'major', location: { path: 'db/schema.sql', lines: { begin: 203 } } }),
    )
    expect(entries).toContainEqual(
      expect.objectContaining({
        severity: 'critical',
        location: { path: 'postgresql/public/plans', lines: { begin: 1 } },
      }),
    )
    expect(entries).toContainEqual(expect.objectContaining({ check_name: 'not-looked-at', severity: 'info' }))
  })
})

describe('JUnit', () => {
  it('fails what counts and skips the rest with its reason', async () => {
    const xml = await render('junit')
    readXml(xml)
    expect(xml).toMatch(/<testsuites name="pg-billing-audit" tests="\d+" failures="1" errors="1" skipped="\d+">/)
    expect(xml).toContain('<skipped message="Suppressed: Known.')
    expect(xml).toContain('<skipped message="Known to the baseline:')
    expect(xml).toContain('<testcase classname="a/passed" name="a/passed"/>')
  })

  it('is well-formed, whatever the names are', async () => {
    const odd = { ...hostile, findings: [...hostile.findings, makeFinding({ message: 'half \ud83d pair \ufffe ]]>' })] }
    readXml(await render('junit', odd))
  })
})

describe('CSV', () => {
  it('has a row for everything, and a state', async () => {
    const [head, ...rows] = readCsv(await render('csv'))
    expect(rows.map(([state]) => state).toSorted()).toEqual(
      [
        'known',
        'new',
        'not-looked-at',
        'not-looked-at',
        'not-looked-at',
        'resolved',
        '',
        'suppressed',
        'suppression',
      ].toSorted(),
    )
    for (const row of rows) expect(row).toHaveLength(head?.length ?? 0)
  })

  it('runs nothing in a spreadsheet and breaks no row', async () => {
    const rows = readCsv(await render('csv', hostile))
    for (const row of rows) {
      expect(row).toHaveLength(rows[0]?.length ?? 0)
      for (const cell of row) expect(cell).not.toMatch(/^[=+@\t\r]|^-\D/)
    }
  })
})

describe('the comment of a pull request', () => {
  it('begins with its marker, says what is new and resolved, and folds the rest', async () => {
    const comment = await render('pull-request')
    expect(comment.startsWith(`${MARKER}\n\n### Database review: 1 error new or worse\n`)).toBe(true)
    expect(comment).toContain('1 new, 1 known, 1 resolved')
    expect(comment.match(/<details>/g)?.length).toBe(comment.match(/<\/details>/g)?.length)
    expect(comment).toContain('What was not looked at')
  })

  it('stays below the limit', async () => {
    const many = Array.from({ length: 20_000 }, (_, at) => makeFinding({ address: `public.t${at}.c`, fix: makeFix() }))
    const comment = await render('pull-request', makeResult({ findings: many }))
    expect(comment.length).toBeLessThan(65_000)
    expect(comment).toContain('20000 warnings found')
    expect(comment.match(/<details>/g)?.length).toBe(comment.match(/<\/details>/g)?.length)
  })
})

describe.each(FORMATS)('%s', (format) => {
  it('holds nothing that a terminal obeys, whatever the names are', async () => {
    const text = await render(format, hostile)
    // What the style and the script of the HTML page hold is theirs; its names are tried in a browser.
    const shown = format === 'html' ? text.replaceAll(/<(style|script)\b.*?<\/\1>/gs, '') : text
    // eslint-disable-next-line no-control-regex
    expect(shown).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202e]/)
  })

  it('says what was not looked at and which suppressions do nothing', async () => {
    const text = await render(format)
    expect(text).toContain('No privilege.')
    if (format !== 'html') expect(text).toContain('Unused.')
  })

  it('takes 20,000 findings', async () => {
    const many = Array.from({ length: 20_000 }, (_, at) =>
      makeFinding({ address: `public.t${at % 500}.c${at}`, fingerprint: at.toString(16).padStart(32, '0') }),
    )
    const startedAt = performance.now()
    expect((await render(format, makeResult({ findings: many }))).length).toBeGreaterThan(1000)
    expect(performance.now() - startedAt).toBeLessThan(20_000)
  })
})
