import {
  arrangeBy,
  databaseOf,
  directFiles,
  downFile,
  type Folder,
  type FolderFile,
  type Layout,
  versionOf,
} from './layout.js'

const UP = /[._-](?:up|do)(?:\.[^.]*)?\.sql(?:\.gz)?$|\.do\.[^/]*\.sql$/i
const DOWN = /[._-](?:down|undo)\.sql(?:\.gz)?$|\.undo\.[^/]*\.sql$|\.rollback\.sql$/i
const FOR_POSTGRES = /\.(?:postgres|postgresql|pg)\.(?=up\.|do\.)/

/** `0001_name.up.sql` beside `0001_name.down.sql`: golang-migrate, postgrator (`001.do.x.sql`), db-migrate (`x-up.sql`). */
export const golangMigrate: Layout = {
  name: 'golang-migrate',
  recognize: (folder) => (isRustProject(folder) ? null : recognizeUpFiles(folder)),
  arrange: arrangeUpFiles,
  down: downOf,
}

/** The same names in a Rust project, or `<timestamp>_name.sql` (https://docs.rs/sqlx, https://github.com/launchbadge/sqlx). */
export const sqlx: Layout = {
  name: 'sqlx',
  recognize(folder) {
    if (!isRustProject(folder)) return null
    const files = directFiles(folder)
    const versioned = files.filter(({ name }) => /^\d{4,}_.+\.sql$/.test(name))
    return (
      recognizeUpFiles(folder) ??
      (files.length > 0 && versioned.length === files.length ? 'a Cargo.toml that names sqlx' : null)
    )
  },
  arrange: arrangeUpFiles,
  down: downOf,
}

/** `x.up.sql` is taken back by `x.down.sql`. */
function downOf(file: FolderFile, folder: Folder) {
  if (!isUp(file)) return undefined
  const names = [
    file.below.replace(/([._-])up((?:\.[^./]*)?\.sql)$/i, '$1down$2'),
    file.below.replace(/\.up\.[^./]*\.sql$/i, '.down.sql'),
    file.below.replace(/\.do\./i, '.undo.'),
  ]
  return names.filter((name) => name !== file.below).flatMap((name) => downFile(folder, name) ?? [])[0] ?? null
}

function recognizeUpFiles(folder: Folder): string | null {
  const files = directFiles(folder)
  const ups = files.filter(isUp).length
  return ups > 0 && files.some(({ name }) => DOWN.test(name) || /\.(?:up|do)\./.test(name))
    ? `${ups} files named *.up.sql`
    : null
}

function arrangeUpFiles({ files }: Folder) {
  const upNames = files.some(isUp)
  const replaced = new Set(
    files.filter(({ name }) => FOR_POSTGRES.test(name)).map(({ name }) => name.replace(FOR_POSTGRES, '.')),
  )
  return arrangeBy(files, (file) => {
    if (file.below.includes('/')) return 'lies in a sub-folder'
    if (DOWN.test(file.name)) return 'undoes a migration'
    const other = databaseOf(file, files)
    if (other) return `is for another database: ${other}`
    if (replaced.has(file.name)) return 'has a form for PostgreSQL'
    if (upNames && !isUp(file) && versionOf(file.name) < 0n) return 'is no numbered migration'
    return { key: [versionOf(file.name)] }
  })
}

function isUp({ name }: FolderFile): boolean {
  return UP.test(name) && !DOWN.test(name)
}

function isRustProject(folder: Folder): boolean {
  return ['', '../', '../../', '../../../'].some((up) => /\bsqlx\b/.test(folder.read(`${up}Cargo.toml`) ?? ''))
}
