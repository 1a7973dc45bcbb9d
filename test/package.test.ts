import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

let folder: string
let packed: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-package-'))
  const built = join(folder, 'checkout')
  // Built in a copy, so that no other test's build is disturbed.
  for (const entry of ['bin', 'src', 'rules', 'schema', 'package.json', 'tsconfig.json', 'tsconfig.build.json'])
    cpSync(join(ROOT, entry), join(built, entry), { recursive: true })
  for (const entry of ['README.md', 'LICENSE', 'CHANGELOG.md']) cpSync(join(ROOT, entry), join(built, entry))
  execFileSync('ln', ['-s', join(ROOT, 'node_modules'), join(built, 'node_modules')])
  npm(built, 'run', '--silent', 'build')
  // pre-commit takes everything that this prints for the name of the file.
  packed = npm(built, 'pack', '--pack-destination', folder)
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz')) ?? ''
  const user = join(folder, 'user')
  execFileSync('mkdir', [user])
  writeFileSync(join(user, 'package.json'), '{"private":true}')
  npm(user, 'install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, tarball))
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function npm(cwd: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm ${args.join(' ')}\n${stdout}\n${stderr}`)
  return stdout
}

it('is packed without a word, so that pre-commit can install the hook', () => {
  expect(packed).toMatch(/^pg-billing-audit-[\d.]+\.tgz\n$/)
})

it('works from its tarball, installed elsewhere', () => {
  const user = join(folder, 'user')
  writeFileSync(join(user, 'schema.sql'), 'create table charge (id bigint primary key, charged_at timestamp not null);')
  const { status, stdout, stderr } = spawnSync(
    'npx',
    ['pg-billing-audit', 'scan', 'schema.sql', '--format', 'json', '--fail-on', 'warning'],
    { cwd: user, encoding: 'utf8' },
  )
  expect(stderr.replace(/^npm warn.*\n/gm, '')).toBe('')
  expect(status).toBe(1)
  const { findings } = JSON.parse(stdout) as { findings: { rule: string; location: object }[] }
  expect(findings).toEqual([
    expect.objectContaining({
      rule: 'types/timestamp-without-time-zone',
      location: { file: 'schema.sql', line: 1, column: 45 },
    }),
  ])
})

it('gives people the kit for their own rules', () => {
  const script = `import { rule } from 'pg-billing-audit/kit'; console.log(typeof rule)`
  const { stdout } = spawnSync('node', ['--input-type=module', '-e', script], {
    cwd: join(folder, 'user'),
    encoding: 'utf8',
  })
  expect(stdout.trim()).toBe('function')
})
