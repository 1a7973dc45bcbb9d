import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { audit } from '../../src/audit/audit.js'
import { writeMigration } from '../../src/cli/fixing.js'
import type { AuditResult } from '../../src/engine/result.js'
import { compareCatalogs, describeCatalog } from '../../src/evidence/catalog/describe.js'
import type { MigrationFile } from '../../src/fix/writers/writer.js'
import { readLiveCatalog } from '../live-catalog.js'
import { startServer, type TestServer } from '../servers.js'
import { nameAsGolangMigrate, readAsFlyway, readAsGoose, readAsLiquibase } from './stand-ins.js'
import { AT, HOSTILE, layFiles, makeFolder, projectOf, RULES, writeFor, writerOf } from './projects.js'

/** A migration tool on this machine. */
interface Tool {
  /** Applies all that is pending, which is these files. */
  up(folder: string, url: string, paths: readonly string[]): Promise<void> | void
  /** Takes back these files, last first. */
  down(folder: string, url: string, files: readonly MigrationFile[]): Promise<void> | void
}

/** Where tools lie that no package of ours brings: a folder with node_modules. */
const ELSEWHERE = process.env['PGBA_TEST_TOOLS'] ?? ''

function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): void {
  const ran: SpawnSyncReturns<string> = spawnSync(command, args, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', LC_ALL: 'C.UTF-8', ...options.env },
    encoding: 'utf8',
  })
  if (ran.status !== 0)
    throw new Error(`${command} ${args.join(' ')}\n${ran.error?.message ?? ''}${ran.stdout}${ran.stderr}`)
}

function has(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0
}

function resolveElsewhere(name: string): string | null {
  for (const folder of [ELSEWHERE, process.cwd()])
    try {
      return createRequire(join(folder || '/', 'x.js')).resolve(name)
    } catch {
      continue
    }
  return null
}

const upFiles = (files: readonly MigrationFile[]) => files.filter(({ role }) => role === 'up' || role === 'both')
/** Paths of the files that are taken back, the last one first. */
const latestFirst = (files: readonly MigrationFile[]) =>
  upFiles(files)
    .toReversed()
    .map(({ path }) => path)
const downFiles = (files: readonly MigrationFile[]) => files.filter(({ role }) => role === 'down').toReversed()

const psql = (folder: string, url: string, paths: readonly string[]) => {
  for (const path of paths) run('psql', ['-q', '-X', '-v', 'ON_ERROR_STOP=1', '-d', url, '-f', join(folder, path)])
}

/** Sends a file as one query, as tools do that do not split. */
async function sendWhole(folder: string, url: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const client = new pg.Client(url)
    await client.connect()
    try {
      await client.query(readFileSync(join(folder, path), 'utf8'))
    } finally {
      await client.end()
    }
  }
}

/** Sends statements one by one over one connection, in a transaction or not. */
async function sendEach(url: string, statements: readonly string[], transactional: boolean): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    for (const statement of transactional ? ['begin', ...statements, 'commit'] : statements)
      await client.query(statement)
  } finally {
    await client.end()
  }
}

