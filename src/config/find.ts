import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const NAMES = ['ts', 'mts', 'js', 'mjs', 'json', 'jsonc', 'yaml', 'yml'].map(
  (ending) => `pg-billing-audit.config.${ending}`,
)
/** The key of package.json that holds a configuration. */
export const KEY = 'pgBillingAudit'

/** The nearest configuration from a folder upward, up to the root of the Git repository; undefined when there is none. */
export function findConfig(from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const found = NAMES.map((name) => join(folder, name)).find((path) => existsSync(path))
    if (found) return found
    const manifest = join(folder, 'package.json')
    if (hasKey(manifest)) return manifest
    if (existsSync(join(folder, '.git')) || dirname(folder) === folder) return undefined
  }
}

function hasKey(manifest: string): boolean {
  try {
    return KEY in (JSON.parse(readFileSync(manifest, 'utf8')) as object)
  } catch {
    return false
  }
}
