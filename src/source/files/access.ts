import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, sep } from 'node:path'

/**
 * Finds files that a script names. Only what lies below the folders asked for, or below the repository that holds them, is
 * found: a script is untrusted and must not show other files of this machine.
 */
export function openAccess(asked: readonly string[]): (path: string, includer: string) => string | null {
  const folders = asked.map((path) => (statSync(path).isDirectory() ? path : dirname(path)))
  const roots = folders.map((folder) => realpathSync(repositoryOf(folder) ?? folder))
  return (path, includer) => {
    const candidates = isAbsolute(path)
      ? [path]
      : [dirname(includer), ...folders, ...roots].map((base) => join(base, path))
    for (const candidate of candidates) {
      if (!statSync(candidate, { throwIfNoEntry: false })?.isFile()) continue
      const real = realpathSync(candidate)
      if (roots.some((root) => real.startsWith(root.endsWith(sep) ? root : root + sep))) return candidate
    }
    return null
  }
}

function repositoryOf(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (dirname(at) === at) return null
  }
}
