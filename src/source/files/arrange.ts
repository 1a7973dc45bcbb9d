import { basename, posix } from 'node:path'
import { ConfigError, SqlLoadError } from '../../errors.js'
import { type Asked, isSqlFile, shownPath } from './find.js'
import { commonFolder, openFolder, subfolders } from './folders.js'
import { isCodeFile } from './code/read.js'
import { CODE_LAYOUTS, LAYOUTS } from './layouts/index.js'
import {
  type Arrangement,
  type DownSide,
  type Folder,
  type FolderFile,
  type Layout,
  directFiles,
  downOf,
  otherDatabase,
} from './layouts/layout.js'
import { plain } from './layouts/plain.js'
import type { LayoutReport } from './model.js'
import { partsOf, type RunnerChoice, type RunnerFile, RUNNERS, type TransactionPart } from './runners.js'

/** Files in the order to apply, and how that order came about. */
export interface ArrangedFiles {
  readonly files: readonly ArrangedFile[]
  readonly report: LayoutReport
  /** No tool gave an order, so a statement may come before what it needs. */
  readonly unordered: boolean
  /** What runners make before the first file. */
  readonly platforms: readonly string[]
}

export interface ArrangedFile {
  readonly path: string
  readonly name: string
  readonly text: string
  /** The name of its layout. */
  readonly layout: string
  /** In which transactions the runner puts it. */
  readonly parts: readonly TransactionPart[]
  /** What takes it back: null when it has none, undefined when its tool keeps none, or not as SQL. */
  readonly down?: DownSide | null | undefined
}

interface Part extends Arrangement {
  readonly layout: Layout
  readonly evidence: string | null
  readonly folder: Folder
}

/** Puts the files in the order of their migration tool. Throws ConfigError for a layout or runner that is not known, SqlLoadError when nothing is left. */
export function arrangeFiles(
  asked: readonly Asked[],
  wanted: string | undefined,
  runner: RunnerChoice = {},
): ArrangedFiles {
  const layout = wanted === undefined ? undefined : LAYOUTS.find(({ name }) => name === wanted)
  if (wanted !== undefined && !layout) {
    throw new ConfigError(`There is no layout «${wanted}».`, {
      hint: `Layouts: ${LAYOUTS.map(({ name }) => name).join(', ')}.`,
    })
  }
  if (runner.name !== undefined && !RUNNERS[runner.name]) {
    throw new ConfigError(`There is no runner «${runner.name}».`, {
      hint: `Runners: ${Object.keys(RUNNERS).join(', ')}.`,
    })
  }
  const single = asked.filter(({ kind }) => kind === 'file').map(({ path }) => path)
  const parts = [
    ...(single.length > 0 ? [arrangeList(single, layout)] : []),
    ...asked.flatMap((one) => (one.kind === 'folder' ? arrangeFolder(one, layout) : [])),
  ]
  const tools = parts.filter(({ layout: { name } }) => name !== 'plain')
  const applied = parts.flatMap((part) => part.applied)
  const [reason] = parts.flatMap(({ leftOut }) => leftOut)
  if (applied.length === 0 && reason) {
    throw new SqlLoadError(`No file is left to apply: ${shownPath(reason.file)} ${reason.reason}.`, {
      hint: 'Name the files one by one, or choose a layout with --layout.',
    })
  }
  if (applied.length === 0) {
    throw new SqlLoadError(
      `${asked.map(({ path }) => shownPath(path)).join(', ')}: there is no SQL file and no migration.`,
      {
        hint: 'Name the folder that holds the migrations.',
      },
    )
  }
  return {
    files: parts.flatMap(({ layout, layout: { name }, folder, applied }) =>
      applied.map(({ file, text }) => ({
        path: file.path,
        name: shownPath(file.path),
        text,
        layout: name,
        parts: partsOf(runner.name ?? name, seenByRunner(file, folder), runner.transaction),
        get down() {
          return downOf(layout, file, folder)
        },
      })),
    ),
    report: {
      name: [...new Set(tools.map(({ layout: { name } }) => name))].join(' + ') || 'plain',
      evidence:
        wanted === undefined ? [...new Set(tools.flatMap(({ evidence }) => evidence ?? []))].join('; ') || null : null,
      applied: applied.map(({ file }) => shownPath(file.path)),
      leftOut: parts.flatMap(({ leftOut }) => leftOut.map(({ file, reason }) => ({ file: shownPath(file), reason }))),
    },
    unordered: tools.length < parts.length && applied.length > 1,
    platforms: [...new Set(tools.flatMap(({ layout: { platform } }) => platform ?? []))],
  }
}

function seenByRunner(file: FolderFile, folder: Folder): RunnerFile {
  return {
    text: file.text(),
    name: file.name,
    beside: (name) => folder.read(posix.join(posix.dirname(file.below), name)),
  }
}

