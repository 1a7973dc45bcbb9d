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
    const found = configIn(folder)
    if (found !== undefined) return found
    if (existsSync(join(folder, '.git')) || dirname(folder) === folder) return undefined
  }
}

/** The configuration in this very folder. */
export function configIn(folder: string): string | undefined {
  const manifest = join(folder, 'package.json')
  const found = NAMES.map((name) => join(folder, name)).find((path) => existsSync(path))
  return found ?? (hasKey(manifest) ? manifest : undefined)
}

function hasKey(manifest: string): boolean {
  try {
    return KEY in (JSON.parse(readFileSync(manifest, 'utf8')) as object)
  } catch {
    return false
  }
}
