import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { nearest } from '../engine/nearest.js'
import type { AuditResult } from '../engine/result.js'
import { ConfigError } from '../errors.js'
import { WRITERS } from '../fix/writers/index.js'
import { FOLDER, plain } from '../fix/writers/plain.js'
import type { TargetFolder, Writer } from '../fix/writers/writer.js'
import { recognizeLayout } from '../source/files/recognize.js'
import { statIfThere } from './stat.js'

/** Where migrations go, and for which tool. */
export interface MigrationTarget {
  readonly writer: Writer
  readonly folder: string
  /** The tool that the folder follows, when nothing can be written for it. */
  readonly unknownTool: string | null
}

/** The writer of this name. Throws ConfigError, with the nearest name as a hint. */
export function findWriter(name: string): Writer {
  const names = WRITERS.map((writer) => writer.name)
  const writer = WRITERS.find((one) => one.name === name)
  if (writer) return writer
  const near = nearest(name, names)
  throw new ConfigError(`There is no migration format «${name}».`, {
    hint: near ? `Did you mean «${near}»?` : `Formats: ${names.join(', ')}.`,
  })
}

/**
 * The tool that was asked for, else that of the folder to write to, else that of the scanned files; the folder that was asked
 * for, else the one where the scanned files of that tool lie, else the working folder, or for plain SQL a new one in it.
 */
export function chooseTarget(
  { format, output }: { readonly format: string | undefined; readonly output: string | undefined },
  { load }: Pick<AuditResult, 'load'>,
): MigrationTarget {
  const scanned = load && load.layout.name !== 'plain' ? load.layout.name : null
  const found = format ?? (output === undefined ? null : recognizeTool(output)) ?? scanned
  const writer = WRITERS.find(({ name }) => name === (found ?? 'plain'))
  const home = scanned !== null && scanned === found ? homeOf(scanned, load?.layout.applied.at(-1)) : null
  return {
    writer: writer ?? findWriter('plain'),
    folder: output ?? home ?? (writer === undefined || writer === plain ? FOLDER : '.'),
    unknownTool: writer ? null : found,
  }
}

const RUBY = /^\d{14}_\w+\.rb$/
const JAVASCRIPT = /^(\d{13,17})[_-].*\.[cm]?[jt]s$/

/** The tool whose migrations a folder holds, also such that are not SQL. */
function recognizeTool(folder: string): string | null {
  const names = statIfThere(folder)?.isDirectory() ? readdirSync(folder) : []
  if (names.some((name) => RUBY.test(name))) return 'rails'
  const layout = recognizeLayout(folder)
  if (layout) return layout
  const digits = names.flatMap((name) => JAVASCRIPT.exec(name)?.[1]?.length ?? [])[0]
  return digits === undefined ? null : digits === 14 ? 'knex' : 'node-pg-migrate'
}

/** The folder of a tool, from one of its files. */
function homeOf(tool: string, file: string | undefined): string | null {
  if (file === undefined) return null
  if (tool === 'rails') return join(dirname(file), 'migrate')
  if (tool === 'prisma') return dirname(dirname(file))
  if (tool === 'sqitch') {
    for (let folder = dirname(file); ; folder = dirname(folder)) {
      if (existsSync(join(folder, 'sqitch.plan'))) return folder
      if (folder === dirname(folder)) return null
    }
  }
  return dirname(file)
}

const MOST_LEVELS = 3

/** Looks at a folder of migrations. */
export function openTarget(folder: string): TargetFolder {
  const list = (path: string, level: number): readonly string[] =>
    statIfThere(path)?.isDirectory()
      ? readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
          const below = join(path, entry.name)
          if (!entry.isDirectory()) return [below]
          return level < MOST_LEVELS && entry.name !== 'node_modules' && !entry.name.startsWith('.')
            ? list(below, level + 1)
            : []
        })
      : []
  return {
    files: list(folder, 1)
      .map((file) => relative(folder, file).split(sep).join('/'))
      .toSorted(),
    read(path) {
      try {
        return readFileSync(join(folder, path), 'utf8')
      } catch {
        return null
      }
    },
  }
}
