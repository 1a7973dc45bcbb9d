import { join } from 'node:path'
import type { AuditResult } from '../engine/result.js'
import { ConfigError } from '../errors.js'
import type { Migration } from '../fix/migration.js'
import { movedOf } from '../fix/moves.js'
import { makeParts } from '../fix/parts.js'
import type { MigrationFile } from '../fix/writers/writer.js'
import { renderDiff } from '../report/diff.js'
import type { WrittenMigration } from '../report/migration.js'
import { type MigrationTarget, openTarget } from './migration-target.js'
import { takeOut, type TakenOut } from './take-out.js'
import { writeFiles } from './write-files.js'

/** A migration as files of one tool, and what is to say about them. */
export interface RenderedMigration {
  readonly files: readonly MigrationFile[]
  /** Migrations that are there, without the statements whose place the files take. */
  readonly edited: readonly TakenOut[]
  readonly written: WrittenMigration
}

/** Makes the files; none when there is nothing to fix. */
export function renderFiles(
  { planned, ...migration }: Migration,
  moved: Migration,
  { writer, folder, unknownTool }: MigrationTarget,
  { startedAt, moves = [] }: Pick<AuditResult, 'startedAt' | 'moves'>,
): RenderedMigration {
  const target = openTarget(folder)
  const names = new Set<string>()
  const places = makeParts(moved.planned, moved.fixes, writer.outside, names)
  const parts = [...places, ...makeParts(planned, migration.fixes, writer.outside, names)]
  const files = parts.length === 0 ? [] : writer.write(parts, target, new Date(startedAt))
  const advice = writer.advise?.(target)
  const isUp = ({ role }: MigrationFile) => role === 'up' || role === 'both'
  const placed = files.filter((file) => isUp(file) && places.some(({ name }) => file.path.includes(name)))
  const { edited, leftIn } = takeOut(
    movedOf(moves, moved),
    placed.map(({ path }) => path),
  )
  return {
    files,
    edited,
    written: {
      ...migration,
      fixes: [...moved.fixes, ...migration.fixes],
      leftOut: [...moved.leftOut, ...migration.leftOut],
      before: [...new Set([...moved.before, ...migration.before])],
      format: writer.name,
      folder,
      files: files.map(({ path, role }) => ({
        path,
        role,
        phase: parts.find(({ name }) => path.includes(name))?.phase ?? null,
      })),
      takenOut: { edited, leftIn },
      run: writer.run,
      notes: [
        ...(unknownTool === null ? [] : [`Nothing can be written for ${unknownTool} yet; this is plain SQL.`]),
        ...(advice ? [advice] : []),
        ...(writer.note ? [writer.note] : []),
      ],
    },
  }
}

/** Writes the files below the folder, and the migrations without what moved there, all or none. */
export function writeMigration(
  files: readonly MigrationFile[],
  folder: string,
  edited: readonly TakenOut[] = [],
): void {
  writeFiles([...files.map(({ path, text, replaces }) => ({ path: join(folder, path), text, replaces })), ...edited])
}

/** All files in one text, each below its name, and what changes in those that are there. */
export function printFiles(files: readonly MigrationFile[], edited: readonly TakenOut[] = []): string {
  return [
    ...files.map(({ path, text }) => `${markOf(path)} ── ${path}\n\n${text}`),
    ...edited.map(({ path, replaces, text }) => `${renderDiff(path, replaces, text)}\n`),
  ].join('\n')
}

function markOf(path: string): string {
  return /\.rb$|\.conf$/.test(path) ? '#' : /\.[cm]?[jt]s$|\.json$/.test(path) ? '//' : '--'
}

/** Throws ConfigError unless a person can be asked. */
export function checkTerminal(input: { readonly isTTY?: boolean }, output: { readonly isTTY?: boolean }): void {
  if (input.isTTY && output.isTTY) return
  throw new ConfigError('--interactive needs a terminal.', {
    hint: 'Choose with --rule, --object, --phase and --max-lock instead.',
  })
}
