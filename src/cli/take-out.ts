import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Move } from '../engine/result.js'
import { applyEdits } from '../source/files/edits.js'
import { isCodeFile } from '../source/files/code/read.js'
import { indexLines } from '../source/files/lines.js'
import { splitSql } from '../source/files/split.js'
import { comment, type MigrationFile } from '../fix/writers/writer.js'

/** A migration file without the statements whose place other files take. */
export interface TakenOut extends Pick<MigrationFile, 'path' | 'text'> {
  readonly replaces: string
}

/** A statement that is to be taken out by hand, and why. */
export interface LeftIn {
  readonly statement: Move['statement']
  readonly reason: string
}

type Place = Move['statement'] & {
  /** What stands there afterwards. */
  readonly instead: string
}

/** The files without the statements that moved, and without what takes these back; what cannot be cut out by its text is left in. */
export function takeOut(
  moves: readonly Move[],
  files: readonly string[],
): { readonly edited: readonly TakenOut[]; readonly leftIn: readonly LeftIn[] } {
  const note = comment(`Moved to ${nameFiles(files)}.`)
  const places = moves.flatMap(({ statement, undoneBy, leavesNothing }): Place[] => [
    { ...statement, instead: leavesNothing ? `${note}\nselect 1;` : note },
    ...undoneBy.map((down) => ({ ...down, instead: comment(`Taken back by the files that it moved to.`) })),
  ])
  const edited: TakenOut[] = []
  const leftIn: LeftIn[] = []
  for (const file of new Set(places.map((place) => place.file))) {
    const path = resolve(file)
    const text = readFileSync(path, 'utf8')
    const cuts = places
      .filter((place) => place.file === file)
      .flatMap((place) => {
        const cut = isCodeFile(path) ? 'It is written in code.' : cutOf(text, place)
        if (typeof cut !== 'string') return [cut]
        leftIn.push({ statement: place, reason: cut })
        return []
      })
      .toSorted((a, b) => a.start - b.start)
    if (cuts.length > 0) edited.push({ path: file, replaces: text, text: applyEdits(text, cuts).text })
  }
  return { edited, leftIn }
}

/** Where the statement stands with its semicolon; a reason when the text there is another. */
function cutOf(text: string, { location, sql, instead }: Place) {
  const at = indexLines(text)
  const piece = splitSql(text).find(({ kind, from }) => {
    const { line, column } = at(from)
    return kind === 'statement' && line === location.line && column === location.column
  })
  if (!piece || text.slice(piece.from, piece.to) !== sql) return 'Its text is put together from a template.'
  const semicolon = /^\s*;/.exec(text.slice(piece.to, piece.end))?.[0] ?? ''
  return { start: piece.from, end: piece.to + semicolon.length, text: instead }
}

function nameFiles(files: readonly string[]): string {
  return files.length <= 3 ? files.join(', ') : `${files[0]} … ${files.at(-1)}`
}
