import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'vitest'
import { median, milliseconds, printFigure, timesOf } from './figures.js'
import { generateDump } from './generate.js'

function run(...args: string[]): void {
  const { status, stderr } = spawnSync('node', ['bin/run.js', ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

it('starts', async () => {
  console.log('\nThe command, whole process, median of 7 after a warm-up')
  run('--help')
  printFigure('--help', milliseconds(median(await timesOf(7, () => run('--help')))), '≤ 300 ms')
  const scan = () => run('scan', 'fixtures/valueverse', '--fail-on', 'never')
  scan()
  printFigure('scan fixtures/valueverse, warm', milliseconds(median(await timesOf(7, scan))), '≤ 2,500 ms')
  const folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-bench-'))
  try {
    const dump = join(folder, 'dump.sql')
    writeFileSync(dump, generateDump(140, 0))
    const scanDump = () => run('scan', dump, '--fail-on', 'never')
    printFigure(
      'scan a dump of 140 tables, proofs included, warm',
      milliseconds(median(await timesOf(5, scanDump))),
      '≤ 4,000 ms',
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
