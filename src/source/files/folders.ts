import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import type { Folder } from './layouts/layout.js'
import { readText } from './read.js'

/** The folders directly below that hold SQL. */
export function subfolders(folder: Folder): readonly Folder[] {
  const names = new Set(folder.files.flatMap(({ below }) => (below.includes('/') ? [below.split('/')[0]!] : [])))
  return [...names].map((name) => {
    const path = join(folder.path, name)
    return openFolder(
      path,
      folder.files.filter(({ below }) => below.startsWith(`${name}/`)).map((file) => file.path),
    )
  })
}

/** The folder with these SQL files. */
export function openFolder(path: string, paths: readonly string[]): Folder {
  return {
    path,
    files: paths.map((file) => {
      let text: string | undefined
      return {
        path: file,
        below: relative(path, file).split(sep).join('/'),
        name: basename(file).replace(/\.gz$/, ''),
        text: () => (text ??= readText(file)),
      }
    }),
    has: (below) => existsSync(join(path, below)),
    read(below) {
      try {
        return readFileSync(join(path, below), 'utf8')
      } catch {
        return null
      }
    },
  }
}

/** The deepest folder that holds all the files. */
export function commonFolder(paths: readonly string[]): string {
  return paths
    .map((path) => dirname(path))
    .reduce((common, folder) => {
      let shared = common
      while (shared !== folder && !folder.startsWith(shared.endsWith(sep) ? shared : shared + sep))
        shared = dirname(shared)
      return shared
    })
}
