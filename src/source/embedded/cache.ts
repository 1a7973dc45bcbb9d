import { readFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * The initialized data directory (a tar) of the embedded server, or null when none is cached yet.
 * Any failure counts as «not cached»: the cache may be absent, unreadable or damaged.
 */
export async function readCachedDataDirectory(): Promise<Uint8Array | null> {
  try {
    const tar = await readFile(cacheFile())
    return isWhole(tar) ? tar : null
  } catch {
    return null
  }
}

/** Caches a data directory for the next start. A full disk or a read-only folder is no error: the next start is slower. */
export async function writeCachedDataDirectory(dump: () => Promise<Uint8Array>): Promise<void> {
  const file = cacheFile()
  const unfinished = `${file}.${process.pid}`
  try {
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(unfinished, await dump())
    await rename(unfinished, file)
  } catch {
    await rm(unfinished, { force: true }).catch(() => undefined)
  }
}

function cacheFile(): string {
  const manifest = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'))
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  const folder =
    process.env['PG_BILLING_AUDIT_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'pg-billing-audit')
  return join(folder, `embedded-${version}.tar`)
}

/** A tar ends with two empty 512-byte blocks. */
function isWhole(tar: Uint8Array): boolean {
  return tar.length > 1024 && tar.length % 512 === 0 && tar.subarray(-1024).every((byte) => byte === 0)
}
