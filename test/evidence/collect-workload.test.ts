import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import { collectWorkload } from '../../src/evidence/workload/collect.js'
import { withLiterals } from '../../src/evidence/workload/literals.js'

beforeAll(loadParser)

const folder = mkdtempSync(join(tmpdir(), 'workload-'))
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const log = file(
  'server.log',
  "2026-01-31 10:00:00.000 UTC [42] LOG:  duration: 0.5 ms  statement: select id from customer where email = 'eve@example.org'\n",
)
const sql = file('queries.sql', "select id from customer where email = 'mallory@example.org' and id = 7;")

it('ends what is open at the server before logs are read, and only then', async () => {
  const order: string[] = []
  const release = async () => void order.push('released')
  const onProgress = () => void order.push('read')
  await collectWorkload({ paths: [sql], session: null, saved: null, release, onProgress })
  expect(order).toEqual([])
  await collectWorkload({ paths: [log], session: null, saved: null, release, onProgress })
  expect(order).toEqual(['released', 'read'])
})

it('shows literals only where they are asked for', async () => {
  const { workload } = await collectWorkload({ paths: [log, sql], session: null, saved: null })
  const shown = (queries = workload?.queries) => queries?.map(({ normalized }) => normalized).join(' ') ?? ''
  expect(shown()).not.toMatch(/eve|mallory|7/)
  expect(shown(withLiterals(workload!).queries)).toMatch(/eve@example\.org[^]*|mallory@example\.org[^]*/)
  expect(shown(withLiterals(workload!).queries)).toContain("'mallory@example.org' and id = 7")
})
