import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { isCodeFile } from './code/read.js'
import type { Folder, FolderFile } from './layouts/layout.js'
import { readText } from './read.js'

/** The folders directly below that hold SQL, or code that may. */
export function subfolders(folder: Folder): readonly Folder[] {
  const all = [...folder.files, ...folder.code]
  const names = new Set(all.flatMap(({ below }) => (below.includes('/') ? [below.split('/')[0]!] : [])))
  return [...names].map((name) => {
    const path = join(folder.path, name)
    return openFolder(
      path,
      all.filter(({ below }) => below.startsWith(`${name}/`)).map((file) => file.path),
    )
  })
}

/** The folder with these files. */
export function openFolder(path: string, paths: readonly string[]): Folder {
  const open = (file: string): FolderFile => {
    let text: string | undefined
    return {
      path: file,
      below: relative(path, file).split(sep).join('/'),
      name: basename(file).replace(/\.gz$/, ''),
      text: () => (text ??= readText(file)),
    }
  }
  return {
    path,
    files: paths.filter((file) => !isCodeFile(file)).map(open),
    code: paths.filter(isCodeFile).map(open),
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
