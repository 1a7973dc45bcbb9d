import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadRules } from '../src/engine/load-rules.js'
import type { Rule } from '../src/engine/rule.js'
import type { EmbeddedServer } from '../src/source/embedded/server.js'
import { judgeObserved, judgeRead, readLabelledMigrations } from './labelled-migrations.js'
import { startScratch } from './scratch.js'

let server: EmbeddedServer
let rules: readonly Rule[]
beforeAll(async () => {
  server = await startScratch()
  rules = await loadRules()
})
afterAll(() => server.close())

const LABELLED = readLabelledMigrations()

it('are hazards and safe twins', () => {
  const count = (of: (one: (typeof LABELLED)[number]) => number) => LABELLED.reduce((sum, one) => sum + of(one), 0)
  expect(count(({ hazards }) => hazards)).toBeGreaterThan(40)
  expect(count(({ safe }) => safe)).toBeGreaterThan(40)
})

it.each(LABELLED.map((one) => [one.name, one] as const))('are told apart on a server: %s', async (_, labelled) => {
  const { found } = await judgeObserved(server, rules, labelled)
  expect(found.toSorted()).toEqual(labelled.expected.toSorted())
})

it.each(LABELLED.map((one) => [one.name, one] as const))('are told apart by their text: %s', (_, labelled) => {
  const found = judgeRead(rules, labelled)
  expect(found.filter((one) => !labelled.expected.includes(one))).toEqual([])
})
