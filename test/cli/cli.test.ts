import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { decideColor } from '../../src/cli/color.js'
import { exitCodeOf } from '../../src/cli/exit-code.js'
import { describeFailure } from '../../src/cli/failure.js'
import { checkOutput, writeNewFiles, writeOutput } from '../../src/cli/output.js'
import { startProgress } from '../../src/cli/progress.js'
import { resolveSource } from '../../src/cli/source.js'
import { ConfigError } from '../../src/errors.js'
import { makeFinding } from '../report/result.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('colour', () => {
  const decide = (environment: Record<string, string>, flag?: boolean, terminal = true) =>
    decideColor({ flag, environment, terminal })

  it('is decided by the flag, NO_COLOR, FORCE_COLOR, TERM and the terminal, in this order', () => {
    expect(decide({ NO_COLOR: '1' }, true, false)).toBe(1)
    expect(decide({ FORCE_COLOR: '3' }, false)).toBe(0)
    expect(decide({ NO_COLOR: '1', FORCE_COLOR: '3' })).toBe(0)
    expect(decide({ NO_COLOR: '' })).toBe(1)
    expect(decide({ FORCE_COLOR: '2', TERM: 'dumb' }, undefined, false)).toBe(2)
    expect(decide({ FORCE_COLOR: '0' })).toBe(0)
    expect(decide({ TERM: 'dumb' })).toBe(0)
    expect(decide({ COLORTERM: 'truecolor' })).toBe(3)
    expect(decide({ TERM: 'xterm-256color' })).toBe(2)
    expect(decide({}, undefined, false)).toBe(0)
  })
})

describe('exit code', () => {
  const crashed = [{ id: 'a/b', outcome: 'crashed', reason: 'x' }] as const

  it('is 1 from the bar up', () => {
    const findings = [makeFinding({ severity: 'warning' })]
    expect(
      (['error', 'warning', 'info', 'never'] as const).map((bar) => exitCodeOf({ findings, rules: [] }, bar)),
    ).toEqual([0, 1, 1, 0])
  })

  it('is 2 when a rule crashed that might have found something', () => {
    expect(exitCodeOf({ findings: [], rules: crashed }, 'error')).toBe(2)
    expect(exitCodeOf({ findings: [makeFinding({ severity: 'error' })], rules: crashed }, 'error')).toBe(1)
  })
})

describe('source', () => {
  const resolve = (flags: object, environment: Record<string, string> = {}) =>
    resolveSource({ targets: [], workload: [], ...flags }, environment)

  it('is what was named before what the environment says', () => {
    expect(resolve({ targets: ['a.sql', 'b'] }, { DATABASE_URL: 'postgres://x' }).source).toEqual({
      kind: 'files',
      paths: ['a.sql', 'b'],
    })
    expect(resolve({ targets: ['postgresql://x'] }).source).toMatchObject({
      kind: 'server',
      connection: 'postgresql://x',
    })
    expect(resolve({ db: 'host=x' }, { DATABASE_URL: 'postgres://y' }).source).toMatchObject({ connection: 'host=x' })
    expect(resolve({}, { DATABASE_URL: 'postgres://y', PGHOST: 'z' }).source).toMatchObject({
      connection: 'postgres://y',
    })
    expect(resolve({}, { PGHOST: 'z' }).source).toEqual({ kind: 'server', connection: undefined })
    expect(resolve({ snapshot: 's.json' }, { PGHOST: 'z' }).source).toMatchObject({ kind: 'snapshot', path: 's.json' })
  })

  it('takes files beside a server as what should have made it', () => {
    expect(resolve({ targets: ['db', 'postgres://x'] }).source).toEqual({
      kind: 'server',
      connection: 'postgres://x',
      files: ['db'],
    })
  })

  it('must be one, and must be given', () => {
    expect(() => resolve({})).toThrow(ConfigError)
    expect(() => resolve({ targets: ['postgres://x', 'postgres://y'] })).toThrow(ConfigError)
    expect(() => resolve({ db: 'postgres://x', snapshot: 's.json' })).toThrow(ConfigError)
  })

  it("takes a scanned folder's queries.sql as the workload unless one is named", () => {
    const database = join(folder, 'database')
    mkdirSync(database)
    writeFileSync(join(database, 'queries.sql'), 'select 1;')
    expect(resolve({ targets: [database, join(database, 'queries.sql')] }).workload).toEqual([
      join(database, 'queries.sql'),
    ])
    expect(resolve({ targets: [database], workload: ['other.sql'] }).workload).toEqual(['other.sql'])
    expect(resolve({ targets: ['a.sql'] }).workload).toEqual([])
  })
})

