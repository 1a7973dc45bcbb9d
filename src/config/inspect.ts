import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { SqlLoadError } from '../errors.js'
import { arrangeFiles } from '../source/files/arrange.js'
import { findFiles } from '../source/files/find.js'

/** What a folder tells of how its database is kept. */
export interface FolderFacts {
  /** Folders and files with the schema, relative to the folder. */
  readonly targets: readonly string[]
  /** Migration tool, and what it was recognized by. */
  readonly layout: { readonly name: string; readonly evidence: string | null } | null
  /** Files with queries of the application. */
  readonly workload: readonly string[]
  /** Environment variable that examples name for the connection. */
  readonly variable: string | null
  /** Where checks could run: services and hooks that are set up already. */
  readonly runners: readonly ('github' | 'gitlab' | 'pre-commit')[]
  /** The project has TypeScript and this package. */
  readonly typescript: boolean
}

const EXAMPLES = ['.env.example', '.env.sample', '.env.dist', '.env.template', 'env.example']
const VARIABLE = /^\s*(?:export\s+)?((?:[A-Z][A-Z0-9]*_)*(?:DATABASE|POSTGRES|PG|DB)_?(?:URL|URI|DSN))\s*=/m
/** Deeper than this, SQL files are said to be below their folder. */
const DEEPEST = 3

/** Looks at a folder; reads names and files of examples, never `.env` itself. */
export function inspectFolder(folder: string): FolderFacts {
  const { targets, layout } = findSchema(folder)
  const has = (path: string) => existsSync(join(folder, path))
  const manifest = read(join(folder, 'package.json'))
  return {
    targets,
    layout,
    workload: targets.map((target) => `${target}/queries.sql`.replace(/^\.\//, '')).filter(has),
    variable: EXAMPLES.flatMap((name) => VARIABLE.exec(read(join(folder, name)))?.[1] ?? [])[0] ?? null,
    runners: [
      ...(isFolder(join(folder, '.github/workflows')) ? (['github'] as const) : []),
      ...(has('.gitlab-ci.yml') ? (['gitlab'] as const) : []),
      ...(has('.pre-commit-config.yaml') ? (['pre-commit'] as const) : []),
    ],
    typescript: has('tsconfig.json') && manifest.includes('"pg-billing-audit"'),
  }
}

function findSchema(folder: string): Pick<FolderFacts, 'targets' | 'layout'> {
  try {
    const { files, report } = arrangeFiles(findFiles([folder]), undefined)
    const below = files.map(({ path }) => relative(folder, path).split(sep))
    const { name, evidence } = report
    return { targets: commonFolders(below), layout: name === 'plain' ? null : { name, evidence } }
  } catch (error) {
    if (error instanceof SqlLoadError) return { targets: [], layout: null }
    throw error
  }
}

/** The deepest folder that holds all files; `.` gives way to what lies directly in it. */
function commonFolders(paths: readonly (readonly string[])[]): readonly string[] {
  const [first = []] = paths
  let depth = 0
  while (
    depth < DEEPEST &&
    depth < first.length - 1 &&
    paths.every((path) => path.length > depth + 1 && path[depth] === first[depth])
  )
    depth++
  if (depth > 0) return [first.slice(0, depth).join('/')]
  return [...new Set(paths.map(([top = '']) => top))].toSorted()
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function isFolder(path: string): boolean {
  try {
    return readdirSync(path).some((name) => /\.ya?ml$/.test(name))
  } catch {
    return false
  }
}
