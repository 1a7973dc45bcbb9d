/** An SQL file of a folder, or of a list of files. */
export interface FolderFile {
  readonly path: string
  /** Below the folder, with slashes. */
  readonly below: string
  readonly name: string
  text(): string
}

/** What a layout is recognized in. */
export interface Folder {
  readonly path: string
  /** SQL files, in name order. */
  readonly files: readonly FolderFile[]
  /** Files of code that may be migrations, in name order. */
  readonly code: readonly FolderFile[]
  /** Whether a file or folder exists; the path is relative to this folder and may begin with `../`. */
  has(relative: string): boolean
  /** A file that need not be SQL, or null. */
  read(relative: string): string | null
}

/** Files in the order in which a tool applies them. */
export interface Arrangement {
  readonly applied: readonly { readonly file: FolderFile; readonly text: string }[]
  readonly leftOut: readonly { readonly file: string; readonly reason: string }[]
}

/** The statements that take a migration back. */
export interface DownSide {
  readonly path: string
  /** With everything else blanked out, so that positions stay true. */
  readonly text: string
}

/** How one migration tool keeps its files. */
export interface Layout {
  readonly name: string
  /** What tells that the folder is the tool's, in words; null when nothing does. */
  recognize(folder: Folder): string | null
  arrange(folder: Folder): Arrangement
  /** What takes a migration back: null when it has none, undefined when it can have none, or not as SQL. */
  down?(file: FolderFile, folder: Folder): DownSide | null | undefined
  /** What the tool's runner has made before the first file, by name of a stand-in. */
  readonly platform?: string
}

/** Splits files into those with an order key and those left out for a reason; equal keys are ordered by name. */
export function arrangeBy(
  files: readonly FolderFile[],
  judge: (file: FolderFile) => { readonly key: readonly (bigint | string)[]; readonly text?: string } | string,
): Arrangement {
  const kept: { file: FolderFile; text: string; key: readonly (bigint | string)[] }[] = []
  const leftOut: { file: string; reason: string }[] = []
  for (const file of files) {
    const judged = judge(file)
    if (typeof judged === 'string') leftOut.push({ file: file.path, reason: judged })
    else kept.push({ file, key: [...judged.key, file.below], text: judged.text ?? file.text() })
  }
  kept.sort((a, b) => compareKeys(a.key, b.key))
  return { applied: kept.map(({ file, text }) => ({ file, text })), leftOut }
}

/** Files in the folder itself; tools of this kind do not look below. */
export function directFiles({ files }: Folder): readonly FolderFile[] {
  return files.filter(({ below }) => !below.includes('/'))
}

/** The number at the beginning of a name, as tools read it: `0012_x` → 12, `2017-09-23-101500_x` → 20170923101500. */
export function versionOf(name: string): bigint {
  const digits = /^v?(\d[\d-]*)/i.exec(name)?.[1]?.replaceAll('-', '')
  return digits ? BigInt(digits) : -1n
}

/** The file of a folder with this path below it, as a down side; null when it is not there. */
export function downFile({ files }: Folder, below: string): DownSide | null {
  const found = files.find((file) => file.below === below)
  return found ? { path: found.path, text: found.text() } : null
}

/** What takes a migration back: null when it has none though others of its folder have, undefined when the folder keeps none. */
export function downOf(layout: Layout | undefined, file: FolderFile, folder: Folder): DownSide | null | undefined {
  const down = layout?.down?.(file, folder)
  return down === null && !folder.files.some((other) => layout?.down?.(other, folder)) ? undefined : down
}

/** Orders paths so that numbers in them count as numbers (`v1.9` before `v1.10`) and files stand before folders. */
export function naturalKey(path: string): readonly (bigint | string)[] {
  const segments = path.toLowerCase().split('/')
  return segments.flatMap((segment, depth) => [
    depth === segments.length - 1 ? 0n : 1n,
    ...segment.split(/(\d+)/).map((part, index) => (index % 2 === 1 ? BigInt(part) : part)),
  ])
}

/** Compares keys element by element; numbers stand before text. */
export function compareKeys(a: readonly (bigint | string)[], b: readonly (bigint | string)[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index]
    if (right === undefined) return 1
    if (left === right) continue
    if (typeof left !== typeof right) return typeof left === 'bigint' ? -1 : 1
    return left < right ? -1 : 1
  }
  return a.length - b.length
}

/** Blanks out text but keeps its lines, so that positions stay true. */
export function blankOut(text: string): string {
  return text.replace(/[^\n\r]/g, ' ')
}

const OTHER_DATABASE =
  /(?:^|[^a-z])(mysql|mariadb|sqlite3?|mssql|sql_?server\w*|oracle|db2|cockroach(?:db)?|clickhouse|cassandra|snowflake|bigquery|h2)(?:[^a-z]|$)/i

/** The database other than PostgreSQL that a path names, if any. */
export function otherDatabase(path: string): string | null {
  return OTHER_DATABASE.exec(path)?.[1] ?? null
}

/** What PostgreSQL alone of the databases understands. */
const POSTGRES_ALONE =
  /::\s*"?[a-z]|\$\w*\$|\b(?:jsonb|timestamptz|bigserial|smallserial|bytea|regclass|plpgsql|tsvector|gen_random_uuid|ilike)\b|\bcreate\s+(?:extension|domain|policy)\b|\bas\s+enum\b|\bindex\s+concurrently\b|\b(?:text|int|integer|bigint|uuid)\s*\[\]|\busing\s+(?:gin|gist|brin|btree|hash)\b|\balter\s+column\s+\S+\s+(?:set|drop|type)\b/i

/**
 * The database other than PostgreSQL that a file is for, by its folder, or by its name where that is no title. A name may speak
 * of what the migration is about: a numbered file is another database's only where its content does not deny it, and the name
 * ends in the database (`001_plans.sqlite.up.sql`) or has a twin without it.
 */
export function databaseOf(file: FolderFile, files: readonly FolderFile[]): string | null {
  const { below, name } = file
  const folder = otherDatabase(below.slice(0, below.length - name.length))
  if (folder) return folder
  const named = otherDatabase(name)
  if (!named) return null
  const sql = file.text().replace(/--[^\n]*|\/\*[^]*?\*\//g, '')
  if (POSTGRES_ALONE.test(sql)) return null
  if (versionOf(name) < 0n) return named
  const isEnding = new RegExp(`\\.${named}(?:\\.(?:up|down|do|undo))?\\.`, 'i').test(name)
  const hasTwin = files.some(
    (other) =>
      otherDatabase(other.name) !== named &&
      versionOf(other.name) === versionOf(name) &&
      TAKES_BACK.test(other.name) === TAKES_BACK.test(name),
  )
  return isEnding || hasTwin ? named : null
}

const TAKES_BACK = /[._-](?:down|undo|rollback)[._-]/i
