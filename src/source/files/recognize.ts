import { recognize } from './arrange.js'
import { isCodeFile } from './code/read.js'
import { findFiles, isSqlFile } from './find.js'
import { openFolder } from './folders.js'

/** The name of the layout that a folder itself has, or null when it is no tool's. */
export function recognizeLayout(folder: string): string | null {
  try {
    const [asked] = findFiles([folder])
    if (asked?.kind !== 'folder') return null
    const entries = asked.entries.filter((entry) => isSqlFile(entry) || isCodeFile(entry))
    return recognize(openFolder(asked.path, entries))?.name ?? null
  } catch {
    return null
  }
}
