import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judge } from '../src/engine/judge.js'
import { loadRules } from '../src/engine/load-rules.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import type { Catalog } from '../src/evidence/catalog/model.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import { proveFixes } from '../src/fix/prove.js'
import type { EmbeddedServer } from '../src/source/embedded/server.js'
import type { ScratchSession } from '../src/source/session.js'
import { emptyDatabase, readFixture, startScratch } from './scratch.js'

const rules = await loadRules()
const fixable = rules.filter(({ fix }) => fix)

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

/** An emptied database with this schema; closing it leaves the server running. */
async function openScratch(sql: string): Promise<ScratchSession> {
  await emptyDatabase(server)
  await server.execute('set search_path to public')
  expect(await server.execute(sql)).toBeNull()
  await server.execute('set search_path to pg_catalog')
  return { ...server, close: async () => undefined }
}

describe.each(fixable.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  it('has fixes that apply, cure, bring nothing new and can be undone', async () => {
    const sql = readFileSync(new URL(`../fixtures/rules/${id}/bad.sql`, import.meta.url), 'utf8')
    // Opinions are silent unless they are asked for.
    const spoken = rules.filter((other) => !other.optIn || other === rule)
    const refusals = [...sql.matchAll(/^\s*-- refused: (.+)$/gm)].map((match) => match[1]?.trim())
    const { schema, evidence } = readFixture(sql)
    const catalog = linkCatalog(await readCatalog(await openScratch(schema)))
    const candidates = judge([rule], evidence(catalog))
      .judged.filter(({ steps }) => steps.length > 0)
      .map(({ finding, steps, reveals }) => ({
        id: finding.address,
        reveals,
        table: `${finding.object.schema}.${finding.object.table}`,
        steps,
      }))
    const judgeAgain = (catalog: Catalog) =>
      judge(spoken, evidence(catalog)).judged.map(({ finding }) => ({
        id: finding.rule === id ? finding.address : `${finding.rule} ${finding.address}`,
        rule: finding.rule,
        address: finding.address,
        table: `${finding.object.schema}.${finding.object.table}`,
      }))
    const proofs = await proveFixes({ openScratch: () => openScratch(schema), judge: judgeAgain }, [candidates])
    const refused = [...proofs].filter(([, proof]) => proof.refused).map(([address, proof]) => [address, proof.refused])
    expect(
      refused.map(([address]) => address),
      JSON.stringify(refused),
    ).toEqual(refusals)
  })
})
