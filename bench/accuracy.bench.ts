import { readFileSync } from 'node:fs'
import { it } from 'vitest'
import { judge } from '../src/engine/judge.js'
import { loadRules } from '../src/engine/load-rules.js'
import { loadParser } from '../src/kit.js'
import type { Evidence } from '../src/evidence/model.js'
import { type EmbeddedServer } from '../src/source/embedded/server.js'
import { readFixture, startScratch, withSchema } from '../test/scratch.js'

/** What a labelled case came to, for one rule. */
interface Score {
  found: number
  missed: string[]
  false: string[]
}

async function evidenceOf<T>(server: EmbeddedServer, sql: string, use: (evidence: Evidence) => T): Promise<T> {
  const { schema, evidence } = readFixture(sql)
  return withSchema(server, schema, (catalog) => use(evidence(catalog)))
}

it('finds what the labelled cases say, and nothing else', async () => {
  await loadParser()
  const rules = await loadRules()
  const server = await startScratch()
  const scores = new Map<string, Score>(rules.map(({ id }) => [id, { found: 0, missed: [], false: [] }]))
  const count = (id: string, where: string, expected: ReadonlySet<string>, found: ReadonlySet<string>) => {
    const score = scores.get(id) as Score
    for (const address of expected)
      if (found.has(address)) score.found++
      else score.missed.push(`${address} (${where})`)
    for (const address of found) if (!expected.has(address)) score.false.push(`${address} (${where})`)
  }
  for (const rule of rules)
    for (const name of ['bad.sql', 'good.sql']) {
      const file = `fixtures/rules/${rule.id}/${name}`
      const sql = readFileSync(file, 'utf8')
      const expected = [...sql.matchAll(/^\s*-- expect: (.+)$/gm)].map((match) => match[1]?.trim() ?? '')
      const { judged } = await evidenceOf(server, sql, (evidence) => judge([rule], evidence))
      count(rule.id, file, new Set(expected), new Set(judged.map(({ finding }) => finding.address)))
    }
  const valueverse = readFileSync('fixtures/valueverse/defects.md', 'utf8')
  const [defects = '', lookAlikes = ''] = valueverse.split('## Look-alikes')
  const sql = ['schema.sql', 'queries.sql'].map((file) => readFileSync(`fixtures/valueverse/${file}`, 'utf8'))
  const { judged } = await evidenceOf(server, sql.join('\n-- workload\n'), (evidence) => judge(rules, evidence))
  for (const { id } of rules) {
    const of = judged.filter(({ finding }) => finding.rule === id)
    const found = new Set(
      of.flatMap(({ finding: { address, object, related } }) => [address, ...(object.kind === 'table' ? related : [])]),
    )
    const expected = [...defects.matchAll(/^\|[^|]*\| `([^`]+)` +\| `([^`]+)` +\|$/gm)]
    const fine = [...lookAlikes.matchAll(/^\| `([^`]+)` +\| `([^`]+)` +\|/gm)]
    const addressesOf = (rows: readonly RegExpMatchArray[]) =>
      new Set(rows.filter(([, , rule]) => rule === id).map(([, address = '']) => address))
    const wanted = addressesOf(expected)
    const unwanted = addressesOf(fine)
    count(id, 'fixtures/valueverse', wanted, new Set([...found].filter((one) => wanted.has(one) || unwanted.has(one))))
  }
  await server.close()

  console.log(`\n${'rule'.padEnd(52)} true false missed`)
  for (const [id, score] of scores) {
    console.log(
      `${id.padEnd(52)} ${String(score.found).padStart(4)} ${String(score.false.length).padStart(5)} ${String(score.missed.length).padStart(6)}`,
    )
    for (const address of score.missed) console.log(`    missed ${address}`)
    for (const address of score.false) console.log(`    false  ${address}`)
  }
  const totals = [...scores.values()]
  const sum = (of: (score: Score) => number) => totals.reduce((total, score) => total + of(score), 0)
  console.log(
    `${'all'.padEnd(52)} ${String(sum(({ found }) => found)).padStart(4)} ${String(sum((score) => score.false.length)).padStart(5)} ${String(sum(({ missed }) => missed.length)).padStart(6)}`,
  )
})
