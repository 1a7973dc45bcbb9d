import { spawnSync } from 'node:child_process'
import { it } from 'vitest'
import { median, milliseconds, printFigure, timesOf } from './figures.js'

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
})
