import { beforeAll, expect, it } from 'vitest'
import { audit } from '../../src/audit/audit.js'
import type { AuditResult } from '../../src/engine/result.js'
import { FORMATS, renderReport } from '../../src/report/formats.js'

const FOLDER = 'fixtures/valueverse'
/** A few rules, so that a new rule does not change these files. */
const RULES = [
  'constraints/unordered-period',
  'constraints/unchecked-usage-limit',
  'indexes/missing-foreign-key-index',
  'keys/nullable-unique-column',
]
const ENDINGS: Readonly<Record<string, string>> = {
  markdown: 'md',
  'pull-request': 'md',
  json: 'json',
  sarif: 'json',
  gitlab: 'json',
  junit: 'xml',
  csv: 'csv',
}

let result: AuditResult
beforeAll(async () => {
  const found = await audit({
    source: { kind: 'files', paths: [`${FOLDER}/schema.sql`, `${FOLDER}/seed.sql`] },
    workload: [`${FOLDER}/queries.sql`],
    rules: RULES,
    startedAt: new Date('2026-01-01T00:00:00Z'),
  })
  result = { ...found, tool: { name: 'pg-billing-audit', version: '1.2.3' } }
})

/** What the page says and how it is built, without what only draws it: one line an element that begins one. */
function outline(html: string): string {
  return html
    .replace(/<(script|style|svg|head)\b.*?<\/\1>/gs, '')
    .replace(/<(?!\/)(\w+)\b([^>]*)>/g, (_, name: string, attributes: string) => {
      const kept = [...attributes.matchAll(/ (id|href|class|name|hidden|open|data-\w)(?:="([^"]*)")?/g)]
        .filter(([, key, value]) => key !== 'class' || /^(?:s|f|rule|chapter|part|tiles|sql)\b/.test(value ?? ''))
        .map(([, key, value]) => (value === undefined ? key : `${key}=${value}`))
      const inline = /^(?:code|a|b|i|span|small|br|wbr|option|mark)$/.test(name)
      if (inline) return /^(?:code|a|wbr)$/.test(name) ? '' : ' '
      return `\n<${[name, ...kept].join(' ')}> `
    })
    .replace(/<\/\w+>/g, '')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter(Boolean)
    .join('\n')
}

it('the page of ValueVerse says what it said when it was read last', async () => {
  const html = await renderReport('html', result, { color: 0, width: 100, verbose: false })
  await expect(`${outline(html)}\n`).toMatchFileSnapshot('valueverse/html.txt')
})

// `npx vitest run test/report/valueverse.test.ts -u` writes them anew.
it.each(FORMATS.filter((format) => format !== 'html'))('%s of ValueVerse is as it was read last', async (format) => {
  const text = await renderReport(format, result, { color: 0, width: 100, verbose: false })
  const timeless = text.replaceAll(
    /"milliseconds": \d+,(\s+)"snapshotAt": "[^"]*"/g,
    '"milliseconds": 1,$1"snapshotAt": ""',
  )
  await expect(timeless).toMatchFileSnapshot(`valueverse/${format}.${ENDINGS[format] ?? 'txt'}`)
})
