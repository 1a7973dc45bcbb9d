import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installed, installPackage } from './package.js'

let installed: Installed
let folder: string
beforeAll(async () => {
  installed = await installPackage()
  folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-commands-'))
  writeFileSync(join(folder, 'clean.sql'), 'create table plan (id bigint primary key, name text not null);\n')
  writeFileSync(
    join(folder, 'wrong.sql'),
    'create table charge (id bigint primary key, charged_at timestamp not null);\n',
  )
  writeFileSync(
    join(folder, 'period.sql'),
    'create table subscription (id bigint primary key, period_start timestamptz not null, period_end timestamptz not null);\n',
  )
})
afterAll(() => {
  installed.remove()
  rmSync(folder, { recursive: true, force: true })
})

const RULE = 'types/timestamp-without-time-zone'
const file = (name: string) => join(folder, name)

describe('scan', () => {
  it('ends with 0 without findings, and with 1 when one is at the bar', async () => {
    const codes = await Promise.all([
      installed.run(['scan', file('clean.sql'), '--rule', RULE]),
      installed.run(['scan', file('wrong.sql'), '--rule', RULE, '--no-prove']),
      installed.run(['scan', file('wrong.sql'), '--rule', RULE, '--no-prove', '--fail-on', 'warning']),
      installed.run(['scan', file('wrong.sql'), '--rule', RULE, '--no-prove', '--fail-on', 'never']),
    ])
    expect(codes.map(({ status, stderr }) => `${status}${stderr}`)).toEqual(['0', '0', '1', '0'])
    expect(codes[1]?.stdout).toContain(`${file('wrong.sql')}:1:`)
  })

  it('shows roles, which the configuration may set, and judges nothing', async () => {
    writeFileSync(
      file('roles.json'),
      '{ "tables": { "public.subscription": { "role": "subscription" }, "public.gone": { "role": "plan" } } }',
    )
    const [text, json, sarif] = await Promise.all([
      installed.run(['scan', file('period.sql'), '--roles', '--config', file('roles.json')]),
      installed.run(['scan', file('period.sql'), '--roles', '--format', 'json']),
      installed.run(['scan', file('period.sql'), '--roles', '--format', 'sarif']),
    ])
    expect([text?.status, text?.stdout.split('\n')[0]]).toEqual([
      0,
      'subscription  subscription   set  the configuration says so',
    ])
    expect([json?.status, JSON.parse(json?.stdout ?? '')]).toEqual([
      0,
      { tables: [{ table: 'public.subscription', role: null, confidence: null, declared: false, evidence: [] }] },
    ])
    expect([sarif?.status, sarif?.stdout, sarif?.stderr.split('\n')[0]]).toEqual([
      2,
      '',
      'Error: --roles cannot be written as sarif.',
    ])
  })

  it('says in one sentence which flags exclude each other, and what a flag takes', async () => {
    const complain = async (...flags: readonly string[]) => {
      const { status, stdout, stderr } = await installed.run(['scan', file('clean.sql'), ...flags])
      return [status, stdout, stderr.split('\n')[0]]
    }
    expect(
      await Promise.all([
        complain('--baseline', 'a.json', '--no-baseline'),
        complain('--no-baseline', '--update-baseline'),
        complain('--config', 'a.yaml', '--no-config'),
        complain('--max-findings', 'many'),
        complain('--fail-on', 'nothing'),
        complain('--db', 'postgres://localhost/x', '--snapshot', 'y.json'),
      ]),
    ).toEqual([
      [2, '', 'Error: --baseline and --no-baseline exclude each other.'],
      [2, '', 'Error: --no-baseline and --update-baseline exclude each other.'],
      [2, '', 'Error: --config and --no-config exclude each other.'],
      [2, '', 'Error: --max-findings: expected an integer but received: many.'],
      [2, '', 'Error: Expected --fail-on=nothing to be one of: error, warning, info, never.'],
      [2, '', 'Error: More than one database was given.'],
    ])
  })

  it('writes nothing but the report to standard output, without colour in a pipe', async () => {
    const json = await installed.run(['scan', file('wrong.sql'), '--rule', RULE, '--format', 'json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ schemaVersion: 1, findings: [{ rule: RULE }] })
    expect(json.stderr).toBe('')
    const terminal = await installed.run(['scan', file('wrong.sql'), '--rule', RULE, '--no-prove'])
    expect(terminal.stdout).not.toContain('\u001b')
    const colored = await installed.run(['scan', file('wrong.sql'), '--rule', RULE, '--no-prove', '--color'])
    expect(colored.stdout).toContain('\u001b')
  })

  it('writes a report to a file, whole', async () => {
    const target = file('review.md')
    const { status, stdout } = await installed.run(['scan', file('clean.sql'), '--format', 'markdown', '-o', target])
    expect([status, stdout]).toEqual([0, ''])
    expect(readFileSync(target, 'utf8')).toMatch(/^# Database review: /)
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('survives a reader that goes away', async () => {
    const status = await new Promise((resolve) => {
      const child = spawn(process.execPath, [join(installed.folder, 'bin/run.js'), 'rules', '--format', 'json'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let stderr = ''
      child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
      child.stdout.destroy()
      child.on('close', (code) => resolve(`${code}${stderr}`))
    })
    expect(status).toBe('0')
  })
})

describe('what cannot be done', () => {
  const failures: readonly (readonly [string, () => readonly string[], RegExp])[] = [
    ['no such file', () => ['scan', file('nope.sql')], /nope\.sql: no such file or folder\.\n {2}\S/],
    ['a folder without SQL', () => ['scan', file('empty')], /the folder holds no SQL file\.\n {2}\S/],
    ['nothing to scan', () => ['scan'], /There is nothing to scan\.\n {2}Name SQL files/],
    [
      'an unknown flag',
      () => ['scan', '--fial-on', 'error'],
      /There is no flag --fial-on\.\n {2}Did you mean --fail-on\?/,
    ],
    ['an unknown format', () => ['scan', '--format', 'excel'], /There is no format «excel»\.\n {2}Formats: terminal, /],
    [
      'an unknown rule',
      () => ['scan', file('clean.sql'), '--rule', `${RULE}s`],
      /Did you mean «types\/timestamp-without-time-zone»/,
    ],
    [
      'a rule to explain that does not exist',
      () => ['explain', 'timestamp-without-time-zon'],
      /Did you mean «types\/timestamp-/,
    ],
    ['an unknown command', () => ['scna'], /There is no command «scna»\.\n {2}Did you mean `pg-billing-audit scan`/],
    [
      'an argument where none is taken',
      () => ['snapshot', 'postgres://auditor:secret@host/db'],
      /^Error: `snapshot` takes no arguments, only flags\.\n {2}Name the database with --db\.\n$/,
    ],
    ['a file in the place of a command', () => [file('clean.sql')], /Did you mean `pg-billing-audit scan …`/],
    ['two databases', () => ['scan', 'postgres://a', '--db', 'postgres://b'], /More than one database/],
    [
      'a report into a folder that is not there',
      () => ['scan', file('clean.sql'), '-o', file('no/r.md')],
      /no such folder/,
    ],
    ['a variable without a value', () => ['scan', file('clean.sql'), '--variable', 'x'], /Write --variable name=value/],
    ['an unknown layout', () => ['scan', file('clean.sql'), '--layout', 'flywya'], /flywya/],
    ['a server that refuses', () => ['scan', 'postgres://nobody@127.0.0.1:1/none'], /127\.0\.0\.1:1/],
    ['fixes into a folder that is not there', () => ['fix', file('clean.sql'), '-o', file('no')], /no such folder/],
    [
      'fixes of an object that does not exist',
      () => ['fix', file('period.sql'), '--dry-run', '--object', 'public.subscriptoin'],
      /Did you mean «public\.subscription»/,
    ],
  ]

  beforeAll(() => mkdirSync(file('empty')))

  it.each(failures)('%s is one sentence, a hint and exit code 2', async (_, args, message) => {
    const { status, stdout, stderr } = await installed.run(args())
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^Error: /)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect([status, stdout]).toEqual([2, ''])
  })

  it('shows a stack with DEBUG', async () => {
    const { status, stderr } = await installed.run(['scan', file('nope.sql')], { environment: { DEBUG: '1' } })
    expect(status).toBe(2)
    expect(stderr).toMatch(/^\s+at /m)
  })
})

describe('rules and explain', () => {
  it('list every rule, for people and for programs', async () => {
    const list = await installed.run(['rules'])
    expect(list.stdout).toMatch(/^types\/timestamp-without-time-zone +warning +catalog \(sample\) +yes$/m)
    const json = JSON.parse((await installed.run(['rules', '--format', 'json'])).stdout) as readonly object[]
    expect(json).toContainEqual(
      expect.objectContaining({ id: RULE, category: 'types', needs: ['catalog'], fixable: true }),
    )
  })

  it('explain one from its own documentation', async () => {
    const { status, stdout } = await installed.run(['explain', RULE])
    expect(status).toBe(0)
    for (const part of [RULE, 'Why', 'Found', 'Right', 'References']) expect(stdout).toContain(part)
    expect(JSON.parse((await installed.run(['explain', RULE, '--format', 'json'])).stdout)).toMatchObject({ id: RULE })
  })
})

describe('fix', () => {
  const choice = ['--rule', 'constraints/unordered-period']

  it('prints the files and writes nothing with --dry-run', async () => {
    const target = file('dry')
    mkdirSync(target)
    const { status, stdout, stderr } = await installed.run(['fix', file('period.sql'), ...choice, '--dry-run'], {
      cwd: target,
    })
    expect(status).toBe(0)
    expect(stdout.match(/^-- ── .*$/gm)).toEqual([
      '-- ── 001_expand_subscription.sql',
      '-- ── 001_expand_subscription.down.sql',
      '-- ── 002_validate_subscription.sql',
      '-- ── 002_validate_subscription.down.sql',
    ])
    expect(stderr).toContain('1 proven fix')
    expect(readdirSync(target)).toEqual([])
  })

  it('writes the files of the tool that the folder is of, behind those that are there', async () => {
    const target = file('migrations')
    mkdirSync(target)
    const text = readFileSync(file('period.sql'), 'utf8')
    writeFileSync(join(target, '00007_base.sql'), `-- +goose Up\n${text}-- +goose Down\ndrop table subscription;\n`)
    const { status, stdout } = await installed.run(['fix', target, ...choice])
    expect(status).toBe(0)
    expect(stdout).toContain(`2 migrations in ${target} (goose)`)
    const names = readdirSync(target).toSorted()
    expect(names).toEqual(['00007_base.sql', '00008_expand_subscription.sql', '00009_validate_subscription.sql'])
    expect(readFileSync(join(target, names[2] ?? ''), 'utf8')).toContain('validate constraint')
    const again = await installed.run(['fix', target, ...choice])
    expect(again.stdout).toBe('Nothing to fix.\n')
  })

  it('writes a phase alone, and says what must have run', async () => {
    const chosen = [...choice, '--phase', 'validate', '--format', 'flyway', '--dry-run']
    const { stdout, stderr } = await installed.run(['fix', file('period.sql'), ...chosen])
    expect(stdout.match(/^-- ── .*sql$/gm)).toEqual([
      '-- ── V1__validate_subscription.sql',
      '-- ── U1__validate_subscription.sql',
    ])
    expect(stderr).toContain('First the expand files of the same fixes must have run: they were not chosen.')
  })

  it('goes by the configuration, and by flags before it', async () => {
    const target = file('configured')
    mkdirSync(join(target, 'sql'), { recursive: true })
    const fix = { format: 'flyway', output: 'sql', maxLock: 'access-exclusive', proofDatabase: 'NOT_SET_ANYWHERE' }
    writeFileSync(join(target, 'pg-billing-audit.config.json'), JSON.stringify({ fix }))
    const run = (...flags: readonly string[]) =>
      installed.run(['fix', file('period.sql'), ...choice, ...flags], { cwd: target })
    expect((await run('--max-lock', 'share-update-exclusive')).stdout).toContain('1 fix left out')
    expect((await run('--format', 'goose', '--dry-run')).stdout).toContain('-- +goose Up')
    expect((await run()).stdout).toContain('2 migrations in sql (flyway)')
    expect(readdirSync(join(target, 'sql')).filter((name) => name.endsWith('.sql'))).toEqual([
      'U1__expand_subscription.sql',
      'U2__validate_subscription.sql',
      'V1__expand_subscription.sql',
      'V2__validate_subscription.sql',
    ])
  })

  it('leaves out whole what needs a stronger lock, and says so', async () => {
    const chosen = [...choice, '--max-lock', 'share-update-exclusive', '--dry-run']
    const { status, stdout, stderr } = await installed.run(['fix', file('period.sql'), ...chosen])
    expect([status, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(/^1 fix left out\n.*\n {4}It needs ACCESS EXCLUSIVE\.$/m)
  })

  it.each([
    ['a format that there is not', ['--format', 'gose'], /no migration format «gose»\.\n {2}Did you mean «goose»\?/],
    ['--interactive without a terminal', ['--interactive'], /--interactive needs a terminal/],
    ['a phase that there is not', ['--phase', 'later'], /Expected --phase=later to be one of/],
  ])('refuses %s', async (_, flags, message) => {
    const { status, stderr } = await installed.run(['fix', file('period.sql'), ...flags])
    expect(status).toBe(2)
    expect(stderr).toMatch(message)
  })
})

it('helps', async () => {
  const [root, version, command, word] = await Promise.all([
    installed.run(['--help']),
    installed.run(['--version']),
    installed.run(['scan', '-h']),
    installed.run(['help', 'scan']),
  ])
  expect(root.stdout).toMatch(/^ {2}scan /m)
  expect(version.stdout).toMatch(/^pg-billing-audit\/\d+\.\d+\.\d+/)
  expect(command.stdout).toContain('$ pg-billing-audit scan db/migrations')
  expect(word.stdout).toBe(command.stdout)
})
