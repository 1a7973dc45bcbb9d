import { closeSync, openSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ConfigError } from '../errors.js'
import { statIfThere } from './stat.js'
import { cannotWrite } from './write-files.js'

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
