import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { MARKER } from '../../src/report/pull-request.js'
import { type Installed, installPackage } from './package.js'

const ROOT = new URL('../../', import.meta.url)
const read = (path: string): unknown => parse(readFileSync(new URL(path, ROOT), 'utf8'))
const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { readonly version: string }

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>
  readonly runs: {
    readonly steps: readonly { readonly name: string; readonly run: string; readonly env: Record<string, string> }[]
  }
}

let installed: Installed
let folder: string
let project: string
let programs: string
beforeAll(() => {
  installed = installPackage()
  folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-templates-'))
  project = join(folder, 'repository')
  programs = join(folder, 'programs')
  mkdirSync(join(project, 'service/db'), { recursive: true })
  mkdirSync(programs)
  writeFileSync(
    join(project, 'service/db/1.sql'),
    'create table invoice (\n  id bigint primary key,\n  total real not null\n);\n',
  )
  const program = (name: string, text: string) => {
    writeFileSync(join(programs, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(programs, name), 0o755)
  }
  const run = `exec "${process.execPath}" "${join(installed.folder, 'bin/run.js')}" "$@"`
  program('pg-billing-audit', run)
  program('npx', `echo "$1 $2" >> "${folder}/npx.log"; shift 2; ${run}`)
  program(
    'gh',
    `echo "$@" >> "${folder}/gh.log"; case "$*" in *--paginate*) cat "${folder}/comments" 2>/dev/null || true ;; esac`,
  )
})
afterAll(() => {
  installed.remove()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs shell lines as GitHub and GitLab do. */
function shell(lines: string, environment: Record<string, string>, cwd = project) {
  const { PATH = '', HOME = '' } = process.env
  const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', lines], {
    cwd,
    env: { PATH: `${programs}:${PATH}`, HOME, ...environment },
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

describe('the GitHub action', () => {
  const action = read('action.yml') as Action
  const step = (name: string) => action.runs.steps.find((one) => one.name === name)

  /** Runs a step with its inputs filled in; gives what it wrote for later steps. */
  function runStep(name: string, inputs: Record<string, string>, more: Record<string, string> = {}) {
    const given: Record<string, string> = Object.fromEntries(
      Object.entries(action.inputs).map(([key, { default: value }]) => [key, inputs[key] ?? value]),
    )
    const filled = Object.fromEntries(
      Object.entries(step(name)?.env ?? {}).map(([key, value]) => [
        key,
        value.replace(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, input: string) => given[input] ?? ''),
      ]),
    )
    const output = join(folder, 'output')
    writeFileSync(output, '')
    const environment = {
      ...filled,
      GITHUB_ACTION_PATH: new URL('.', ROOT).pathname,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
      GITHUB_REPOSITORY: 'acme/billing',
      RUNNER_TEMP: folder,
      ...more,
    }
    const ran = shell(step(name)?.run ?? '', environment, join(project, given['working-directory'] ?? '.'))
    return {
      ...ran,
      outputs: Object.fromEntries(
        readFileSync(output, 'utf8')
          .trim()
          .split('\n')
          .map((line) => line.split('=')),
      ) as Record<string, string>,
    }
  }

  it('annotates from the root of the repository, writes a summary, and fails at the end', () => {
    const inputs = {
      targets: 'db',
      arguments: '--no-prove --rule types/inexact-money',
      'working-directory': 'service',
      sarif: 'out.sarif',
    }
    const { status, stdout, stderr, outputs } = runStep('Scan', inputs)
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^::error file=service\/db\/1\.sql,line=3,col=3,title=types\/inexact-money::/)
    expect(readFileSync(join(folder, 'npx.log'), 'utf8')).toBe(`--yes pg-billing-audit@${version}\n`)
    expect(outputs['exit-code']).toBe('1')
    expect(JSON.parse(readFileSync(outputs['report'] ?? '', 'utf8'))).toMatchObject({ schemaVersion: 1 })
    expect(existsSync(join(project, 'service/out.sarif'))).toBe(true)
    expect(readFileSync(join(folder, 'summary.md'), 'utf8').startsWith(MARKER)).toBe(true)
    expect(runStep('Verdict', {}, { PGBA_CODE: '1' }).status).toBe(1)
    expect(runStep('Verdict', {}, { PGBA_CODE: '0' }).status).toBe(0)
    expect(runStep('Verdict', {}, { PGBA_CODE: '' }).status).toBe(2)
  })

  it('says with exit code 2 that it could not scan', () => {
    const { status, stderr, outputs } = runStep('Scan', { targets: 'nope', 'fail-on': 'never' })
    expect([status, outputs['exit-code']]).toEqual([0, '2'])
    expect(stderr).toContain('nope: no such file or folder')
  })

  it('writes one comment, and the same one anew', () => {
    const comment = join(folder, 'comment.md')
    writeFileSync(comment, `${MARKER}\n`)
    const log = () => {
      const text = readFileSync(join(folder, 'gh.log'), 'utf8')
      rmSync(join(folder, 'gh.log'))
      return text
    }
    const environment = { PGBA_COMMENT: comment, PGBA_NUMBER: '7', GH_TOKEN: 'x' }
    expect(runStep('Comment', {}, environment).status).toBe(0)
    expect(log()).toContain(`--method POST repos/acme/billing/issues/7/comments --field body=@${comment}`)
    writeFileSync(join(folder, 'comments'), '42\n43\n')
    expect(runStep('Comment', {}, environment).status).toBe(0)
    expect(log()).toContain(`--method PATCH repos/acme/billing/issues/comments/42 --field body=@${comment}`)
    expect(step('Comment')?.run).toContain(MARKER)
  })
})

it('the GitLab template runs, and leaves the reports that it names', () => {
  const template = read('templates/gitlab-ci.yml') as {
    readonly variables: Record<string, string>
    readonly 'pg-billing-audit': {
      readonly script: readonly string[]
      readonly artifacts: { readonly paths: readonly string[]; readonly reports: Record<string, string> }
    }
  }
  const job = template['pg-billing-audit']
  const variables = {
    ...template.variables,
    PGBA_TARGETS: 'service/db',
    PGBA_ARGUMENTS: '--no-prove --rule types/inexact-money',
  }
  const { status, stdout } = shell(job.script.join('\n'), variables)
  expect(status).toBe(1)
  expect(stdout).toContain('service/db/1.sql:3:3')
  for (const path of [...job.artifacts.paths, ...Object.values(job.artifacts.reports)])
    expect(existsSync(join(project, path)), path).toBe(true)
})

it('the pre-commit hook runs what the configuration names', () => {
  const [hook] = read('.pre-commit-hooks.yaml') as readonly [
    { readonly entry: string; readonly pass_filenames: boolean },
  ]
  writeFileSync(join(project, 'pg-billing-audit.config.yaml'), 'source: { targets: [service/db] }\n')
  const { status, stdout } = shell(hook.entry, {})
  rmSync(join(project, 'pg-billing-audit.config.yaml'))
  expect([status, hook.pass_filenames]).toEqual([1, false])
  expect(stdout).toContain('service/db/1.sql:3:3')
})
