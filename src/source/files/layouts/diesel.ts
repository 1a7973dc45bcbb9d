import { arrangeBy, downFile, type Folder, type FolderFile, type Layout, versionOf } from './layout.js'

const IN_VERSION_FOLDER = /^(\d[\d-]*)[^/]*\/(?:up|down)\.sql$/

/** A folder a migration with `up.sql` and `down.sql` (https://diesel.rs). */
export const diesel: Layout = {
  name: 'diesel',
  recognize: (folder) => (isDiesels(folder) ? recognizeFolders(folder, (version) => !isMilliseconds(version)) : null),
  arrange: arrangeFolders,
  down: downOf,
}

/** The same folders where nothing tells what runs them. */
export const folders: Layout = {
  name: 'folders',
  recognize: (folder) => recognizeFolders(folder, () => true),
  arrange: arrangeFolders,
  down: downOf,
}

/** As Diesel, but named by milliseconds (https://hasura.io/docs). */
export const hasura: Layout = {
  name: 'hasura',
  recognize: (folder) => recognizeFolders(folder, isMilliseconds),
  arrange: arrangeFolders,
  down: downOf,
}

/** Diesel gives each migration a way back and a time; its projects have a file of its own. */
function isDiesels({ files, has }: Folder): boolean {
  return (
    files.some(({ name }) => name === 'down.sql') ||
    ['', '../', '../../'].some((up) => has(`${up}diesel.toml`)) ||
    files.every(({ below }) => /^\d{4}-?\d{2}-?\d{2}|^0{8,}/.test(below))
  )
}

function downOf({ below, name }: FolderFile, folder: Folder) {
  return name === 'up.sql' ? downFile(folder, below.replace(/up\.sql$/, 'down.sql')) : undefined
}

function recognizeFolders({ files }: Folder, fits: (version: string) => boolean): string | null {
  const versions = files.flatMap(({ below }) => IN_VERSION_FOLDER.exec(below)?.[1] ?? [])
  if (versions.length * 2 < files.length || versions.length === 0 || !versions.every(fits)) return null
  return `${new Set(versions).size} folders with up.sql`
}

function arrangeFolders({ files }: Folder) {
  return arrangeBy(files, (file) => {
    if (!IN_VERSION_FOLDER.test(file.below)) return 'is no migration'
    if (file.name === 'down.sql') return 'undoes a migration'
    return { key: [versionOf(folderOf(file))] }
  })
}

function folderOf({ below }: FolderFile): string {
  return below.split('/').at(-2) ?? ''
}

function isMilliseconds(version: string): boolean {
  return /^\d{13}$/.test(version)
}