const TOOLS: Readonly<Record<string, () => Tool | null>> = {
  plain: () =>
    has('psql')
      ? {
          up: psql,
          down: (folder, url, files) =>
            psql(
              folder,
              url,
              downFiles(files).map(({ path }) => path),
            ),
        }
      : null,
  // golang-migrate, Flyway and goose themselves are not to be had here: what stands in reads files as they do.
  'golang-migrate': () => ({
    up: (folder, url, paths) => {
      const named = paths.filter((path) => nameAsGolangMigrate(path).direction === 'up')
      const inOrder = named.toSorted((a, b) => Number(nameAsGolangMigrate(a).version - nameAsGolangMigrate(b).version))
      expect(inOrder).toEqual(named)
      return sendWhole(folder, url, named)
    },
    down: (folder, url, files) =>
      sendWhole(
        folder,
        url,
        downFiles(files).map(({ path }) => path),
      ),
  }),
  // Prisma's engine sends a file as one query, as psql does with a command.
  'prisma through psql': () =>
    has('psql')
      ? {
          up: (folder, url, paths) => {
            for (const path of paths.filter((one) => /^\d{14}_[^/]+\/migration\.sql$/.test(one)))
              run('psql', ['-q', '-X', '-d', url, '-c', readFileSync(join(folder, path), 'utf8')])
          },
          down: (folder, url, files) =>
            psql(
              folder,
              url,
              downFiles(files).map(({ path }) => path),
            ),
        }
      : null,
  // Prisma's own command with its engine as WebAssembly, whose driver is made to send files whole, as the native engine does.
  prisma: () => {
    const command = ELSEWHERE && join(ELSEWHERE, 'node_modules/prisma/build/index.js')
    const driver = ELSEWHERE && join(ELSEWHERE, 'node_modules/@prisma/adapter-pg/dist/index.mjs')
    if (!command || !existsSync(command) || !existsSync(driver) || !has('psql')) return null
    return {
      up(folder, url, paths) {
        const place = `${folder}-prisma`
        layFiles(place, {
          'schema.prisma': 'datasource db {\n  provider = "postgresql"\n  url = "postgres://unused"\n}\n',
          'prisma.config.mjs': `import { PrismaPg } from ${JSON.stringify(pathToFileURL(driver).href)}
class Whole extends PrismaPg {
  async connect() {
    const adapter = await super.connect()
    adapter.executeScript = async (script) => {
      await adapter.client.query(script).catch((error) => adapter.onError(error))
    }
    return adapter
  }
}
export default {
  schema: 'schema.prisma', migrations: { path: ${JSON.stringify(folder)} }, engine: 'js', experimental: { adapter: true },
  adapter: async () => new Whole({ connectionString: ${JSON.stringify(url)} }),
}
`,
        })
        // The schema is there already when the project's first migration is.
        const verb = paths.includes('migration_lock.toml')
          ? ['resolve', '--applied', dirname(paths[0] ?? '')]
          : ['deploy']
        run(process.execPath, [command, 'migrate', ...verb, '--config', 'prisma.config.mjs'], {
          cwd: place,
          // Neither of the native engines is called.
          env: {
            CHECKPOINT_DISABLE: '1',
            PRISMA_HIDE_UPDATE_MESSAGE: '1',
            PRISMA_QUERY_ENGINE_LIBRARY: process.execPath,
            PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
          },
        })
      },
      down: (folder, url, files) =>
        psql(
          folder,
          url,
          downFiles(files).map(({ path }) => path),
        ),
    }
  },
  flyway: () => {
    const send = async (folder: string, url: string, paths: readonly string[]) => {
      for (const path of paths.filter((one) => one.endsWith('.sql'))) {
        const settings = join(folder, `${path}.conf`)
        const text = readFileSync(join(folder, path), 'utf8')
        const sent = readAsFlyway(path, text, existsSync(settings) ? readFileSync(settings, 'utf8') : null)
        await sendEach(url, sent.statements, sent.transactional)
      }
    }
    return {
      up: (folder, url, paths) =>
        send(
          folder,
          url,
          paths.filter((path) => path.startsWith('V')),
        ),
      down: (folder, url, files) =>
        send(
          folder,
          url,
          downFiles(files).map(({ path }) => path),
        ),
    }
  },
  goose: () => {
    const send = async (folder: string, url: string, paths: readonly string[], direction: 'Up' | 'Down') => {
      for (const path of paths) {
        const { statements, transactional } = readAsGoose(readFileSync(join(folder, path), 'utf8'), direction)
        await sendEach(url, statements, transactional)
      }
    }
    return {
      up: (folder, url, paths) => send(folder, url, paths, 'Up'),
      down: (folder, url, files) => send(folder, url, latestFirst(files), 'Down'),
    }
  },
  'liquibase by its grammar': () => {
    const send = async (folder: string, url: string, paths: readonly string[], side: 'up' | 'down') => {
      for (const path of paths)
        for (const set of readAsLiquibase(readFileSync(join(folder, path), 'utf8')))
          await sendEach(url, set[side].statements, set[side].transactional)
    }
    return {
      up: (folder, url, paths) => send(folder, url, paths, 'up'),
      down: (folder, url, files) => send(folder, url, latestFirst(files), 'down'),
    }
  },
  dbmate: () => {
    const command = resolveElsewhere(`@dbmate/${process.platform}-${process.arch}/bin/dbmate`)
    if (!command) return null
    const dbmate = (folder: string, url: string, verb: string) =>
      run(command, ['--no-dump-schema', '--migrations-dir', folder, verb], {
        env: { DATABASE_URL: `${url}?sslmode=disable` },
      })
    return {
      up: (folder, url) => dbmate(folder, url, 'up'),
      down: (folder, url, files) => upFiles(files).forEach(() => dbmate(folder, url, 'rollback')),
    }
  },
  'sql-migrate': () => {
    if (!has('sql-migrate')) return null
    const migrate = (folder: string, url: string, args: readonly string[]) => {
      const { hostname, port, pathname, password } = new URL(url)
      layFiles(`${folder}-configuration`, {
        'dbconfig.yml': `development:\n  dialect: postgres\n  datasource: host=${hostname} port=${port} user=postgres password=${password} dbname=${pathname.slice(1)} sslmode=disable\n  dir: ${folder}\n`,
      })
      run('sql-migrate', args, { cwd: `${folder}-configuration` })
    }
    return {
      up: (folder, url) => migrate(folder, url, ['up']),
      down: (folder, url, files) => migrate(folder, url, ['down', `-limit=${upFiles(files).length}`]),
    }
  },
  'node-pg-migrate': () => {
    const migrate = async (folder: string, url: string, direction: 'up' | 'down', count: number) => {
      const { runner } = await import('node-pg-migrate')
      await runner({
        databaseUrl: url,
        dir: folder,
        migrationsTable: 'pgmigrations',
        direction,
        count,
        singleTransaction: false,
        log: () => undefined,
      })
    }
    return {
      up: (folder, url) => migrate(folder, url, 'up', Infinity),
      down: (folder, url, files) => migrate(folder, url, 'down', upFiles(files).length),
    }
  },
  knex: () => {
    const migrate = async (folder: string, url: string, verb: 'up' | 'down', count: number) => {
      const { default: knex } = await import('knex')
      const database = knex({
        client: 'pg',
        connection: url,
        migrations: { directory: folder, loadExtensions: ['.js'] },
      })
      try {
        for (let at = 0; at < count; at++) await database.migrate[verb]()
      } finally {
        await database.destroy()
      }
    }
    return {
      up: (folder, url) => migrate(folder, url, 'up', readdirSync(folder).length),
      down: (folder, url, files) => migrate(folder, url, 'down', upFiles(files).length),
    }
  },
  drizzle: () => {
    const migrator = resolveElsewhere('drizzle-orm/node-postgres/migrator')
    const driver = resolveElsewhere('drizzle-orm/node-postgres')
    if (!migrator || !driver || !has('psql')) return null
    return {
      async up(folder, url) {
        const { drizzle } = (await import(pathToFileURL(driver).href)) as { drizzle: (client: pg.Client) => unknown }
        const { migrate } = (await import(pathToFileURL(migrator).href)) as {
          migrate: (database: unknown, config: { migrationsFolder: string }) => Promise<void>
        }
        const client = new pg.Client(url)
        await client.connect()
        await migrate(drizzle(client), { migrationsFolder: folder })
        await client.end()
      },
      down: (folder, url, files) =>
        psql(
          folder,
          url,
          downFiles(files).map(({ path }) => path),
        ),
    }
  },
  sqitch: () => {
    if (!has('sqitch')) return null
    const sqitch = (folder: string, url: string, args: readonly string[]) =>
      run('sqitch', args.concat('--target', url.replace('postgres:', 'db:pg:')), {
        cwd: folder,
        env: { SQITCH_FULLNAME: 'Ada', SQITCH_EMAIL: 'ada@example.com', TZ: 'UTC' },
      })
    return {
      up: (folder, url) => sqitch(folder, url, ['deploy', '--verify']),
      down: (folder, url) => sqitch(folder, url, ['revert', '-y', '--to', 'base']),
    }
  },
  rails: () => {
    if (!has('ruby') || spawnSync('ruby', ['-e', 'require "active_record"; require "pg"']).status !== 0) return null
    const migrate = (folder: string, url: string, call: string) =>
      run('ruby', [
        '-e',
        `require "active_record"
         ActiveRecord::Base.establish_connection(ARGV[0]); ActiveRecord::Migration.verbose = false
         context = ActiveRecord::MigrationContext.new(ARGV[1], ActiveRecord::SchemaMigration)
         context.${call}`,
        url,
        folder,
      ])
    return {
      up: (folder, url) => migrate(folder, url, 'migrate'),
      down: (folder, url, files) => migrate(folder, url, `rollback(${upFiles(files).length})`),
    }
  },
  liquibase: () => {
    const home = ELSEWHERE && join(ELSEWHERE, 'node_modules/liquibase/dist/liquibase')
    if (!home || !existsSync(home) || !has('java')) return null
    const liquibase = (folder: string, url: string, args: readonly string[]) => {
      const { hostname, port, pathname, password } = new URL(url)
      layFiles(folder, {
        '../master.xml': `<?xml version="1.0" encoding="UTF-8"?>
<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-4.20.xsd">
  <includeAll path="project" relativeToChangelogFile="true"/>
</databaseChangeLog>`,
      })
      run(
        'java',
        [
          '-cp',
          `${home}/internal/lib/*`,
          'liquibase.integration.commandline.LiquibaseCommandLine',
          `--url=jdbc:postgresql://${hostname}:${port}${pathname}`,
          '--username=postgres',
          `--password=${password}`,
          '--changelog-file=master.xml',
          `--search-path=${dirname(folder)}`,
          ...args,
        ],
        { cwd: folder },
      )
    }
    return {
      up: (folder, url) => liquibase(folder, url, ['update']),
      down: (folder, url, files) => liquibase(folder, url, ['rollback-count', `--count=${upFiles(files).length}`]),
    }
  },
}

