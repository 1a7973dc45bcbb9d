import { createHash } from 'node:crypto'
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

/** What is kept of each kind: an image is as large as a database, a review as its catalog. */
const MOST = { image: 3, review: 5 } as const

/** The image with this key (hexadecimal); null when it is not cached, or not whole. */
export async function readCachedImage(key: string): Promise<Image | null> {
  try {
    const bytes = await readUsed('image', key)
    const end = 4 + bytes.readUInt32LE(0)
    const tar = bytes.subarray(end)
    if (end > bytes.length || !isWhole(tar)) return null
    return { state: bytes.toString('utf8', 4, end), dataDirectory: new Uint8Array(tar) }
  } catch {
    return null
  }
}

/** Caches an image, in place of those that were not used for longest. What fails is no error. */
export async function writeCachedImage(key: string, make: () => Promise<Image>): Promise<void> {
  await writeCached(`image-${key}.bin`, async () => {
    const { state, dataDirectory } = await make()
    const text = Buffer.from(state)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(text.length)
    return [length, text, dataDirectory]
  })
  await dropOld('image')
}

/** The review with this key (hexadecimal), as it was kept; null when it is not cached, or not whole. */
export async function readCachedReview(key: string): Promise<Uint8Array | null> {
  try {
    const bytes = await readUsed('review', key)
    const review = bytes.subarray(DIGEST)
    return digestOf(review).equals(bytes.subarray(0, DIGEST)) ? review : null
  } catch {
    return null
  }
}

/** Caches a review, in place of those that were not used for longest. What fails is no error. */
export async function writeCachedReview(key: string, review: Uint8Array): Promise<void> {
  await writeCached(`review-${key}.bin`, async () => [digestOf(review), review])
  await dropOld('review')
}

/** Length of a digest in bytes. */
const DIGEST = 32

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

async function readUsed(kind: keyof typeof MOST, key: string): Promise<Buffer> {
  const file = join(cacheFolder(), `${kind}-${key}.bin`)
  const bytes = await readFile(file)
  await utimes(file, new Date(), new Date()).catch(() => undefined)
  return bytes
}

/** What fails is no error. */
async function dropOld(kind: keyof typeof MOST): Promise<void> {
  try {
    const folder = cacheFolder()
    const names = (await readdir(folder)).filter((name) => name.startsWith(`${kind}-`) && name.endsWith('.bin'))
    const used = await Promise.all(
      names.map(async (name) => ({ name, time: (await stat(join(folder, name))).mtimeMs })),
    )
    const old = used.toSorted((a, b) => b.time - a.time).slice(MOST[kind])
    for (const { name } of old) await rm(join(folder, name), { force: true })
  } catch {
    return
  }
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
