import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { median, milliseconds, printFigure, timesOf } from './figures.js'
import { generateSchema } from './generate.js'

/** Kinds of small migrations, one after the other. */
const KINDS: readonly ((table: string, number: number) => string)[] = [
  (table, number) => `alter table ${table} add column extra_${number} text;`,
  (table, number) => `create index index_${number} on ${table} (code);`,
  (table, number) => `alter table ${table} add constraint check_${number} check (amount < 1000000);`,
  (table) =>
    `alter table ${table} alter column status type varchar(40);\nupdate ${table} set note = '' where note is null;`,
  (table, number) => `create table bench.new_${number} (id bigint primary key, reference bigint references ${table});`,
  (table) => `alter table ${table} alter column note set not null;`,
  (table, number) => `create index concurrently later_${number} on ${table} (status);`,
  (table) => `alter table ${table} alter column currency type text;`,
]

it('judges 100 small migrations on top of 140 tables', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-bench-'))
  try {
    const schema = ['create schema bench', ...generateSchema(140)].join(';\n')
    writeFileSync(join(folder, '000_schema.sql'), `${schema};\n`)
    for (let number = 1; number <= 100; number++) {
      const sql = KINDS[number % KINDS.length]!(`bench.table_${number}`, number)
      writeFileSync(join(folder, `${String(number).padStart(3, '0')}_change.sql`), `set lock_timeout = '2s';\n${sql}\n`)
    }
    const cache = join(folder, 'cache')
    const scan = (environment: NodeJS.ProcessEnv, ...more: readonly string[]) => {
      const asked = [
        'scan',
        folder,
        '--after',
        '000_schema.sql',
        '--fail-on',
        'never',
        '--no-config',
        '--format',
        'json',
        ...more,
      ]
      const { status, stderr, stdout } = spawnSync('node', ['bin/run.js', ...asked], {
        encoding: 'utf8',
        env: environment,
        maxBuffer: 2 ** 28,
      })
      if (status !== 0) throw new Error(stderr)
      return JSON.parse(stdout) as { readonly findings: readonly { readonly rule: string }[] }
    }
    const files = readdirSync(folder).filter((name) => /^\d.*\.sql$/.test(name) && name !== '000_schema.sql')
    const squawk = () =>
      spawnSync(
        'node_modules/.bin/squawk',
        files.map((name) => join(folder, name)),
        { encoding: 'utf8' },
      )

    console.log('\n100 migrations on top of 140 tables, whole process')
    const kept = { ...process.env, XDG_CACHE_HOME: cache }
    printFigure('scan, nothing kept', milliseconds(median(await timesOf(1, () => scan(kept)))), '≤ 6,000 ms')
    printFigure('the same again', milliseconds(median(await timesOf(3, () => scan(kept)))), '≤ 3,000 ms')
    const changed = await timesOf(3, () => {
      appendFileSync(join(folder, '100_change.sql'), '\n')
      scan(kept)
    })
    printFigure('scan after a change to one of the migrations', milliseconds(median(changed)))
    printFigure(
      'scan --no-prove --no-cache',
      milliseconds(median(await timesOf(3, () => scan(kept, '--no-prove', '--no-cache')))),
    )
    const read = await timesOf(5, () => scan(process.env, '--static'))
    const start = await timesOf(5, () => spawnSync('node', ['bin/run.js', '--version']))
    printFigure('scan --static', milliseconds(median(read)), '≤ 500 ms')
    printFigure('of which its own part, start of the program taken off', milliseconds(median(read) - median(start)))
    printFigure('squawk', milliseconds(median(await timesOf(5, squawk))))
    const { findings } = scan(process.env, '--static')
    expect(findings.length).toBeGreaterThan(50)
    console.log(
      `  ${findings.length} findings with --static; squawk: ${squawk().stdout.match(/Found .*/)?.[0] ?? 'none'}`,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
