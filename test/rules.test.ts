import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judge } from '../src/engine/judge.js'
import { loadRules } from '../src/engine/load-rules.js'
import type { Rule } from '../src/engine/rule.js'
import type { EmbeddedServer } from '../src/source/embedded/server.js'
import { readFixture, startScratch, withFixture } from './scratch.js'

const FIXTURES = new URL('../fixtures/rules/', import.meta.url)
const rules = await loadRules()

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

async function findingsOf(rule: Rule, sql: string): Promise<string[]> {
  return withFixture(server, readFixture(sql), (catalog, _rows, evidence) => {
    const { judged, outcomes } = judge([rule], evidence(catalog))
    expect(outcomes[0]?.reason).toBeNull()
    for (const { finding } of judged) expect(JSON.parse(JSON.stringify(finding.evidence))).toEqual(finding.evidence)
    return judged.map(({ finding }) => finding.address)
  })
}

it('every fixture folder belongs to a rule', () => {
  const folders = readdirSync(FIXTURES).flatMap((category) =>
    readdirSync(new URL(`${category}/`, FIXTURES)).map((defect) => `${category}/${defect}`),
  )
  expect(folders.toSorted()).toEqual(rules.map(({ id }) => id).toSorted())
})

describe.each(rules.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  const fixture = (name: string) => readFileSync(new URL(`${id}/${name}`, FIXTURES), 'utf8')
  const expected = (sql: string) => [...sql.matchAll(/^\s*-- expect: (.+)$/gm)].map((match) => match[1]?.trim() ?? '')

  it('has fixtures', () => {
    for (const name of ['bad.sql', 'good.sql']) expect(existsSync(new URL(`${id}/${name}`, FIXTURES))).toBe(true)
  })

  it('fires on its bad example and not on its good one', async () => {
    expect(await findingsOf(rule, rule.docs.bad)).not.toEqual([])
    expect(await findingsOf(rule, rule.docs.good)).toEqual([])
  })

  it('finds exactly what bad.sql expects', async () => {
    const sql = fixture('bad.sql')
    expect(await findingsOf(rule, sql)).toEqual(expected(sql).toSorted())
  })

  it('is silent on good.sql', async () => {
    expect(await findingsOf(rule, fixture('good.sql'))).toEqual([])
  })
})
