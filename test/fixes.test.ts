import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadRules } from '../src/engine/load-rules.js'
import type { EmbeddedServer } from '../src/source/embedded/server.js'
import { tryFixes } from './fix-law.js'
import { startScratch } from './scratch.js'

const rules = await loadRules()
const fixable = rules.filter(({ fix }) => fix)

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

describe.each(fixable.map((rule) => [rule.id, rule] as const))('%s', (_, rule) => {
  it('has fixes that apply, cure, bring nothing new and can be undone', async () => {
    const verdict = await tryFixes(rule, rules, server)
    expect(Object.keys(verdict?.refused ?? {}), JSON.stringify(verdict?.refused)).toEqual(verdict?.expected)
  })
})
