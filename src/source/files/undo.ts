import type { Location } from '../../errors.js'
import type { EmbeddedServer } from '../embedded/server.js'
import { isCodeFile, type Side } from './code/read.js'
import type { DownSide } from './layouts/layout.js'
import { shownPath } from './find.js'
import { gatherRemarks } from './remarks.js'
import { screenStatement } from './screen.js'
import { type ReadingContext, readStatements } from './statements.js'

/** What takes a new file back, and what came of it. */
export interface UndoneFile {
  /** The file that holds it, as shown to people. */
  readonly file: string
  readonly path: string
  readonly statements: readonly { readonly text: string; readonly location: Location }[]
  /** The first statement that fails; null when all of them run, or were not tried. */
  readonly failure: { readonly location: Location; readonly message: string } | null
  /** It holds nothing but a comment that says why nothing is taken back. */
  readonly isExplained: boolean
}

interface Undoable {
  readonly name: string
  readonly path: string
  readonly text: string
  readonly down?: DownSide | null | undefined
}

const STEERS = /^(?:begin|start|commit|end|rollback|abort|savepoint|release|prepare)$/
const CONCURRENTLY = /\bconcurrently\b/i

/** Reads the down sides of files, without running them. Code is left out of which either side holds what only running it would tell. */
export function readDownSides(
  files: readonly Undoable[],
  context: Pick<ReadingContext, 'variables' | 'findFile'>,
): ReadonlyMap<string, UndoneFile | null> {
  return new Map(
    files.flatMap((file): readonly (readonly [string, UndoneFile | null])[] => {
      const { name, down } = file
      if (down === undefined) return []
      if (down === null) return [[name, null]]
      if (isCodeFile(file.path) && !readSide(file, 'up', context).isWhole) return []
      const { statements, isWhole } = readSide(down, 'down', context)
      const shown = shownPath(down.path)
      return isWhole
        ? [[name, { file: shown, path: down.path, statements, failure: null, isExplained: saysWhy(down.text) }]]
        : []
    }),
  )
}

const COMMENT = /--[^\n]*|\/\*[\s\S]*?\*\//g
/** Words of people who mean it, not of a tool's empty form. */
const REASON = /\b(?:no-?op|irreversibl\w+|not|cannot|can't|never|nothing|intentional\w*|deliberate\w*|manual\w*)\b/i
const UNFINISHED = /\b(?:todo|fixme|implement\w*)\b/i

function saysWhy(text: string): boolean {
  if (text.replace(COMMENT, '').trim() !== '') return false
  const said = (text.match(COMMENT) ?? []).join('\n')
  return REASON.test(said) && !UNFINISHED.test(said)
}

function readSide(
  { path, text }: Pick<DownSide, 'path' | 'text'>,
  side: Side,
  { variables, findFile }: Pick<ReadingContext, 'variables' | 'findFile'>,
) {
  const remarks = gatherRemarks()
  const context = { variables: new Map(variables), findFile, remarks }
  const statements = [...readStatements({ path, name: shownPath(path), text, side }, context)].map(
    ({ text, locate }) => ({ text, location: locate(0) }),
  )
  return { statements, isWhole: !isCodeFile(path) || remarks.result().problems.length === 0 }
}

/**
 * Runs the down sides of files from the last to the first, in a transaction that is taken back in the end. When every file has
 * one and nothing fails, `look` sees what they leave. What runs outside transactions elsewhere runs here without CONCURRENTLY.
 */
export async function tryDownSides(
  server: EmbeddedServer,
  files: readonly { readonly name: string }[],
  downs: ReadonlyMap<string, UndoneFile | null>,
  look: () => Promise<void>,
): Promise<ReadonlyMap<string, UndoneFile | null>> {
  const tried = new Map(downs)
  await server.execute('begin')
  try {
    for (const { name } of files.toReversed()) {
      const down = downs.get(name)
      // What comes before meets another schema than it was written for; so it does behind a failure.
      if (!down) break
      await server.execute('reset all; set check_function_bodies = off')
      let failure: UndoneFile['failure'] = null
      for (const { text, location } of down.statements) {
        const message = await runOne(server, text)
        if (message !== null) failure ??= { location, message }
      }
      tried.set(name, { ...down, failure })
      if (failure) break
    }
    const whole = files.every(({ name }) => tried.get(name)?.failure === null)
    if (whole) {
      await server.execute('set search_path to pg_catalog')
      await look()
    }
  } finally {
    await server.execute('rollback')
  }
  return tried
}

/** Why the statement fails; null when it runs. */
async function runOne(server: EmbeddedServer, text: string): Promise<string | null> {
  const words = text.trim().toLowerCase().split(/\s+/).slice(0, 8)
  if (STEERS.test(words[0] ?? '')) return null
  const made = { copy: null, guess: null, forRows: null, file: '', locate: () => ({ file: '', line: 1, column: 1 }) }
  if (screenStatement({ ...made, text, words }).action !== 'send') return null
  const inside = /^(?:create|drop|reindex|refresh|alter)$/.test(words[0] ?? '') ? text.replace(CONCURRENTLY, '') : text
  await server.execute('savepoint down_side')
  const error = await server.execute(inside)
  if (error) await server.execute('rollback to savepoint down_side')
  await server.execute('release savepoint down_side')
  return error?.message ?? null
}
