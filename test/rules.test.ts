import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judge } from '../src/engine/judge.js'
import { loadRules } from '../src/engine/load-rules.js'
import type { Rule } from '../src/engine/rule.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import type { Catalog } from '../src/evidence/catalog/model.js'
import type { RawCatalog } from '../src/evidence/catalog/raw.js'
import type { Evidence } from '../src/evidence/model.js'
import type { EmbeddedServer } from '../src/source/embedded/server.js'
import { readFixture, startScratch, withFixture } from './scratch.js'

const FIXTURES = new URL('../fixtures/rules/', import.meta.url)
const rules = await loadRules()

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

interface Loaded {
  readonly rows: RawCatalog
  readonly whole: Evidence
  evidence(catalog: Catalog): Evidence
}

function load(sql: string): Promise<Loaded> {
  return withFixture(server, readFixture(sql), (catalog, rows, evidence) => ({
    rows,
    whole: evidence(catalog),
    evidence,
  }))
}

function findingsOf(rule: Rule, { whole }: Loaded): string[] {
  const { judged, outcomes } = judge([rule], whole)
  expect(outcomes[0]?.reason).toBeNull()
  for (const { finding } of judged) expect(JSON.parse(JSON.stringify(finding.evidence))).toEqual(finding.evidence)
  return judged.map(({ finding }) => finding.address)
}

/** The same database, read in another order. Columns stay as they stand in their tables. */
function inReverse(rows: RawCatalog): RawCatalog {
  const { columns, ...others } = rows
  const reversed = Object.fromEntries(Object.entries(others).map(([part, list]) => [part, list.toReversed()]))
  return { ...(reversed as unknown as Omit<RawCatalog, 'columns'>), columns }
}

it('every fixture folder belongs to a rule', () => {
  const folders = readdirSync(FIXTURES).flatMap((category) =>
    readdirSync(new URL(`${category}/`, FIXTURES)).map((defect) => `${category}/${defect}`),
  )
  expect(folders.toSorted()).toEqual(rules.map(({ id }) => id).toSorted())
})

describe.each(rules.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  const folder = new URL(`${id}/`, FIXTURES)
  const fixture = (name: string) => readFileSync(new URL(name, folder), 'utf8')
  const expected = (sql: string) => [...sql.matchAll(/^\s*-- expect: (.+)$/gm)].map((match) => match[1]?.trim() ?? '')
  let bad: Loaded
  beforeAll(async () => {
    bad = await load(fixture('bad.sql'))
  })

  it('has fixtures', () => {
    for (const name of ['bad.sql', 'good.sql']) expect(existsSync(new URL(name, folder))).toBe(true)
  })

  it('fires on its bad example and not on its good one', async () => {
    expect(findingsOf(rule, await load(rule.docs.bad))).not.toEqual([])
    expect(findingsOf(rule, await load(rule.docs.good))).toEqual([])
  })

  it('finds exactly what bad.sql expects', () => {
    expect(findingsOf(rule, bad)).toEqual(expected(fixture('bad.sql')).toSorted())
  })

  it('is silent on good.sql', async () => {
    expect(findingsOf(rule, await load(fixture('good.sql')))).toEqual([])
  })

  it('uses what it needs', () => {
    const used = new Set<string>()
    const watched = new Proxy(
      { ...bad.whole, options: {} },
      {
        get: (target, part) => {
          used.add(String(part))
          return Reflect.get(target, part) as unknown
        },
      },
    )
    expect([...rule.detect(watched as never)].length).toBeGreaterThan(0)
    expect(rule.needs.filter((need) => !used.has(need))).toEqual([])
  })

  it('says the same in every order', async () => {
    const said = judge([rule], bad.whole).judged.map(({ finding }) => finding)
    const again = judge([rule], bad.evidence(linkCatalog(inReverse(bad.rows)))).judged.map(({ finding }) => finding)
    expect(again).toEqual(said)
    const wording = said.flatMap(({ severity, message, advice }) => [`- ${severity}: ${message}`, `  ${advice}`])
    await expect(`# ${id}\n\n${wording.join('\n')}\n`).toMatchFileSnapshot(
      fileURLToPath(new URL('findings.md', folder)),
    )
  })
})
