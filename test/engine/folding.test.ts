import { afterAll, beforeAll, expect, it } from 'vitest'
import { judge } from '../../src/engine/judge.js'
import { loadRules } from '../../src/engine/load-rules.js'
import type { Rule } from '../../src/engine/rule.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { catalogEvidence, startScratch, withSchema } from '../scratch.js'

let server: EmbeddedServer
let rules: readonly Rule[]
beforeAll(async () => {
  server = await startScratch()
  rules = await loadRules()
})
afterAll(() => server.close())

const CAUSES = [
  ['types/inexact-money', 'unit_price', 'double precision'],
  ['types/timestamp-without-time-zone', 'sent_at', 'timestamp'],
  ['constraints/nullable-boolean', 'is_open', 'boolean default false'],
  ['security/payment-card-data', 'cvv', 'text'],
] as const

/** What the rule says of a table with one such column, and as many more as are asked for. */
async function findingsOf(id: string, name: string, type: string, more: number) {
  const columns = Array.from({ length: more }, (_, at) => `, l${String.fromCharCode(97 + at)}_${name} ${type}`)
  const sql = `create table invoice (id bigint primary key, ${name} ${type}${columns.join('')})`
  return withSchema(server, sql, (catalog) =>
    judge(
      rules.filter((rule) => rule.id === id),
      catalogEvidence(catalog),
    ).judged.map(({ finding }) => finding),
  )
}

it.each(CAUSES)('says %s once of a table, whatever the number of its columns', async (id, name, type) => {
  const [first, ...others] = await findingsOf(id, name, type, 11)
  expect(others).toEqual([])
  expect(first).toMatchObject({ rule: id, address: 'public.invoice' })
  expect(first?.related.filter((address) => address.startsWith('public.invoice.')).length).toBeGreaterThan(0)
  const [later] = await findingsOf(id, name, type, 12)
  expect(later?.fingerprint).toBe(first?.fingerprint)
})
