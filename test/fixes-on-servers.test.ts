import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadRules } from '../src/engine/load-rules.js'
import { loadParser } from '../src/evidence/catalog/expression.js'
import { openScratchServer, type ScratchServer } from '../src/source/live/scratch-server.js'
import type { ScratchSession } from '../src/source/session.js'
import { requiredBy, tryFixes } from './fix-law.js'
import { startServer } from './servers.js'

const rules = await loadRules()
const fixable = rules.filter(({ fix }) => fix)

/** Rules about what only newer servers have, and since when. */
const NEWER = [
  ['constraints/set-null-on-not-null', 15],
  ['maintenance/unenforced-constraint', 18],
  ['security/view-bypasses-row-security', 15],
] as const

describe.each([
  [14, 'this server'],
  [15, 'any server'],
  [18, 'any server'],
] as const)('on PostgreSQL %i, written for %s', (major, writtenFor) => {
  let maker: ScratchServer
  let scratch: ScratchSession
  beforeAll(async () => {
    await loadParser()
    maker = await openScratchServer((await startServer(major)).url)
    scratch = await maker.createDatabase()
  })
  afterAll(async () => {
    expect(await maker.close()).toEqual([])
  })

  it('tries all but what needs a newer server', () => {
    const skipped = fixable.filter(({ id }) => requiredBy(id) > major).map(({ id }) => id)
    expect(skipped).toEqual(NEWER.filter(([, since]) => since > major).map(([id]) => id))
  })

  it.each(fixable.map((rule) => [rule.id, rule] as const))('%s', async (_, rule) => {
    const verdict = await tryFixes(rule, rules, scratch, writtenFor)
    if (verdict) expect(Object.keys(verdict.refused), JSON.stringify(verdict.refused)).toEqual(verdict.expected)
  })
})
