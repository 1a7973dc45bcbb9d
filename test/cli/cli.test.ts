import {
  chmodSync,
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
import { describeFailure } from '../../src/cli/failure.js'
import { type Gate, judgeGate } from '../../src/cli/gate.js'
import { supportsHyperlinks } from '../../src/cli/hyperlinks.js'
import { checkOutput, writeOutput } from '../../src/cli/output.js'
import { writeFiles } from '../../src/cli/write-files.js'
import { startProgress } from '../../src/cli/progress.js'
import { chooseReports } from '../../src/cli/reports.js'
import { resolveSource } from '../../src/cli/source.js'
import { ConfigError } from '../../src/errors.js'
import { compareFindings } from '../../src/engine/compare.js'
import { ACCEPTABLE } from '../../src/engine/coverage.js'
import type { AuditResult } from '../../src/engine/result.js'
import { makeFinding, makeResult } from '../report/result.js'

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
  const warning = makeFinding({ severity: 'warning' })
  const judge = (result: Partial<AuditResult>, gate: Partial<Gate> = {}) =>
    judgeGate(makeResult({ rules: [], ...result }), { failOn: 'error', strict: false, ...gate })
  const problem = (kind: 'syntax' | 'failed') => ({
    layout: { name: 'plain', evidence: null, applied: [], leftOut: [] },
    problems: [
      {
        kind,
        location: { file: 'db/a.sql', line: 3, column: 5 },
        message: 'syntax error at or near "tabel"',
        code: null,
        hint: null,
        excerpt: '',
        dependents: [],
      },
    ],
    standIns: [],
    skipped: [],
  })

  it('is 1 from the bar up', () => {
    expect(
      (['error', 'warning', 'info', 'never'] as const).map((failOn) => judge({ findings: [warning] }, { failOn }).code),
    ).toEqual([0, 1, 1, 0])
  })

  it('is 1 when there are too many, whatever they are', () => {
    expect(judge({ findings: [warning] }, { maxFindings: 1 }).code).toBe(0)
    const { code, reason } = judge({ findings: [warning, warning] }, { maxFindings: 1 })
    expect([code, reason?.message]).toEqual([1, '2 findings, and --max-findings allows 1.'])
  })

  it('counts what is new or worse beside a baseline', () => {
    const error = makeFinding({ severity: 'error' })
    const beside = (past: readonly { rule: string; address: string; severity: 'error' | 'warning' }[]) =>
      judge({
        findings: [error],
        baseline: compareFindings({ name: 'b', findings: [error], past, looked: () => true }),
      }).code
    expect([beside([]), beside([error as never]), beside([{ ...error, severity: 'warning' }])]).toEqual([1, 0, 1])
  })

  it('is 2 when a rule crashed that might have found something', () => {
    expect(judge({ rules: crashed }).code).toBe(2)
    expect(judge({ findings: [makeFinding({ severity: 'error' })], rules: crashed }).code).toBe(1)
  })

  it('is 2 for SQL that was not understood, and when strict for SQL that was not applied', () => {
    const { code, reason } = judge({ findings: [warning], load: problem('syntax') }, { failOn: 'never' })
    expect([code, reason?.message]).toEqual([2, 'db/a.sql:3:5: syntax error at or near "tabel"'])
    expect(reason?.hint).toBeTruthy()
    expect(judge({ load: problem('failed') }).code).toBe(0)
    expect(judge({ load: problem('failed') }, { strict: true }).code).toBe(2)
  })

  it('is 1 when strict for what was not looked at, unless that was meant', () => {
    const strict = { strict: true }
    expect(judge({ notSeen: [{ what: 'x', reason: 'No privilege.' }] }, strict)).toMatchObject({ code: 1 })
    expect(judge({ notSeen: [{ what: 'x', reason: 'Ignored.', deliberate: true }] }, strict).code).toBe(0)
    const skipped = (lacks: 'statistics' | 'workload', gate: Parameters<typeof judge>[1] = strict) =>
      judge(
        {
          rules: ['a/b', 'a/c'].map((id) => ({ id, outcome: 'skipped', reason: `No ${lacks}.`, lacks })),
        },
        gate,
      )
    const { code, reason } = skipped('statistics')
    expect([code, reason?.message]).toEqual([
      1,
      'Not everything was looked at, and --strict is set: 2 rules not run: No statistics.',
    ])
    expect(reason?.hint).toContain('--accept-unseen statistics')
    expect(skipped('statistics', { strict: true, acceptUnseen: ['statistics'] }).code).toBe(0)
    expect(skipped('workload', { strict: true, acceptUnseen: ['statistics'] }).code).toBe(1)
    expect(skipped('workload', { strict: false }).code).toBe(0)
    const hidden = { notSeen: [{ what: 'x', reason: 'No privilege.' }] }
    expect(judge(hidden, { strict: true, acceptUnseen: ACCEPTABLE }), 'nobody can accept it').toMatchObject({ code: 1 })
    const standIn = { kind: 'table', name: 'public.x', note: 'Made.', locations: [] } as never
    const load: AuditResult['load'] = {
      layout: { name: 'plain', evidence: null, applied: [], leftOut: [] },
      problems: [],
      standIns: [standIn],
      skipped: [],
    }
    expect(judge({ load }, strict).reason?.message).toContain('table public.x: the files rely on it')
    expect(judge({ load }, { strict: true, acceptUnseen: ['stand-ins'] }).code).toBe(0)
    expect(
      judge({ suppressionProblems: [{ kind: 'unused', origin: 'x', location: null, message: 'Unused.' }] }, strict)
        .code,
    ).toBe(1)
  })
})

