import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judge } from '../src/engine/judge.js'
import { loadRules } from '../src/engine/load-rules.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import type { RawCatalog } from '../src/evidence/catalog/raw.js'
import type { EmbeddedServer } from '../src/source/embedded/server.js'
import { readFixture, startScratch, withFixture } from './scratch.js'

const rules = await loadRules()

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

/** The same database, read in another order. Columns stay as they stand in their tables. */
function inReverse(rows: RawCatalog): RawCatalog {
  const { columns, ...others } = rows
  const reversed = Object.fromEntries(Object.entries(others).map(([part, list]) => [part, list.toReversed()]))
  return { ...(reversed as unknown as Omit<RawCatalog, 'columns'>), columns }
}

describe.each(rules.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  it('says the same in every order, and uses what it needs', async () => {
    const folder = new URL(`../fixtures/rules/${id}/`, import.meta.url)
    const fixture = readFixture(readFileSync(new URL('bad.sql', folder), 'utf8'))
    await withFixture(server, fixture, async (catalog, rows, evidence) => {
      const whole = evidence(catalog)
      const used = new Set<string>()
      const watched = new Proxy(
        { ...whole, options: {} },
        {
          get: (target, part) => {
            used.add(String(part))
            return Reflect.get(target, part) as unknown
          },
        },
      )
      const found = [...rule.detect(watched as never)]
      expect(found.length).toBeGreaterThan(0)
      const unused = rule.needs.filter((need) => !used.has(need))
      expect(unused).toEqual([])

      const { judged } = judge([rule], whole)
      const said = judged.map(({ finding }) => finding)
      const again = judge([rule], evidence(linkCatalog(inReverse(rows)))).judged.map(({ finding }) => finding)
      expect(again).toEqual(said)
      const wording = said.flatMap(({ severity, message, advice }) => [`- ${severity}: ${message}`, `  ${advice}`])
      await expect(`# ${id}\n\n${wording.join('\n')}\n`).toMatchFileSnapshot(
        fileURLToPath(new URL('findings.md', folder)),
      )
    })
  })
})
