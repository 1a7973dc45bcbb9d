import { readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * The initialized data directory (a tar) of the embedded server, or null when none is cached yet.
 * Any failure counts as «not cached»: the cache may be absent, unreadable or damaged.
 */
export async function readCachedDataDirectory(): Promise<Uint8Array | null> {
  try {
    const tar = await readFile(join(cacheFolder(), dataDirectoryFile()))
    return isWhole(tar) ? tar : null
  } catch {
    return null
  }
}

/** Caches a data directory for the next start. A full disk or a read-only folder is no error: the next start is slower. */
export async function writeCachedDataDirectory(dump: () => Promise<Uint8Array>): Promise<void> {
  await writeCached(dataDirectoryFile(), async () => [await dump()])
}

/** A data directory that statements have filled, and what they came to, as JSON. */
export interface Image {
  readonly state: string
  readonly dataDirectory: Uint8Array
}

const IMAGE = /^image-[0-9a-f]+\.bin$/
/** Images that are kept; each is as large as a database. */
const MOST_IMAGES = 3

/** The image with this key (hexadecimal); null when it is not cached, or not whole. */
export async function readCachedImage(key: string): Promise<Image | null> {
  try {
    const file = join(cacheFolder(), imageFile(key))
    const bytes = await readFile(file)
    const end = 4 + bytes.readUInt32LE(0)
    const tar = bytes.subarray(end)
    if (end > bytes.length || !isWhole(tar)) return null
    await utimes(file, new Date(), new Date()).catch(() => undefined)
    return { state: bytes.toString('utf8', 4, end), dataDirectory: new Uint8Array(tar) }
  } catch {
    return null
  }
}

/** Caches an image, in place of those that were not used for longest. What fails is no error. */
export async function writeCachedImage(key: string, make: () => Promise<Image>): Promise<void> {
  await writeCached(imageFile(key), async () => {
    const { state, dataDirectory } = await make()
    const text = Buffer.from(state)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(text.length)
    return [length, text, dataDirectory]
  })
  await dropOldImages().catch(() => undefined)
}

async function dropOldImages(): Promise<void> {
  const folder = cacheFolder()
  const names = (await readdir(folder)).filter((name) => IMAGE.test(name))
  const used = await Promise.all(names.map(async (name) => ({ name, time: (await stat(join(folder, name))).mtimeMs })))
  const old = used.toSorted((a, b) => b.time - a.time).slice(MOST_IMAGES)
  for (const { name } of old) await rm(join(folder, name), { force: true })
}

async function writeCached(name: string, make: () => Promise<readonly Uint8Array[]>): Promise<void> {
  const file = join(cacheFolder(), name)
  const unfinished = `${file}.${process.pid}`
  try {
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(unfinished, await make())
    await rename(unfinished, file)
  } catch {
    await rm(unfinished, { force: true }).catch(() => undefined)
  }
}

function imageFile(key: string): string {
  return `image-${key}.bin`
}

/** The version of the embedded server, which a cached data directory belongs to. */
export function embeddedVersion(): string {
  const manifest = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'))
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}

function dataDirectoryFile(): string {
  return `embedded-${embeddedVersion()}.tar`
}

function cacheFolder(): string {
  return (
    process.env['PG_BILLING_AUDIT_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'pg-billing-audit')
  )
}

/** A tar ends with two empty 512-byte blocks. */
function isWhole(tar: Uint8Array): boolean {
  return tar.length > 1024 && tar.length % 512 === 0 && tar.subarray(-1024).every((byte) => byte === 0)
}
