import pg from 'pg'
import { it } from 'vitest'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import { judge } from '../src/engine/judge.js'
import { loadRules } from '../src/engine/load-rules.js'
import { selectRules } from '../src/engine/select-rules.js'
import type { Rule } from '../src/engine/rule.js'
import type { Catalog } from '../src/evidence/catalog/model.js'
import { loadParser } from '../src/kit.js'
import { openLiveSession } from '../src/source/live/session.js'
import { catalogEvidence } from '../test/scratch.js'
import { startServer } from '../test/servers.js'
import { milliseconds, printFigure } from './figures.js'
import { generateSchema } from './generate.js'

const SLOWEST = 12

it.each([5, 5000])('reads the catalog of %s tables', async (tables) => {
  const server = await startServer(15)
  const url = await server.createDatabase('create schema bench')
  const client = new pg.Client(url)
  await client.connect()
  const statements = generateSchema(tables)
  for (let at = 0; at < statements.length; at += 500) await client.query(statements.slice(at, at + 500).join(';'))
  await client.end()

  const session = await openLiveSession(url)
  let queries = 0
  const counting = {
    ...session,
    query: ((sql: string, parameters?: readonly unknown[]) => {
      queries++
      return session.query(sql, parameters)
    }) as typeof session.query,
  }
  const start = performance.now()
  const raw = await readCatalog(counting)
  const catalog = linkCatalog(raw)
  const read = performance.now() - start
  await session.close()
  const columns = catalog.columns().length
  const indexes = catalog.indexes().length
  console.log(`\n${catalog.tables.length} tables, ${columns} columns, ${indexes} indexes, PostgreSQL ${server.major}`)
  printFigure('queries', String(queries), '≤ 15')
  printFigure('read and link', milliseconds(read), tables === 5000 ? '≤ 3,000 ms' : '')
  printFigure('resident memory', `${Math.round(process.memoryUsage().rss / 1e6)} MB`, tables === 5000 ? '≤ 400 MB' : '')

  await loadParser()
  const rules = selectRules(await loadRules(), undefined)
  const judgeBy = (book: readonly Rule[], of: Catalog) => judge(book, catalogEvidence(of))
  const judging = performance.now()
  const cpu = process.cpuUsage()
  const { judged } = judgeBy(rules, catalog)
  const { user, system } = process.cpuUsage(cpu)
  printFigure(
    `${rules.length} rules (${judged.length} findings)`,
    milliseconds(performance.now() - judging),
    '≤ 1,500 ms',
  )
  printFigure('processor time of it', milliseconds((user + system) / 1000))

  const times: { readonly id: string; readonly time: number }[] = []
  judgeBy(
    rules.map((rule) => timed(rule, (time) => times.push({ id: rule.id, time }))),
    linkCatalog(raw),
  )
  const slowest = times.toSorted((a, b) => b.time - a.time).slice(0, SLOWEST)
  console.log('  the slowest rules; what several look at is counted for the first')
  for (const { id, time } of slowest) printFigure(`  ${id}`, milliseconds(time), '≤ 150 ms')
})

/** The rule, telling how many milliseconds it looked. */
function timed(rule: Rule, tell: (time: number) => void): Rule {
  return {
    ...rule,
    detect(context) {
      const start = performance.now()
      const found = [...rule.detect(context)]
      tell(performance.now() - start)
      return found
    },
  }
}
