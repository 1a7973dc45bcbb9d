import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { audit } from '../../src/audit/audit.js'
import { writeMigration } from '../../src/cli/fixing.js'
import type { AuditResult } from '../../src/engine/result.js'
import { WRITERS } from '../../src/fix/writers/index.js'
import { AT, auditSql, BASE, layFiles, makeFolder, projectOf, RULES, writeFor } from './projects.js'

let result: AuditResult
beforeAll(async () => {
  result = await auditSql(BASE)
})

let folder: ReturnType<typeof makeFolder>
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => folder.remove())

it('has four proven fixes to write', () => {
  expect(result.findings.map(({ rule, address, fix }) => `${rule} ${address} ${fix?.status}`)).toMatchInlineSnapshot(`
    [
      "constraints/unordered-period public.subscription.period_end proven",
      "indexes/missing-foreign-key-index public.subscription.subscription_organization_id_fkey proven",
      "constraints/unordered-period public.trial.period_end proven",
      "indexes/redundant-index public.trial.trial_organization_idx proven",
    ]
  `)
})

/** Tools whose migrations a scan does not read. */
const NOT_READ = new Set(['rails'])

describe.each(WRITERS.map((writer) => [writer.name, writer] as const))('%s', (name, writer) => {
  it('has these files', async () => {
    layFiles(folder.path, projectOf(name, BASE))
    const files = writeFor(writer, result, folder.path)
    const text = files.map((file) => `════ ${file.path} (${file.role})\n${file.text}`).join('\n')
    await expect(text).toMatchFileSnapshot(`formats/${name}.txt`)
  })

  it.skipIf(NOT_READ.has(name))('is scanned as the same tool, with nothing left to fix', async () => {
    layFiles(folder.path, projectOf(name, BASE))
    writeMigration(writeFor(writer, result, folder.path), folder.path)
    const { load, findings } = await audit({
      source: { kind: 'files', paths: [folder.path] },
      rules: RULES,
      prove: false,
      startedAt: AT,
    })
    expect(load?.layout.name).toBe(name)
    expect(load?.problems).toEqual([])
    expect(findings.map(({ rule }) => rule)).toEqual([])
  })
})
