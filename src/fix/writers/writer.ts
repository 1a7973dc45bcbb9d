import { ConfigError } from '../../errors.js'
import type { MigrationPart, OutsideTransaction, PartStatement } from '../parts.js'

/** A folder of migrations as it is now. */
export interface TargetFolder {
  /** Files below the folder, with slashes. */
  readonly files: readonly string[]
  /** A file's text, or null. */
  read(path: string): string | null
}

/** A file to write. */
export interface MigrationFile {
  /** Below the folder. */
  readonly path: string
  readonly text: string
  /** What it is for; `index` is the tool's own list of migrations. */
  readonly role: 'up' | 'down' | 'both' | 'settings' | 'index'
  /** The text that the file has now; files that are there are replaced only as the tool itself does. */
  readonly replaces?: string
}

/** How one migration tool keeps and runs what a plan comes to. */
export interface Writer {
  readonly name: string
  readonly outside: OutsideTransaction
  write(parts: readonly MigrationPart[], folder: TargetFolder, at: Date): readonly MigrationFile[]
  /** The command that runs the files. */
  readonly run: string
  /** What else one has to know to run them. */
  readonly note?: string
  /** What else is to do in this folder. */
  advise?(folder: TargetFolder): string | undefined
}

/** One comment line, whatever the text holds. */
export function comment(text: string, mark = '--'): string {
  // eslint-disable-next-line no-control-regex
  return `${mark} ${text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')}`
}

/** A statement with its comments and semicolon. */
export function renderStatement({ sql, comments }: PartStatement): string {
  return [...comments.map((text) => comment(text)), `${sql};`].join('\n')
}

/** Statements with blank lines between. */
export function renderStatements(statements: readonly PartStatement[]): string {
  return statements.map(renderStatement).join('\n\n')
}

/** What is said about a part, as comment lines. */
export function renderAbout({ about }: MigrationPart, mark = '--'): string {
  return about.map((text) => comment(text, mark)).join('\n')
}

/** What is said when a part needs no undoing. */
export const NOTHING_TO_UNDO = 'Taken back together with an earlier migration.'

/** The blocks of a file, with blank lines between. */
export function joinBlocks(blocks: readonly string[]): string {
  return `${blocks.filter(Boolean).join('\n\n')}\n`
}

/** Throws ConfigError when a statement holds what the tool would not read as it is. */
export function refuseDirectives(tool: string, parts: readonly MigrationPart[], directive: RegExp): void {
  for (const { up, down } of parts)
    for (const { sql } of [...up, ...down]) {
      const line = directive.exec(sql)?.[0]
      if (line === undefined) continue
      throw new ConfigError(`A statement holds ${JSON.stringify(line)}, which ${tool} does not read as it is.`, {
        hint: 'Leave the object out with --object or --rule, or choose another --format.',
      })
    }
}
