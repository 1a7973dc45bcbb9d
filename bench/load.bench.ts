import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadSqlFiles } from '../src/source/files/load.js'
import { loadParser, parseStatement } from '../src/source/files/parse.js'
import { splitSql } from '../src/source/files/split.js'
import { startEmbeddedServer } from '../src/source/embedded/server.js'
import { median, milliseconds, printFigure, timesOf } from './figures.js'
import { generateDump } from './generate.js'

it('splits and parses a dump', async () => {
  await loadParser()
  const dump = generateDump(4500)
  const megabytes = Buffer.byteLength(dump) / 1e6
  let statements = 0
  let refused = 0
  const splitting = await timesOf(3, () => splitSql(dump))
  const both = await timesOf(3, () => {
    const pieces = splitSql(dump).filter(({ kind }) => kind === 'statement')
    statements = pieces.length
    refused = pieces.filter(({ from, to }) => !parseStatement(dump.slice(from, to))).length
  })
  expect(refused).toBe(0)
  console.log(`\nA dump of ${megabytes.toFixed(1)} MB, ${statements.toLocaleString('en')} statements`)
  printFigure('split', `${((megabytes * 1000) / median(splitting)).toFixed(1)} MB/s`)
  printFigure('split and parse every statement', `${((megabytes * 1000) / median(both)).toFixed(1)} MB/s`, '≥ 5 MB/s')
})

it('loads a dump into the embedded server', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-bench-'))
  const file = join(folder, 'dump.sql')
  writeFileSync(file, generateDump(700, 0))
  try {
    const start = await timesOf(3, async () => (await startEmbeddedServer()).close())
    let loaded: Awaited<ReturnType<typeof loadSqlFiles>> | undefined
    const times = await timesOf(3, async () => {
      loaded = await loadSqlFiles([file])
      await loaded.session.close()
    })
    const { statements = [], problems = [] } = loaded ?? {}
    expect(problems).toEqual([])
    console.log(`\n${statements.length.toLocaleString('en')} statements into the embedded server`)
    printFigure('start it', milliseconds(median(start)))
    printFigure('load, start included', milliseconds(median(times)))
    const warm = median(times) - median(start)
    printFigure(
      'statements in the warm server, positions read',
      `${Math.round((statements.length * 1000) / warm).toLocaleString('en')}/s`,
      '≥ 1,000/s',
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