/** Files that were named one by one keep their order unless a tool's own order is recognized. */
function arrangeList(paths: readonly string[], wanted: Layout | undefined): Part {
  const folder = openFolder(commonFolder(paths), paths)
  const part = arrangeWith(wanted ?? recognize(folder) ?? plain, folder, wanted !== undefined)
  if (part.layout !== plain && part.applied.length > 0) return part
  return {
    layout: plain,
    evidence: null,
    folder,
    applied: folder.files.map((file) => ({ file, text: file.text() })),
    leftOut: [],
  }
}

function arrangeFolder(
  asked: { readonly path: string; readonly entries: readonly string[] },
  wanted: Layout | undefined,
) {
  const folder = openFolder(
    asked.path,
    asked.entries.filter((entry) => isSqlFile(entry) || (isCodeFile(entry) && !isCompiled(entry, asked.entries))),
  )
  return wanted ? (arrangeWanted(folder, wanted) ?? [arrangeWith(wanted, folder, true)]) : arrangeBelow(folder)
}

/** Looks for the folders that the wanted layout recognizes. */
function arrangeWanted(folder: Folder, layout: Layout): readonly Part[] | null {
  if (layout.recognize(folder)) return [arrangeWith(layout, folder, true)]
  const parts = subfolders(folder).flatMap((child) => arrangeWanted(child, layout) ?? [])
  return parts.length > 0 ? parts : null
}

const SUM = /^(?:schema|structure|create_?tables|ddl|baseline)\.sql$/i
const STEPS = /^(?:migrations?|versioned|updates?|upgrades?|changes|patches|deltas?)$/
const COMES_FIRST =
  /^\d*[-_]?(?:init|setup|bootstrap|create_?(?:db|database|roles?|users?|schemas?)|extensions?|roles?)/i

/** Whether JavaScript was made from TypeScript that is there too. */
function isCompiled(path: string, entries: readonly string[]): boolean {
  const source = /([^/\\]+)\.[cm]?js$/.exec(path)?.[1]
  return source !== undefined && entries.some((entry) => /[/\\]([^/\\]+)\.[cm]?ts$/.exec(entry)?.[1] === source)
}

/**
 * The folder as one tool's, or else its sub-folders one by one. What no tool owns runs in plain order: before the tools when
 * it lies in the folder itself or prepares a database, else behind them.
 */
function arrangeBelow(folder: Folder): readonly Part[] {
  const layout = recognize(folder)
  if (layout) return [arrangeWith(layout, folder, false)]
  const direct = directFiles(folder)
  const children = subfolders(folder)
  const foreign = children.filter(({ path }) => otherDatabase(basename(path)))
  const mine =
    foreign.length < children.length || direct.length > 0
      ? children.filter((child) => !foreign.includes(child))
      : children
  const below = mine.flatMap(arrangeBelow)
  const tools = below.filter((part) => part.layout !== plain)
  const sum = direct.find(({ name }) => SUM.test(name))
  const summed = tools.some(({ applied }) => applied.length > 0)

  const leftOut = below.flatMap((part) => (part.layout === plain ? part.leftOut : []))
  const leave = (file: FolderFile, reason: string) => void leftOut.push({ file: file.path, reason })
  for (const { path, files } of children.filter((child) => !mine.includes(child))) {
    for (const file of files) leave(file, `is for another database: ${otherDatabase(basename(path))}`)
  }
  const loose = below.flatMap((part) => (part.layout === plain ? part.applied.map(({ file }) => file.path) : []))
  const kept = folder.files.filter((file) => {
    if (!direct.includes(file) && !loose.includes(file.path)) return false
    const step = sum && STEPS.test(file.below.split('/')[0] ?? '')
    if (summed && SUM.test(file.name)) leave(file, 'sums up the migrations')
    else if (step && !direct.includes(file)) leave(file, `is part of ${sum.name} already`)
    else return true
    return false
  })
  const first = kept.filter((file) => tools.length === 0 || direct.includes(file) || COMES_FIRST.test(file.name))
  const last = kept.filter((file) => !first.includes(file))
  const inOrder = (files: readonly FolderFile[]) =>
    arrangeWith(
      plain,
      openFolder(
        folder.path,
        files.map(({ path }) => path),
      ),
      false,
    )
  const before = inOrder(first)
  return [{ ...before, leftOut: [...leftOut, ...before.leftOut] }, ...tools, inOrder(last)].filter(
    (part) => part.applied.length + part.leftOut.length > 0,
  )
}

/** The layout that a folder itself has; undefined when it is no tool's. */
export function recognize(folder: Folder): Layout | undefined {
  return LAYOUTS.find((layout) => {
    const { length } = CODE_LAYOUTS.includes(layout) ? folder.code : folder.files
    return layout !== plain && length > 0 && layout.recognize(folder) !== null
  })
}

function arrangeWith(layout: Layout, folder: Folder, asked: boolean): Part {
  return {
    layout,
    evidence: asked || layout === plain ? null : layout.recognize(folder),
    folder,
    ...layout.arrange(folder),
  }
}
