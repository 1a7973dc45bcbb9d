import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadRules } from '../src/engine/load-rules.js'
import { loadParser } from '../src/evidence/catalog/expression.js'
import { openScratchServer, type ScratchServer } from '../src/source/live/scratch-server.js'
import type { ScratchSession } from '../src/source/session.js'
import { runFixes } from './fix-law.js'
import { startServer } from './servers.js'

const fixable = (await loadRules()).filter(({ fix }) => fix)

/** Rules whose fixtures say what a server does not know, such as SET NULL of some columns, or publications of partitioned tables. */
const NEWER = {
  12: [
    'constraints/set-null-on-not-null',
    'maintenance/published-without-identity',
    'maintenance/unenforced-constraint',
    'redundancy/duplicate-trigger',
    'security/view-bypasses-row-security',
    'types/upgrade-blocking-type',
  ],
  13: ['constraints/set-null-on-not-null', 'maintenance/unenforced-constraint', 'security/view-bypasses-row-security'],
} as const

// What the fixes come to is proven on newer servers; here every statement meets one that knows no later syntax.
describe.each([12, 13] as const)('on PostgreSQL %i', (major) => {
  let maker: ScratchServer
  let scratch: ScratchSession
  beforeAll(async () => {
    await loadParser()
    maker = await openScratchServer((await startServer(major)).url)
    scratch = await maker.createDatabase()
    // Fixtures call gen_random_uuid(), which is PostgreSQL's own from 13 on.
    if (major < 13) expect(await scratch.execute('create extension pgcrypto schema pg_catalog')).toBeNull()
  })
  afterAll(async () => {
    expect(await maker.close()).toEqual([])
  })

  it('runs the statements of every fix, and takes them back', async () => {
    const failed: Record<string, readonly string[]> = {}
    const newer: string[] = []
    for (const rule of fixable) {
      const problems = await runFixes(rule, scratch)
      if (problems === null) newer.push(rule.id)
      else if (problems.length > 0) failed[rule.id] = problems
    }
    expect(failed).toEqual({})
    expect(newer).toEqual(NEWER[major])
  }, 120_000)
})
