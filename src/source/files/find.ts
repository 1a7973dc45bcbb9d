import { readdirSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { SqlLoadError } from '../../errors.js'
import { isCodeFile } from './code/read.js'

const SQL_FILE = /\.(?:sql|ddl|psql|pgsql)(?:\.gz)?$/i
const NOT_ENTERED = new Set(['node_modules', 'target', 'dist', 'vendor'])

/** A path that was asked for. */
export type Asked =
  | { readonly kind: 'file'; readonly path: string }
  /** `entries`: every file below, as absolute paths. */
  | { readonly kind: 'folder'; readonly path: string; readonly entries: readonly string[] }

/** Looks at the paths on disk, without the files to `exclude`. Throws SqlLoadError for what is not there and for a folder without a file that is wanted. */
export function findFiles(
  paths: readonly string[],
  exclude: readonly string[] = [],
  isWanted = (path: string) => isSqlFile(path) || isCodeFile(path),
): readonly Asked[] {
  const excluded = new Set(exclude.map((path) => resolve(path)))
  if (paths.length === 0) throw new SqlLoadError('No SQL file was given.', { hint: 'Name files or folders with SQL.' })
  return paths.map((given) => {
    const path = resolve(given)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat)
      throw new SqlLoadError(`${given}: no such file or folder.`, { hint: 'Check the path and the working folder.' })
    if (!stat.isDirectory()) return { kind: 'file', path }
    const entries = listFolder(path).filter((entry) => !excluded.has(entry))
    if (!entries.some(isWanted)) {
      throw new SqlLoadError(`${given}: the folder holds no SQL file.`, {
        hint: 'Name the folder that holds the *.sql files.',
      })
    }
    return { kind: 'folder', path, entries }
  })
}

/** Whether the name says SQL. */
export function isSqlFile(path: string): boolean {
  return SQL_FILE.test(path)
}

/** A path as people see it: relative below the working folder, with slashes. */
export function shownPath(path: string): string {
  const below = relative(process.cwd(), path)
  const shown = below === '' || below.startsWith('..') ? path : below
  return sep === '/' ? shown : shown.replaceAll(sep, '/')
}

function listFolder(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return entry.name.startsWith('.') || NOT_ENTERED.has(entry.name) ? [] : listFolder(path)
      return entry.isFile() || (entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isFile())
        ? [path]
        : []
    })
}
