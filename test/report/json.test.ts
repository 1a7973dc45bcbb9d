import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import prettier from 'prettier'
import { expect, it } from 'vitest'
import { auditSchema, renderAuditSchema } from '../../src/report/json-schema.js'
import { renderJson } from '../../src/report/json.js'
import { HOSTILE, makeFinding, makeFix, makeResult } from './result.js'

const SCHEMA = new URL('../../schema/audit.json', import.meta.url)

const result = makeResult({
  findings: [
    makeFinding({
      fix: makeFix(),
      message: HOSTILE,
      evidence: { tier: 'declared', facts: { [HOSTILE]: [HOSTILE, null, 1] } },
    }),
    makeFinding({ location: null }),
  ],
  notSeen: [{ what: 'statistics', reason: 'No privilege.' }],
  normalForms: [
    { table: 'public.invoices', normalForm: 'UNF', basis: 'keys', issues: ['A list.'], recommendation: null },
  ],
})

// `npx vitest run test/report/json.test.ts -u` writes it anew.
it('is described by the published schema, which is not stale', async () => {
  const generated = await prettier.format(renderAuditSchema(), { parser: 'json', printWidth: 120 })
  await expect(generated).toMatchFileSnapshot('../../schema/audit.json')
})

it('is valid by the published schema', () => {
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
    JSON.parse(readFileSync(SCHEMA, 'utf8')),
  )
  const report: unknown = JSON.parse(renderJson(result))
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true)
  expect(validate({ ...(report as object), schemaVersion: 2 })).toBe(false)
  expect(auditSchema.safeParse(report).error).toBeUndefined()
})

it('holds what version 1 promises', () => {
  const report = JSON.parse(renderJson(result)) as { readonly findings: readonly { readonly fix: object }[] }
  expect(Object.keys(report)).toEqual([
    'schemaVersion',
    'tool',
    'target',
    'summary',
    'findings',
    'normalForms',
    'notSeen',
    'rules',
  ])
  expect(Object.keys(report.findings[0] ?? {})).toEqual(
    'rule severity address object related message advice location evidence impact complexity confidence priority fix fingerprint'.split(
      ' ',
    ),
  )
  expect(Object.keys(report.findings[0]?.fix ?? {})).toEqual([
    'status',
    'up',
    'down',
    'phase',
    'locks',
    'rewrites',
    'steps',
    'dependents',
    'data',
    'provenOn',
    'reason',
  ])
})

it('brings back every name, and holds nothing that a terminal obeys', () => {
  const json = renderJson(result)
  expect((JSON.parse(json) as { findings: { message: string }[] }).findings[0]?.message).toBe(HOSTILE)
  // eslint-disable-next-line no-control-regex
  expect(json).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
})
