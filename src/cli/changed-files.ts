import { execFile } from 'node:child_process'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { ConfigError } from '../errors.js'
import { statIfThere } from './stat.js'

const run = promisify(execFile)

/** Variables in which CI systems name the branch that a change goes to. */
const TARGET_BRANCH = ['GITHUB_BASE_REF', 'CI_MERGE_REQUEST_TARGET_BRANCH_NAME', 'BITBUCKET_PR_DESTINATION_BRANCH']
const MAIN_BRANCHES = ['origin/HEAD', 'origin/main', 'origin/master', 'main', 'master']

/**
 * Files of the repository around `folder` that were added or changed since its branch left `base`, committed or not, as
 * absolute paths. Without a base: the branch that CI names, else the main branch. Throws ConfigError when git cannot tell.
 */
export async function findChangedFiles(
  folder: string,
  base: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const git = async (...words: readonly string[]) => {
    const { stdout } = await run('git', ['-C', nearestFolder(folder), ...words], { maxBuffer: 64 * 2 ** 20 })
    return stdout
  }
  const root = (
    await git('rev-parse', '--show-toplevel').catch((cause: Error) => {
      throw new ConfigError(`${folder} lies in no git repository, so what changed cannot be told.`, {
        hint: 'Name the last migration that is released with --after.',
        cause,
      })
    })
  ).trim()
  const isCommit = async (name: string) => {
    const found = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`).catch(() => '')
    return found !== ''
  }
  const target = TARGET_BRANCH.map((name) => environment[name]).find(Boolean)
  const candidates = base !== undefined ? [base] : target ? [`origin/${target}`, target] : MAIN_BRANCHES
  for (const candidate of candidates) {
    if (!(await isCommit(candidate))) continue
    const fork = (await git('merge-base', candidate, 'HEAD').catch(() => '')).trim()
    if (!fork) {
      throw new ConfigError(`HEAD has no common ancestor with ${candidate}.`, {
        hint: 'Fetch the whole history (fetch-depth: 0).',
      })
    }
    const lists = await Promise.all([
      git('diff', '--name-only', '--no-renames', '--diff-filter=AM', '-z', fork, '--'),
      git('ls-files', '--others', '--exclude-standard', '--full-name', '-z', '--', root),
    ])
    return lists.flatMap((list) => list.split('\0').filter(Boolean)).map((path) => join(root, path))
  }
  throw new ConfigError(`There is no commit ${candidates.join(', ')}.`, {
    hint: 'Name the branch that the change goes to with --base, and fetch it.',
  })
}

function nearestFolder(path: string): string {
  const full = resolve(path)
  return statIfThere(full)?.isDirectory() ? full : dirname(full)
}
