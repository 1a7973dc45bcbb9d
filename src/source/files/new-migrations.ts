import { resolve } from 'node:path'
import { ConfigError } from '../../errors.js'

/** Which of the files are new, and so are to be judged as migrations. */
export type NewMigrations =
  /** Everything behind this one: a path, a file name, a folder name or a version. */
  | { readonly kind: 'after'; readonly migration: string }
  /** These files; paths that are not among those applied are passed over. */
  | { readonly kind: 'files'; readonly paths: readonly string[] }

interface Arranged {
  readonly path: string
  readonly name: string
}

/** The names of the new files, in the order in which they are applied. Throws ConfigError for a migration that is not there, or not one. */
export function chooseNew<T extends Arranged>(files: readonly T[], wanted: NewMigrations): readonly T[] {
  if (wanted.kind === 'files') {
    const paths = new Set(wanted.paths.map((path) => resolve(path)))
    return files.filter(({ path }) => paths.has(path))
  }
  const found = files.filter((file) => isNamed(file, wanted.migration))
  const [first, second] = found
  if (!first || second) {
    const last = files.at(-1)?.name
    throw new ConfigError(
      first
        ? `--after ${wanted.migration} names several migrations: ${found
            .slice(0, 3)
            .map(({ name }) => name)
            .join(', ')}.`
        : `There is no migration «${wanted.migration}».`,
      { hint: last ? `Name one as its file is named, such as ${last}.` : 'No file is applied.' },
    )
  }
  return files.slice(files.indexOf(first) + 1)
}

/** The whole path, its end, the name without its ending, or the version at its beginning. */
function isNamed({ path, name }: Arranged, wanted: string): boolean {
  if (resolve(wanted) === path || name === wanted) return true
  const parts = path.split(/[\\/]/)
  const ends = [parts.slice(-1), parts.slice(-2), parts.slice(-2, -1)].map((end) => end.join('/'))
  return ends.some((end) => {
    if (end === wanted || end.replace(/(?:\.(?:up|do))?\.sql(?:\.gz)?$/i, '') === wanted) return true
    const isLettered = /^v/i.test(wanted) && !/^v/i.test(end)
    return /^[Vv]?[\d._-]+$/.test(wanted) && !isLettered && versionOf(end) === versionOf(wanted)
  })
}

function versionOf(name: string): string | null {
  return /^[Vv]?0*(\d[\d.-]*\d|\d)/.exec(name)?.[1] ?? null
}
