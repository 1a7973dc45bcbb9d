import type { EmbeddedServer } from '../embedded/server.js'
import type { WatchedFiles } from './apply.js'
import { startRecording, stopRecording } from './definitions.js'
import type { LoadedMigration, LoadOptions } from './model.js'
import { readErrorStops } from './psql.js'
import { splitSql } from './split.js'
import { isJoined, type TransactionPart } from './runners.js'
import type { Reached } from './send.js'
import type { UndoneFile } from './undo.js'

/** A file that is new. */
interface NewFile {
  readonly path: string
  readonly name: string
  readonly text: string
  readonly layout: string
  readonly parts: readonly TransactionPart[]
}

/** Has these files observed, each as its tool runs it. */
export function watchMigrations(
  session: EmbeddedServer,
  files: readonly NewFile[],
  { onBefore, oneByOne = false, replacements }: Pick<LoadOptions, 'onBefore' | 'oneByOne' | 'replacements'>,
): WatchedFiles {
  const byName = new Map(files.map((file) => [file.name, file]))
  const joined = new Set(
    oneByOne ? [] : files.flatMap((file, at) => (files[at - 1] && isJoined(files[at - 1]!, file) ? [file.name] : [])),
  )
  return {
    has: (file) => byName.has(file),
    partOf: (file, line) => byName.get(file)?.parts.findLastIndex((part) => part.line <= line) ?? 0,
    isWrapped(file, part) {
      const found = byName.get(file)
      const mode = found?.parts[part]?.transaction
      return mode === 'all' || mode === 'each' || (mode === 'query' && holdsSeveral(found?.text ?? ''))
    },
    isJoined: (file) => joined.has(file),
    oneByOne,
    replacements,
    async onBefore() {
      if (!onBefore) return
      await stopRecording(session)
      await session.execute('set search_path to pg_catalog')
      await onBefore(session)
      await session.execute('reset search_path')
      await startRecording(session)
    },
  }
}

/** Runs again whenever it changes, behind all others. */
const REPEATABLE = /(?:^|\/)R__/

/** What came of each of these files. */
export function gatherMigrations(
  files: readonly NewFile[],
  reached: readonly Reached[],
  downs: ReadonlyMap<string, UndoneFile | null>,
  { order = [], variables }: { readonly order?: readonly string[] } & Pick<LoadOptions, 'variables'> = {},
): readonly LoadedMigration[] {
  const isNew = new Set(files.map(({ name }) => name))
  return files.map(({ name, path, text, layout, parts }) => ({
    file: name,
    path,
    text,
    layout,
    parts,
    down: downs.get(name),
    errorStops: layout === 'plain' ? readErrorStops(text, variables?.['ON_ERROR_STOP']) : null,
    precedes: order.slice(order.indexOf(name) + 1).find((one) => !isNew.has(one) && !REPEATABLE.test(one)) ?? null,
    statements: reached
      .filter(({ file }) => file === name)
      .map(({ text, locate, outcome, observation = null, failure = null }) => ({
        text,
        location: locate(0),
        outcome,
        observation,
        failure,
      })),
  }))
}

function holdsSeveral(text: string): boolean {
  return splitSql(text).filter(({ kind }) => kind === 'statement').length > 1
}
