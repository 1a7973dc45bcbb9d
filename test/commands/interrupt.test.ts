import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { installPackage, type Installed } from './package.js'

let installed: Installed
let folder: string
beforeAll(() => {
  installed = installPackage()
  folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-interrupt-'))
})
afterAll(() => {
  installed.remove()
  rmSync(folder, { recursive: true, force: true })
})

it('ends a scan on Ctrl-C with one sentence, and writes nothing', async () => {
  writeFileSync(join(folder, 'slow.sql'), 'create table a (id int primary key); select pg_sleep(40);')
  const args = [join(installed.folder, 'bin/run.js'), 'scan', 'slow.sql', '-o', 'report.txt']
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text) => (stdout += text))
  child.stderr.on('data', (text) => (stderr += text))
  await sleep(6000)
  child.kill('SIGINT')
  const [code] = (await once(child, 'close')) as [number | null]
  expect(stderr).toBe('Error: Interrupted.\n  Nothing was written, and the running query was cancelled.\n')
  expect({ code, stdout, files: readdirSync(folder) }).toEqual({ code: 130, stdout: '', files: ['slow.sql'] })
})