describe('output', () => {
  it('replaces a file as a whole and keeps a link a link', () => {
    const path = join(folder, 'report.json')
    const link = join(folder, 'latest.json')
    writeFileSync(path, 'old')
    symlinkSync(path, link)
    writeOutput(link, 'new')
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('refuses a folder and a place that is not there', () => {
    expect(() => checkOutput(folder)).toThrow(ConfigError)
    expect(() => checkOutput(join(folder, 'no', 'report.json'))).toThrow(ConfigError)
    expect(() => checkOutput(join(folder, 'report.json', 'report.json'))).toThrow(ConfigError)
    expect(() => checkOutput(undefined)).not.toThrow()
    expect(() => writeOutput(join(folder, 'no', 'report.json'), 'x')).toThrow(ConfigError)
  })

  it('writes new files all or none', () => {
    const [up, down] = [join(folder, '1.up.sql'), join(folder, '1.down.sql')]
    writeFileSync(down, 'mine')
    const files = [up, down].map((path) => ({ path, text: 'x' }))
    expect(() => writeNewFiles(files)).toThrow(/1\.down\.sql exists already/)
    expect(existsSync(up)).toBe(false)
    expect(readFileSync(down, 'utf8')).toBe('mine')
  })
})

describe('failure', () => {
  const options = { debug: false, version: '1.2.3' }

  it('is a sentence and a hint when the user can act, and else a bug to report', () => {
    expect(describeFailure(new ConfigError('No.', { hint: 'Yes.' }), options)).toBe('Error: No.\n  Yes.\n')
    expect(describeFailure(new TypeError('x is not a function'), options)).toMatch(
      /^Error: x is not a function\n {2}This is a bug in pg-billing-audit 1\.2\.3\. Please report it/,
    )
    expect(describeFailure('odd', options)).toContain('Error: odd')
  })

  it('has its stack and its causes when debugging', () => {
    const text = describeFailure(new ConfigError('No.', { cause: new Error('why') }), { ...options, debug: true })
    expect(text).toMatch(/ConfigError: No\.\n +at /)
    expect(text).toMatch(/Caused by: Error: why/)
  })

  it('shows control characters as escapes', () => {
    expect(describeFailure(new ConfigError('a\u001b[31mb'), options)).toBe('Error: a\\u001b[31mb\n')
  })
})

describe('progress', () => {
  function makeStream(isTTY: boolean) {
    const written: string[] = []
    const stream = new Writable({
      write(chunk: Buffer, _, done) {
        written.push(chunk.toString())
        done()
      },
    })
    return { written, stream: Object.assign(stream, { isTTY }) as unknown as NodeJS.WriteStream }
  }

  it('shows the phase on a terminal after a second, and wipes it', () => {
    vi.useFakeTimers()
    vi.stubEnv('TERM', 'xterm')
    try {
      const { stream, written } = makeStream(true)
      const progress = startProgress(stream, false)
      progress.begin('Judging')
      vi.advanceTimersByTime(900)
      expect(written).toEqual([])
      vi.advanceTimersByTime(200)
      expect(written.join('')).toContain('Judging … 1 s')
      progress.end()
      expect(written.at(-1)).toBe('\r\u001b[2K')
    } finally {
      vi.unstubAllEnvs()
      vi.useRealTimers()
    }
  })

  it('is silent in a pipe and when told to be', () => {
    for (const [isTTY, silent] of [
      [false, false],
      [true, true],
    ] as const) {
      const { stream, written } = makeStream(isTTY)
      const progress = startProgress(stream, silent)
      progress.begin('Judging')
      progress.end()
      expect(written).toEqual([])
    }
  })
})
