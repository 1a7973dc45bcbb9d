import pg from 'pg'
import { it } from 'vitest'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import { judge } from '../src/engine/judge.js'
import { loadRules } from '../src/engine/load-rules.js'
import { selectRules } from '../src/engine/select-rules.js'
import { loadParser } from '../src/kit.js'
import { openLiveSession } from '../src/source/live/session.js'
import { startServer } from '../test/servers.js'
import { milliseconds, printFigure } from './figures.js'
import { generateSchema } from './generate.js'

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
  const catalog = linkCatalog(await readCatalog(counting))
  const read = performance.now() - start
  await session.close()
  const columns = [...catalog.columns()].length
  const indexes = [...catalog.indexes()].length
  console.log(`\n${catalog.tables.length} tables, ${columns} columns, ${indexes} indexes, PostgreSQL ${server.major}`)
  printFigure('queries', String(queries), '≤ 15')
  printFigure('read and link', milliseconds(read), tables === 5000 ? '≤ 3,000 ms' : '')
  printFigure('resident memory', `${Math.round(process.memoryUsage().rss / 1e6)} MB`, tables === 5000 ? '≤ 400 MB' : '')

  await loadParser()
  const rules = selectRules(await loadRules(), undefined)
  const judging = performance.now()
  const { judged } = judge(rules, { catalog, statistics: null, workload: null, source: null, migrations: null })
  printFigure(
    `${rules.length} rules (${judged.length} findings)`,
    milliseconds(performance.now() - judging),
    '≤ 1,500 ms',
  )
})
