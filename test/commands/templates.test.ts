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
  readonly outputs: Readonly<Record<string, { readonly value: string }>>
  readonly runs: {
    readonly steps: readonly {
      readonly id?: string
      readonly name: string
      readonly if?: string
      readonly run: string
      readonly env: Record<string, string>
      readonly 'working-directory'?: string
    }[]
  }
}

let installed: Installed
let folder: string
let project: string
let programs: string
beforeAll(async () => {
  installed = await installPackage()
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

  /** Runs the action's steps in their order, with expressions, conditions and outputs as GitHub has them. */
  function runAction(inputs: Record<string, string>, pullRequest?: number) {
    const scope: Scope = {
      inputs: Object.fromEntries(
        Object.entries(action.inputs).map(([key, { default: value }]) => [key, inputs[key] ?? value]),
      ),
      steps: {},
      github: { token: 'x', event: pullRequest === undefined ? {} : { pull_request: { number: pullRequest } } },
    }
    let failed = false
    const ran = action.runs.steps.map(({ id, name, if: condition, run, env, 'working-directory': where = '.' }) => {
      const runs = condition === undefined ? !failed : evaluate(condition, scope) === 'true'
      if (!runs) return { name, status: null, stdout: '', stderr: '' }
      const output = join(folder, 'output')
      writeFileSync(output, '')
      const environment = {
        ...Object.fromEntries(Object.entries(env).map(([key, value]) => [key, evaluate(value, scope)])),
        GITHUB_ACTION_PATH: new URL('.', ROOT).pathname,
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
        GITHUB_REPOSITORY: 'acme/billing',
        RUNNER_TEMP: folder,
      }
      const { status, stdout, stderr } = shell(run, environment, join(project, evaluate(where, scope)))
      failed ||= status !== 0
      const lines = readFileSync(output, 'utf8').trim().split('\n').filter(Boolean)
      if (id !== undefined)
        scope.steps[id] = { outputs: Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2))) }
      return { name, status, stdout, stderr }
    })
    const outputs = Object.fromEntries(
      Object.entries(action.outputs).map(([key, { value }]) => [key, evaluate(value, scope)]),
    )
    return { steps: ran, status: ran.map(({ status }) => status), outputs }
  }

  const logged = () => {
    const log = join(folder, 'gh.log')
    const text = existsSync(log) ? readFileSync(log, 'utf8') : ''
    rmSync(log, { force: true })
    return text
  }
  const real = { targets: 'db', arguments: '--no-prove --rule types/inexact-money', 'working-directory': 'service' }

  it('annotates from the root of the repository, writes a summary, and fails at the end', () => {
    const { steps, status, outputs } = runAction({ ...real, sarif: 'out.sarif' })
    expect(steps.map(({ name }) => name)).toEqual(['Scan', 'Comment', 'Verdict'])
    expect(status, 'no comment is asked for').toEqual([0, null, 1])
    expect(steps[0]?.stderr).toBe('')
    expect(steps[0]?.stdout).toMatch(/^::error file=service\/db\/1\.sql,line=3,col=3,title=types\/inexact-money::/)
    expect(readFileSync(join(folder, 'npx.log'), 'utf8')).toBe(`--yes pg-billing-audit@${version}\n`)
    expect(outputs['exit-code']).toBe('1')
    expect(JSON.parse(readFileSync(outputs['report'] ?? '', 'utf8'))).toMatchObject({ schemaVersion: 1 })
    expect(existsSync(join(project, 'service/out.sarif'))).toBe(true)
    expect(readFileSync(join(folder, 'summary.md'), 'utf8').startsWith(MARKER)).toBe(true)
    expect(runAction({ ...real, 'fail-on': 'never' }).status).toEqual([0, null, 0])
  })

  it('says with exit code 2 that it could not scan, and comments on nothing', () => {
    const { steps, status, outputs } = runAction({ targets: 'nope', 'fail-on': 'never', comment: 'true' }, 7)
    expect([status, outputs['exit-code']]).toEqual([[0, 0, 2], '2'])
    expect(steps[0]?.stderr).toContain('nope: no such file or folder')
    expect(logged()).toBe('')
  })

  it('writes one comment on a pull request, and the same one anew', () => {
    expect(runAction({ ...real, comment: 'true' }).status, 'of a push').toEqual([0, null, 1])
    const body = `--field body=@${join(folder, 'pg-billing-audit.md')}`
    expect(runAction({ ...real, comment: 'true' }, 7).status).toEqual([0, 0, 1])
    expect(logged()).toContain(`--method POST repos/acme/billing/issues/7/comments ${body}`)
    writeFileSync(join(folder, 'comments'), '42\n43\n')
    expect(runAction({ ...real, comment: 'true' }, 7).status).toEqual([0, 0, 1])
    expect(logged()).toContain(`--method PATCH repos/acme/billing/issues/comments/42 ${body}`)
    expect(action.runs.steps.find(({ name }) => name === 'Comment')?.run).toContain(MARKER)
  })
})

interface Scope {
  readonly inputs: Readonly<Record<string, string>>
  readonly steps: Record<string, { readonly outputs: Readonly<Record<string, string>> }>
  readonly github: object
}

/** Text with GitHub's expressions: paths into a scope, `always()`, `&&`, `==` and strings. */
function evaluate(text: string, scope: Scope): string {
  return text.replace(/\$\{\{(.*?)\}\}/g, (_, expression: string) => {
    const values = expression.split('&&').map((part) => {
      const [left = '', right] = part.split('==').map((side) => valueOf(side.trim(), scope))
      return right === undefined ? left : left === right ? 'true' : ''
    })
    if (values.length === 1) return values[0] ?? ''
    return values.every((value) => value !== '') ? 'true' : ''
  })
}

function valueOf(term: string, scope: Scope): string {
  if (term === 'always()') return 'true'
  if (/^'.*'$/.test(term)) return term.slice(1, -1)
  const value = term.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], scope)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

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
