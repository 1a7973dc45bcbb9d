import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadParser } from '../src/evidence/catalog/expression.js'
import { readServerLogs } from '../src/evidence/workload/log/read.js'
import { printFigure } from './figures.js'

const SIZE = 1e9
const SESSIONS = 40

it('reads a log of 1 GB', async () => {
  await loadParser()
  const folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-bench-'))
  const path = join(folder, 'server.log')
  try {
    writeLog(path)
    const megabytes = statSync(path).size / 1e6
    const before = performance.now()
    const cpu = process.cpuUsage()
    const { workload, notSeen } = await readServerLogs([path])
    const seconds = (performance.now() - before) / 1000
    const { user, system } = process.cpuUsage(cpu)
    const counting = performance.now()
    spawnSync('wc', ['-l', path])
    const ratio = seconds / ((performance.now() - counting) / 1000)
    expect(notSeen).toEqual([])
    expect(workload.queries).toHaveLength(4)
    console.log(`\nA log of ${Math.round(megabytes)} MB`)
    printFigure('read it', `${(megabytes / seconds).toFixed(0)} MB/s`, '≥ 60 MB/s')
    printFigure('processor time of it', `${((user + system) / 1e6).toFixed(1)} s`)
    printFigure('as many times as long as wc -l', ratio.toFixed(0))
    printFigure('memory, at most', `${Math.round(process.resourceUsage().maxRSS / 1000)} MB`, '≤ 300 MB')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

function writeLog(path: string): void {
  const file = openSync(path, 'w')
  let time = Date.UTC(2026, 0, 1)
  let written = 0
  for (let number = 0; written < SIZE;) {
    const lines: string[] = []
    for (const end = number + 20_000; number < end; number++) {
      time += 3
      const prefix = `${new Date(time).toISOString().replace('T', ' ').replace('Z', ' UTC')} [${1000 + (number % SESSIONS)}] app@billing `
      lines.push(...messagesOf(number).map((message) => `${prefix}${message}\n`))
    }
    written += writeSync(file, lines.join(''))
  }
  closeSync(file)
}

function messagesOf(number: number): readonly string[] {
  const duration = `LOG:  duration: 0.${100 + (number % 900)} ms `
  const messages = [
    [
      `${duration} execute <unnamed>: select id, name, status from customer where id = $1`,
      `DETAIL:  Parameters: $1 = '${number}'`,
    ],
    [
      `${duration} statement: select * from invoice where organization_id = ${number % 977} and status in ('open', 'past_due') order by due_date limit 50`,
    ],
    [
      `${duration} statement: insert into usage_event (organization_id, metric, quantity, recorded_at)\n\tvalues (${number}, 'api_calls', ${number % 7}.5, '2026-01-01 00:00:00+00')`,
    ],
    [
      `${duration} statement: update subscription set seats = seats + 1 where id = '00000000-aaaa-bbbb-cccc-${String(number).padStart(12, '0')}'`,
    ],
    ['LOG:  connection authorized: user=app database=billing'],
  ]
  return messages[number % messages.length] ?? []
}