let server: TestServer
let result: AuditResult
beforeAll(async () => {
  server = await startServer(15)
  result = await audit({
    source: { kind: 'server', connection: await server.createDatabase(HOSTILE) },
    rules: RULES,
    startedAt: AT,
  })
})

let folder: ReturnType<typeof makeFolder>
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => folder.remove())

describe.each(Object.entries(TOOLS).map(([name, find]) => [name, find()] as const))('%s', (called, tool) => {
  const [name = called] = called.split(' ')
  it.skipIf(tool === null)('applies the files, which cure, and takes them back, whatever the names are', async () => {
    if (!tool) return
    expect(result.findings.map(({ fix }) => fix?.status)).toContain('proven')
    const project = join(folder.path, 'project')
    const base = projectOf(name, 'select 1;')
    layFiles(project, base)
    const url = await server.createDatabase(HOSTILE)
    await tool.up(project, url, Object.keys(base))
    const before = await describeLive(url)
    const files = writeFor(writerOf(name), result, project)
    writeMigration(files, project)
    await tool.up(
      project,
      url,
      upFiles(files).map(({ path }) => path),
    )
    const again = await audit({
      source: { kind: 'server', connection: url },
      rules: RULES,
      prove: false,
      startedAt: AT,
    })
    const left = again.findings.filter(({ address }) => /^public\.(?!_prisma_migrations\b)/.test(address))
    expect(left.map(({ rule, address }) => `${rule} ${address}`)).toEqual([])
    await tool.down(project, url, files)
    expect(compareCatalogs(before, await describeLive(url))).toEqual([])
  })
})

async function describeLive(url: string): Promise<readonly string[]> {
  return describeCatalog(await readLiveCatalog(url))
}