describe('reports', () => {
  const choose = (formats: readonly string[], output?: string) => chooseReports(formats, output)

  it('are several at once, one of them without a file', () => {
    const file = join(folder, 'out.sarif')
    expect(choose([])).toEqual([{ format: 'terminal', file: undefined }])
    expect(choose(['terminal', `sarif=${file}`])).toEqual([
      { format: 'terminal', file: undefined },
      { format: 'sarif', file },
    ])
    expect(choose(['json'], file)).toEqual([{ format: 'json', file }])
  })

  it('do not fight over a place', () => {
    const file = join(folder, 'out.sarif')
    expect(() => choose(['json', 'sarif'])).toThrow('cannot both go to standard output')
    expect(() => choose([`json=${file}`], file)).toThrow('-o has no report to write')
    expect(() => choose([`json=${file}`, `sarif=${file}`])).toThrow('Two reports would go to')
    expect(() => choose(['json', `sarif=${file}`], file)).toThrow('Two reports would go to')
    expect(() => choose(['json='])).toThrow('names no file')
    expect(() => choose(['jsn'])).toThrow('There is no format «jsn».')
    expect(() => choose([`json=${join(folder, 'no', 'x')}`])).toThrow('no such folder')
  })
})

it('makes links only where they are known to work', () => {
  expect(supportsHyperlinks({ TERM_PROGRAM: 'WezTerm' }, true)).toBe(true)
  expect(supportsHyperlinks({ VTE_VERSION: '6800' }, true)).toBe(true)
  expect(supportsHyperlinks({ TERM_PROGRAM: 'WezTerm' }, false)).toBe(false)
  expect(supportsHyperlinks({ TERM_PROGRAM: 'WezTerm', CI: '1' }, true)).toBe(false)
  expect(supportsHyperlinks({ FORCE_HYPERLINK: '1' }, false)).toBe(true)
  expect(supportsHyperlinks({}, true)).toBe(false)
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
    expect(resolve({ db: ['host=x'] }, { DATABASE_URL: 'postgres://y' }).source).toMatchObject({ connection: 'host=x' })
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
      replicas: [],
    })
  })

  it('must be one, and must be given', () => {
    expect(() => resolve({})).toThrow(ConfigError)
    expect(() => resolve({ targets: ['postgres://x', 'postgres://y'] })).toThrow(ConfigError)
    expect(() => resolve({ db: ['postgres://x'], snapshot: 's.json' })).toThrow(ConfigError)
  })

  it("takes a scanned folder's queries.sql as workload, beside what is named", () => {
    const database = join(folder, 'database')
    mkdirSync(database)
    writeFileSync(join(database, 'queries.sql'), 'select 1;')
    expect(resolve({ targets: [database, join(database, 'queries.sql')] }).workload).toEqual([
      join(database, 'queries.sql'),
    ])
    expect(resolve({ targets: [database], workload: ['other.sql'] }).workload).toEqual([
      'other.sql',
      join(database, 'queries.sql'),
    ])
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

  it('says before the work that there is no permission, and leaves nothing', () => {
    const locked = join(folder, 'locked')
    mkdirSync(locked)
    writeFileSync(join(locked, 'old.json'), 'mine')
    chmodSync(locked, 0o555)
    chmodSync(folder, 0o755)
    const root = process.geteuid?.() === 0
    // Nothing is forbidden to root.
    if (root) process.seteuid?.(65_534)
    try {
      for (const name of ['new.json', 'old.json'])
        for (const write of [(path: string) => checkOutput(path), (path: string) => writeOutput(path, 'x')])
          expect(() => write(join(locked, name))).toThrow(`${join(locked, name)} cannot be written: no permission.`)
      expect(() => writeFiles([{ path: join(locked, '1.sql'), text: 'x' }])).toThrow('1.sql cannot be written')
    } finally {
      if (root) process.seteuid?.(0)
    }
    expect(readdirSync(locked)).toEqual(['old.json'])
    expect(readFileSync(join(locked, 'old.json'), 'utf8')).toBe('mine')
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
