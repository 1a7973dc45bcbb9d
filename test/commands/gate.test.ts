import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installed, installPackage } from './package.js'

const RULE = 'types/inexact-money'
const OLD = 'create table invoice (id bigint primary key, total double precision not null);\n'
const NEW = `create table payment (
  id bigint primary key,
  amount real not null
);
`

let installed: Installed
let folder: string
beforeAll(async () => {
  installed = await installPackage()
  folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-gate-'))
})
afterAll(() => {
  installed.remove()
  rmSync(folder, { recursive: true, force: true })
})

/** A Git repository with these files. */
function makeRepository(name: string, files: Readonly<Record<string, string>>) {
  const root = join(folder, name)
  mkdirSync(root)
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: root, stdio: 'pipe' })
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  git('init', '--quiet')
  for (const [path, text] of Object.entries(files)) write(path, text)
  const scan = (...args: readonly string[]) =>
    installed.run(['scan', '--no-prove', '--rule', RULE, ...args], { cwd: root })
  const commit = () => {
    git('add', '--all')
    git('commit', '--quiet', '--message', 'x')
  }
  return { root, write, scan, commit, read: (path: string) => readFileSync(join(root, path), 'utf8') }
}

describe('a run in CI', () => {
  it('accepts what was there and fails on one new defect, annotated on its line', async () => {
    const { root, write, scan, commit, read } = makeRepository('ci', { 'db/1.sql': OLD })
    expect((await scan('db')).status, 'without a baseline').toBe(1)
    expect((await scan('db', '--update-baseline')).status).toBe(0)
    expect(read('pg-billing-audit.baseline.json').match(/"object"/g)).toHaveLength(1)
    commit()

    renameSync(join(root, 'db/1.sql'), join(root, 'db/0001_start.sql'))
    write('db/0001_start.sql', `-- moved\n\n${OLD}`)
    expect((await scan('db')).status, 'a renamed file and moved lines').toBe(0)

    write('db/0002_payment.sql', NEW)
    const { status, stdout, stderr } = await scan('db', '--format', 'github', '--format', 'json=review.json')
    expect([status, stderr]).toEqual([1, ''])
    const annotations = stdout.split('\n').filter((line) => /^::(?:error|warning)/.test(line))
    expect(annotations).toEqual([
      expect.stringMatching(
        /^::error file=db\/0002_payment\.sql,line=3,col=3,title=types\/inexact-money::public\.payment holds money in amount/,
      ),
    ])
    expect(JSON.parse(read('review.json'))).toMatchObject({
      baseline: { new: [{ rule: RULE, address: 'public.payment' }], known: 1, resolved: [] },
    })

    write('db/0002_payment.sql', NEW.replace('real', 'numeric(14, 2)'))
    const later = await scan('db', '--since', 'review.json')
    expect(later.status).toBe(0)
    expect(later.stdout).toContain('Since review.json: 0 new, 1 known, 1 resolved')
    expect((await scan('db', '--no-baseline')).status).toBe(1)
  })
})

describe('a configuration', () => {
  it('names the sources, the bar, the rules and suppressions', async () => {
    const { write, scan, root } = makeRepository('config', {
      'db/1.sql': OLD,
      'db/2.sql': NEW,
      'pg-billing-audit.config.yaml': `source: { targets: [db] }
suppressions:
  - { rules: [${RULE}], objects: [public.invoice], reason: Old. }
rules: { ${RULE}: warning }
failOn: warning
formats: [csv]
`,
    })
    mkdirSync(join(root, 'below'))
    const { status, stdout } = await installed.run(['scan', '--no-prove', '--rule', RULE], { cwd: join(root, 'below') })
    expect(status).toBe(1)
    expect(stdout).toMatch(/^"open","","warning",/m)
    expect(stdout).toMatch(/^"suppressed","",.*"Old\.; \S*pg-billing-audit\.config\.yaml:3:5"/m)
    const printed = JSON.parse((await scan('--print-config')).stdout) as { readonly rules: Record<string, string> }
    expect(printed.rules[RULE]).toBe('warning')

    write('pg-billing-audit.config.yaml', `rules:\n  ${RULE}s: off\n`)
    const unknown = await scan('db')
    expect([unknown.status, unknown.stdout]).toEqual([2, ''])
    expect(unknown.stderr).toContain(
      `Error: pg-billing-audit.config.yaml:2:3: There is no rule «${RULE}s». Did you mean «${RULE}»?`,
    )
    write('pg-billing-audit.config.yaml', 'rules: [')
    expect((await scan('db')).stderr).toMatch(/^Error: pg-billing-audit\.config\.yaml:1:\d+: /)
    expect((await scan('db', '--no-config')).status).toBe(1)
  })

  it('brings rules of its own, written against the kit', async () => {
    const { root } = makeRepository('own', {
      'db/1.sql': OLD,
      'pg-billing-audit.config.ts': `import { defineConfig } from 'pg-billing-audit/kit'
export default defineConfig({ ownRules: 'rules', rules: { '*': 'off', 'house/no-comment': { severity: 'error', options: { but: ['x'] } } } })
`,
      'rules/house/no-comment.ts': `import { parseExpression, rule } from 'pg-billing-audit/kit'
export default rule({
  severity: 'info',
  docs: { summary: 'Comment every table.', why: 'w', bad: '', good: '', references: [] },
  needs: ['catalog'],
  *detect({ catalog, options }) {
    for (const table of catalog.tables)
      if (!table.comment && parseExpression('1 + 1')) yield { on: table, facts: { options } }
  },
  message: ({ on }) => \`\${on} has no comment.\`,
})
`,
    })
    const { status, stdout, stderr } = await installed.run(['scan', 'db', '--no-prove', '--format', 'json'], {
      cwd: root,
    })
    expect(stderr).toBe('')
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      findings: [{ rule: 'house/no-comment', severity: 'error', evidence: { facts: { options: { but: ['x'] } } } }],
    })
    expect((await installed.run(['explain', 'house/no-comment'], { cwd: root })).stdout).toContain(
      'Comment every table.',
    )
    expect((await installed.run(['explain', 'house/no-comment', '--no-config'], { cwd: root })).status).toBe(2)
  })
})

