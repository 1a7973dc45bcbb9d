import { expect, it } from 'vitest'
import { renderJson } from '../../src/report/json.js'
import { renderMarkdown } from '../../src/report/markdown.js'
import { renderTerminal } from '../../src/report/terminal.js'
import { makeResult } from './result.js'

const PLAIN = { color: 0, width: 100, verbose: false } as const
const drift = [
  { kind: 'table', address: 'public.legacy', change: 'only in the database', details: [] },
  {
    kind: 'column',
    address: 'public.invoices.total',
    change: 'different',
    details: [{ what: 'type', files: 'numeric(14,2)', database: 'double precision' }],
  },
] as const

it('is told in every format when files and a database were compared', () => {
  const result = makeResult({ drift })
  const change = 'different; type: numeric(14,2) in the files, double precision in the database'
  expect(renderTerminal(result, { ...PLAIN, width: 120 })).toContain(`  - column public.invoices.total: ${change}`)
  expect(renderMarkdown(result)).toContain(`| \`column public.invoices.total\` | ${change} |`)
  expect(JSON.parse(renderJson(result))).toMatchObject({ drift })
})

it('is told to be none, and is not mentioned when nothing was compared', () => {
  expect(renderTerminal(makeResult({ drift: [] }), PLAIN)).toContain('None: the database is what the files make.')
  expect(renderTerminal(makeResult(), PLAIN)).not.toContain('Drift')
  expect(renderMarkdown(makeResult())).not.toContain('Drift')
  expect(JSON.parse(renderJson(makeResult()))).not.toHaveProperty('drift')
})
