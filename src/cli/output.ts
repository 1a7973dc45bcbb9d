import { closeSync, openSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ConfigError } from '../errors.js'
import { statIfThere } from './stat.js'

/** Throws ConfigError when a file could not be written there; for use before the work that fills it. */
export function checkOutput(path: string | undefined): void {
  if (path === undefined) return
  const existing = statIfThere(path)
  if (existing?.isDirectory()) {
    throw new ConfigError(`${path} is a folder.`, { hint: 'Name the file to write.' })
  }
  const folder = dirname(resolve(path))
  if (!statIfThere(folder)?.isDirectory()) {
    throw new ConfigError(`${folder}: no such folder.`, { hint: 'Make the folder first.' })
  }
  if (existing && !existing.isFile()) return
  // Only trying tells: rights, lists of rights and read-only disks all have a say.
  const draft = draftOf(existing ? realpathSync(path) : resolve(path))
  try {
    closeSync(openSync(draft, 'wx'))
    rmSync(draft)
  } catch (error) {
    throw cannotWrite(path, error)
  }
}

/** Writes a file whole or not at all: beside it first, then in its place. Links and devices stay what they are. */
export function writeOutput(path: string, text: string): void {
  const existing = statIfThere(path)
  const target = existing ? realpathSync(path) : resolve(path)
  const draft = draftOf(target)
  try {
    if (existing && !existing.isFile()) return writeFileSync(target, text)
    writeFileSync(draft, text, { flag: 'wx', ...(existing ? { mode: existing.mode } : {}) })
    renameSync(draft, target)
  } catch (error) {
    rmSync(draft, { force: true })
    throw cannotWrite(path, error)
  }
}

/** The file that is filled before it takes the place of the one that is asked for. */
function draftOf(target: string): string {
  return join(dirname(target), `.${basename(target)}.${process.pid}.tmp`)
}

/** Writes files that must not exist yet, all or none. */
export function writeNewFiles(files: readonly { readonly path: string; readonly text: string }[]): void {
  const made: string[] = []
  try {
    for (const { path } of files) {
      closeSync(openSync(path, 'wx'))
      made.push(path)
    }
    for (const { path, text } of files) writeFileSync(path, text)
  } catch (error) {
    for (const path of made) rmSync(path, { force: true })
    throw cannotWrite(files[made.length]?.path ?? files[0]?.path ?? '', error)
  }
}

function cannotWrite(path: string, error: unknown): ConfigError {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EEXIST')
    return new ConfigError(`${path} exists already.`, {
      hint: 'Existing files are never overwritten; choose another folder with -o.',
      cause: error,
    })
  const reason =
    code === 'EACCES' || code === 'EROFS' || code === 'EPERM'
      ? 'no permission'
      : code === 'ENOSPC'
        ? 'the disk is full'
        : message
  return new ConfigError(`${path} cannot be written: ${reason}.`, {
    hint: 'Choose another place with -o.',
    cause: error,
  })
}
