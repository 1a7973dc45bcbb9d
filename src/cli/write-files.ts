import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ConfigError } from '../errors.js'

/** A file that must not exist yet, or one that `replaces` the text that it has now. */
export interface FileToWrite {
  readonly path: string
  readonly text: string
  readonly replaces?: string | undefined
}

/**
 * Writes all files or none: each whole under another name first, then all in their places, those that are replaced last. An
 * interruption waits until that is done. Throws ConfigError.
 */
export function writeFiles(files: readonly FileToWrite[]): void {
  const hold = () => undefined
  process.on('SIGINT', hold)
  process.on('SIGTERM', hold)
  const undo: (() => void)[] = []
  const drafts: string[] = []
  let at = files[0]?.path ?? ''
  try {
    for (const { path, replaces } of files) {
      at = path
      if (replaces === undefined) {
        if (existsSync(path)) throw taken(path)
      } else if (readFileSync(path, 'utf8') !== replaces)
        throw new ConfigError(`${path} has changed meanwhile.`, { hint: 'Run it again.' })
    }
    for (const { path, text } of files) {
      at = path
      makeFolder(dirname(resolve(path)), undo)
      const draft = draftOf(path)
      drafts.push(draft)
      writeWhole(draft, text)
    }
    for (const { path, replaces } of files.toSorted((a, b) => Number(isOld(a)) - Number(isOld(b)))) {
      at = path
      if (replaces === undefined) {
        putNew(draftOf(path), path)
        undo.push(() => rmSync(path, { force: true }))
      } else renameSync(draftOf(path), path)
    }
  } catch (error) {
    for (const draft of drafts) rmSync(draft, { force: true })
    for (const step of undo.toReversed()) step()
    throw error instanceof ConfigError ? error : cannotWrite(at, error)
  } finally {
    for (const draft of drafts) rmSync(draft, { force: true })
    process.removeListener('SIGINT', hold)
    process.removeListener('SIGTERM', hold)
  }
}

function isOld({ replaces }: FileToWrite): boolean {
  return replaces !== undefined
}

function draftOf(path: string): string {
  return join(dirname(resolve(path)), `.${basename(path)}.${process.pid}.tmp`)
}

function writeWhole(path: string, text: string): void {
  const file = openSync(path, 'wx')
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** A link fails where a file is, which a rename would overwrite; file systems without links have only that. */
function putNew(draft: string, path: string): void {
  try {
    linkSync(draft, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw taken(path)
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error
    if (existsSync(path)) throw taken(path)
    renameSync(draft, path)
  }
}

function makeFolder(path: string, undo: (() => void)[]): void {
  if (existsSync(path)) return
  makeFolder(dirname(path), undo)
  mkdirSync(path)
  undo.push(() => rmdirSync(path))
}

function taken(path: string): ConfigError {
  return new ConfigError(`${path} exists already.`, {
    hint: 'Existing files are never overwritten; choose another folder with -o.',
  })
}

/** What kept a file from being written, in words. */
export function cannotWrite(path: string, error: unknown): ConfigError {
  const { code, message } = error as NodeJS.ErrnoException
  const reason =
    code === 'EACCES' || code === 'EROFS' || code === 'EPERM'
      ? 'no permission'
      : code === 'ENOSPC'
        ? 'the disk is full'
        : code === 'EFBIG' || code === 'EDQUOT'
          ? 'it would be larger than is allowed here'
          : message
  return new ConfigError(`${path} cannot be written: ${reason}.`, {
    hint: 'Choose another place with -o.',
    cause: error,
  })
}
