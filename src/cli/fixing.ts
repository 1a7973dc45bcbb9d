import { join } from 'node:path'
import type { AuditResult } from '../engine/result.js'
import { ConfigError } from '../errors.js'
import type { Migration } from '../fix/migration.js'
import { makeParts } from '../fix/parts.js'
import type { MigrationFile } from '../fix/writers/writer.js'
import type { WrittenMigration } from '../report/migration.js'
import { type MigrationTarget, openTarget } from './migration-target.js'
import { writeFiles } from './write-files.js'

/** A migration as files of one tool, and what is to say about them. */
export interface RenderedMigration {
  readonly files: readonly MigrationFile[]
  readonly written: WrittenMigration
}

/** Makes the files; none when there is nothing to fix. */
export function renderFiles(
  { planned, ...migration }: Migration,
  { writer, folder, unknownTool }: MigrationTarget,
  { startedAt }: Pick<AuditResult, 'startedAt'>,
): RenderedMigration {
  const target = openTarget(folder)
  const parts = makeParts(planned, migration.fixes, writer.outside)
  const files = parts.length === 0 ? [] : writer.write(parts, target, new Date(startedAt))
  const advice = writer.advise?.(target)
  return {
    files,
    written: {
      ...migration,
      format: writer.name,
      folder,
      files: files.map(({ path, role }) => ({
        path,
        role,
        phase: parts.find(({ name }) => path.includes(name))?.phase ?? null,
      })),
      run: writer.run,
      notes: [
        ...(unknownTool === null ? [] : [`Nothing can be written for ${unknownTool} yet; this is plain SQL.`]),
        ...(advice ? [advice] : []),
        ...(writer.note ? [writer.note] : []),
      ],
    },
  }
}

/** Writes the files below the folder, all or none. */
export function writeMigration(files: readonly MigrationFile[], folder: string): void {
  writeFiles(files.map(({ path, text, replaces }) => ({ path: join(folder, path), text, replaces })))
}

/** All files in one text, each below its name. */
export function printFiles(files: readonly MigrationFile[]): string {
  return files.map(({ path, text }) => `${markOf(path)} ── ${path}\n\n${text}`).join('\n')
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