describe('init', () => {
  it('writes a configuration that a scan then follows, and overwrites nothing', async () => {
    const { root, scan, read } = makeRepository('init', { 'db/migrations/1.sql': OLD })
    const first = await installed.run(['init'], { cwd: root })
    expect([first.status, first.stderr]).toEqual([0, ''])
    expect(first.stdout).toBe('Wrote pg-billing-audit.config.yaml, for db/migrations. Next: pg-billing-audit scan\n')
    const text = read('pg-billing-audit.config.yaml')
    expect((await scan()).status).toBe(1)
    const again = await installed.run(['init', '--as', 'ts'], { cwd: root })
    expect(again.status).toBe(2)
    expect(again.stderr).toContain('There is a configuration already: pg-billing-audit.config.yaml.')
    expect(read('pg-billing-audit.config.yaml')).toBe(text)
  })
})

describe('SQL that is not understood', () => {
  it('is an error with its place and exit code 2, and the report is written', async () => {
    const { scan, root } = makeRepository('syntax', { 'db/1.sql': `${OLD}\ncreate tabel x (id int);\n` })
    const { status, stdout, stderr } = await scan('db', '--format', 'json', '--format', 'sarif=out.sarif')
    expect(status).toBe(2)
    expect(stderr).toMatch(/^Error: db\/1\.sql:3:8: .*\n {2}\S/)
    expect(JSON.parse(stdout)).toMatchObject({ findings: [{ rule: RULE }] })
    expect(existsSync(join(root, 'out.sarif'))).toBe(true)
  })
})

describe('what cannot be done', () => {
  it('is one sentence, a hint and exit code 2', async () => {
    const { scan, write, root } = makeRepository('wrong', { 'db/1.sql': OLD, 'old.json': '{"version":7,"entries":[]}' })
    write('report.json', '{"findings":1}')
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['db', '--baseline', 'nope.json'], /nope\.json: no such baseline\.\n {2}Write one: scan with --update-baseline/],
      [['db', '--baseline', 'old.json'], /old\.json is a baseline of version 7; this program reads 1/],
      [['db', '--no-baseline', '--update-baseline'], /--no-baseline|--update-baseline/],
      [['db', '--since', 'report.json'], /report\.json is no report of this program/],
      [['db', '--since', 'nope.json'], /nope\.json cannot be read/],
      [['db', '--format', 'json', '--format', 'csv'], /json and csv cannot both go to standard output/],
      [['db', '--format', 'json=no/such/folder.json'], /no such folder/],
      [['db', '--format', 'sarfi=x'], /There is no format «sarfi»\.\n {2}Did you mean «sarif»/],
      [['db', '--update-baseline', '--baseline', 'db'], /db is a folder/],
      [['db', '--config', 'nope.ts'], /nope\.ts cannot be read/],
      [['db', '--max-findings', '-1'], /max-findings/],
    ]
    const ran = await Promise.all(cases.map(([args]) => scan(...args)))
    for (const [at, { status, stdout, stderr }] of ran.entries()) {
      expect(stderr, String(cases[at]?.[0])).toMatch(cases[at]?.[1] as RegExp)
      expect(stderr).toMatch(/^Error: /)
      expect(stderr).not.toMatch(/^\s+at /m)
      expect([status, stdout]).toEqual([2, ''])
    }
    expect(existsSync(join(root, 'pg-billing-audit.baseline.json'))).toBe(false)
  })
})
