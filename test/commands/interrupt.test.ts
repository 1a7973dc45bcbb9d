import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startServer } from '../servers.js'
import { installPackage, type Installed } from './package.js'

let installed: Installed
let folder: string
beforeAll(async () => {
  installed = await installPackage(['src/cli/write-files.ts'])
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

it.each(['SIGINT', 'SIGTERM'] as const)('drops the scratch database of a proof at %s', async (signal) => {
  const server = await startServer(15)
  const url = await server.createDatabase(readFileSync('fixtures/valueverse/schema.sql', 'utf8'))
  const place = mkdtempSync(join(folder, 'proof-'))
  const args = [join(installed.folder, 'bin/run.js'), 'fix', url, '--proof-db', server.url, '-o', place]
  const child = spawn(process.execPath, args, { cwd: place, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close') as Promise<[number | null]>
  let stderr = ''
  child.stderr.on('data', (text) => (stderr += text))
  const scratches = () => server.run(String.raw`select datname from pg_database where datname ~ '^pg_billing_audit_'`)
  while ((await scratches()).length === 0) {
    if (child.exitCode !== null) throw new Error(`It ended before a proof began: ${stderr}`)
    await sleep(10)
  }
  child.kill(signal)
  const [code] = await ended
  expect(stderr).toBe('Error: Interrupted.\n  Nothing was written, and the running query was cancelled.\n')
  expect({ code, files: readdirSync(place), left: await scratches() }).toEqual({ code: 130, files: [], left: [] })
})

describe('writing files', () => {
  let place: string
  beforeEach(() => {
    place = mkdtempSync(join(folder, 'writing-'))
  })
  afterEach(() => rmSync(place, { recursive: true, force: true }))

  const COUNT = 400

  /** A process that writes many files, and says when it begins. */
  function startWriting() {
    const script = `
      const { writeFiles } = await import(process.argv[1])
      const files = Array.from({ length: ${COUNT} }, (_, number) => ({
        path: process.argv[2] + '/' + number + '.sql', text: String(number).repeat(20000) }))
      process.stdout.write('begin')
      writeFiles(files)
    `
    const module = join(installed.folder, 'dist/src/cli/write-files.js')
    return spawn(process.execPath, ['--input-type=module', '-e', script, module, place], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }

  it.each(['SIGINT', 'SIGTERM'] as const)('goes on to the end at %s', async (signal) => {
    const child = startWriting()
    await once(child.stdout, 'data')
    while (readdirSync(place).length === 0) await new Promise((next) => setImmediate(next))
    child.kill(signal)
    await once(child, 'close')
    expect(readdirSync(place)).toHaveLength(COUNT)
  })

  it('leaves no half file under its name when it crashes', async () => {
    const child = startWriting()
    await once(child.stdout, 'data')
    while (readdirSync(place).length < COUNT / 2) await new Promise((next) => setImmediate(next))
    child.kill('SIGKILL')
    await once(child, 'close')
    const finished = readdirSync(place).filter((name) => !name.startsWith('.'))
    for (const name of finished)
      expect(readFileSync(join(place, name), 'utf8')).toBe(name.replace('.sql', '').repeat(20000))
  })
})
