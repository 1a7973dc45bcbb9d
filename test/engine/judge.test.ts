import { afterAll, beforeAll, expect, it } from 'vitest'
import { judge } from '../../src/engine/judge.js'
import { loadRules } from '../../src/engine/load-rules.js'
import { findRule } from '../../src/engine/select-rules.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { MADE_UP_STATISTICS } from '../report/statistics.js'
import { catalogEvidence, startScratch, withSchema } from '../scratch.js'

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

it('skips a rule whose counters are too young, and says so', async () => {
  const rule = findRule(await loadRules(), 'indexes/unused-index')
  expect(rule.countedDays).toBe(30)
  const outcome = (resetAt: string | null) =>
    withSchema(server, 'create table t (id int)', (catalog) => {
      const statistics = { ...MADE_UP_STATISTICS, collectedAt: '2026-05-31T00:00:00Z', resetAt }
      return judge([rule], { ...catalogEvidence(catalog), statistics }).outcomes[0]
    })
  const skipped = { id: rule.id, outcome: 'skipped', lacks: 'statistics' }
  expect(await outcome('2026-05-01T00:00:00Z')).toEqual({ id: rule.id, outcome: 'passed', reason: null })
  expect(await outcome('2026-05-02T00:00:00Z')).toEqual({
    ...skipped,
    reason: 'The server has counted for 29 days; the rule needs 30 days.',
  })
  expect(await outcome('2026-05-30T18:00:00Z')).toEqual({
    ...skipped,
    reason: 'The server has counted for less than a day; the rule needs 30 days.',
  })
  expect(await outcome(null)).toEqual({
    ...skipped,
    reason: 'Since when the server counts is not known; the rule needs 30 days.',
  })
})
