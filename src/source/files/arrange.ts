import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { ConfigError } from '../../errors.js'
import { type Asked, isSqlFile, shownPath } from './find.js'
import { LAYOUTS } from './layouts/index.js'
import type { Arrangement, Folder, FolderFile, Layout } from './layouts/layout.js'
import { otherDatabase, plain } from './layouts/plain.js'
import type { LayoutReport } from './model.js'
import { readText } from './read.js'

/** Files in the order to apply, and how that order came about. */
export interface ArrangedFiles {
  readonly files: readonly { readonly path: string; readonly name: string; readonly text: string }[]
  readonly report: LayoutReport
  /** No tool gave an order, so a statement may come before what it needs. */
  readonly unordered: boolean
  /** What runners make before the first file. */
  readonly platforms: readonly string[]
}

interface Part extends Arrangement {
  readonly layout: Layout
  readonly evidence: string | null
}

/** Puts the files in the order of their migration tool. Throws ConfigError for a layout that is not known. */
export function arrangeFiles(asked: readonly Asked[], wanted: string | undefined): ArrangedFiles {
  const layout = wanted === undefined ? undefined : LAYOUTS.find(({ name }) => name === wanted)
  if (wanted !== undefined && !layout) {
    throw new ConfigError(`There is no layout «${wanted}».`, {
      hint: `Layouts: ${LAYOUTS.map(({ name }) => name).join(', ')}.`,
    })
  }
  const single = asked.filter(({ kind }) => kind === 'file').map(({ path }) => path)
  const parts = [
    ...(single.length > 0 ? [arrangeList(single, layout)] : []),
    ...asked.flatMap((one) => (one.kind === 'folder' ? arrangeFolder(one, layout) : [])),
  ]
  const tools = parts.filter(({ layout: { name } }) => name !== 'plain')
  const applied = parts.flatMap((part) => part.applied)
  return {
    files: applied.map(({ file, text }) => ({ path: file.path, name: shownPath(file.path), text })),
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

/** Files that were named one by one keep their order unless a tool's own order is recognized. */
function arrangeList(paths: readonly string[], wanted: Layout | undefined): Part {
  const folder = openFolder(commonFolder(paths), paths)
  const part = arrangeWith(wanted ?? recognize(folder) ?? plain, folder, wanted !== undefined)
  if (part.layout !== plain && part.applied.length > 0) return part
  return {
    layout: plain,
    evidence: null,
    applied: folder.files.map((file) => ({ file, text: file.text() })),
    leftOut: [],
  }
}

function arrangeFolder(
  asked: { readonly path: string; readonly entries: readonly string[] },
  wanted: Layout | undefined,
) {
  const folder = openFolder(asked.path, asked.entries.filter(isSqlFile))
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

/** The folder as one tool's, or else its sub-folders one by one and the rest in plain order before them. */
function arrangeBelow(folder: Folder): readonly Part[] {
  const layout = recognize(folder)
  if (layout) return [arrangeWith(layout, folder, false)]
  const children = subfolders(folder)
  const foreign = children.filter(({ path }) => otherDatabase(basename(path)))
  const own = foreign.length < children.length || folder.files.some(({ below }) => !below.includes('/')) ? foreign : []
  const tools: Part[] = []
  const loose: FolderFile[] = folder.files.filter(({ below }) => !below.includes('/'))
  for (const child of children) {
    if (own.includes(child)) continue
    for (const part of arrangeBelow(child)) {
      if (part.layout === plain)
        loose.push(...child.files.filter(({ path }) => part.applied.some(({ file }) => file.path === path)))
      else tools.push(part)
      if (part.layout === plain && part.leftOut.length > 0) tools.push({ ...part, applied: [] })
    }
  }
  const sum = loose.find(({ path }) => dirname(path) === folder.path && SUM.test(basename(path)))
  const leftOut = own.flatMap(({ path, files }) =>
    files.map((file) => ({ file: file.path, reason: `is for another database: ${otherDatabase(basename(path))}` })),
  )
  const kept = loose.filter((file) => {
    const belowSteps = STEPS.test(relative(folder.path, file.path).split(sep)[0] ?? '')
    const reason =
      sum && tools.some(({ applied }) => applied.length > 0) && file === sum
        ? 'sums up the migrations below'
        : sum && belowSteps
          ? `is part of ${basename(sum.path)} already`
          : null
    if (reason) leftOut.push({ file: file.path, reason })
    return reason === null
  })
  const rest = arrangeWith(
    plain,
    openFolder(
      folder.path,
      kept.map(({ path }) => path),
    ),
    false,
  )
  return [{ ...rest, leftOut: [...leftOut, ...rest.leftOut] }, ...tools].filter(
    (part) => part.applied.length + part.leftOut.length > 0,
  )
}

function recognize(folder: Folder): Layout | undefined {
  return LAYOUTS.find((layout) => layout !== plain && folder.files.length > 0 && layout.recognize(folder) !== null)
}

function arrangeWith(layout: Layout, folder: Folder, asked: boolean): Part {
  return { layout, evidence: asked || layout === plain ? null : layout.recognize(folder), ...layout.arrange(folder) }
}

function subfolders(folder: Folder): readonly Folder[] {
  const names = new Set(folder.files.flatMap(({ below }) => (below.includes('/') ? [below.split('/')[0]!] : [])))
  return [...names].map((name) => {
    const path = join(folder.path, name)
    return openFolder(
      path,
      folder.files.filter(({ below }) => below.startsWith(`${name}/`)).map((file) => file.path),
    )
  })
}

function openFolder(path: string, paths: readonly string[]): Folder {
  return {
    path,
    files: paths.map((file) => {
      let text: string | undefined
      return {
        path: file,
        below: relative(path, file).split(sep).join('/'),
        name: basename(file).replace(/\.gz$/, ''),
        text: () => (text ??= readText(file)),
      }
    }),
    has: (below) => existsSync(join(path, below)),
    read(below) {
      try {
        return readFileSync(join(path, below), 'utf8')
      } catch {
        return null
      }
    },
  }
}

function commonFolder(paths: readonly string[]): string {
  return paths
    .map((path) => dirname(path))
    .reduce((common, folder) => {
      let shared = common
      while (shared !== folder && !folder.startsWith(shared.endsWith(sep) ? shared : shared + sep))
        shared = dirname(shared)
      return shared
    })
}
