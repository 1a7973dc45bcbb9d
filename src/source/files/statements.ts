import type { Location } from '../../errors.js'
import { isCodeFile, readCode, type Side } from './code/read.js'
import { applyEdits } from './edits.js'
import { shownPath } from './find.js'
import { indexLines } from './lines.js'
import type { Locatable } from './positions.js'
import {
  expandVariable,
  guessVariable,
  type MetaCommand,
  REACHING_OUT,
  readArguments,
  readCopy,
  readMetaCommand,
  SHOWING,
  trackConditions,
} from './psql.js'
import { readText } from './read.js'
import type { Remarks } from './remarks.js'
import type { TransactionPart } from './runners.js'
import { type Piece, splitSql } from './split.js'
import { renderTemplate } from './templates.js'

/** A statement on its way to the server. */
export interface Statement extends Locatable {
  /** The first words, in lower case. */
  readonly words: readonly string[]
  /** Offset of the word `stdin` in `COPY … FROM stdin`, and the lines that follow it. */
  readonly copy: { readonly stdin: number; readonly data: string } | null
  /** The text with the names of variables that are not set in place of their values, when there are such. */
  readonly guess: { readonly text: string; readonly names: readonly string[] } | null
  /** What psql does with the rows: set variables, or run each value as a statement. */
  readonly forRows: { readonly command: 'gset' | 'gexec'; readonly argument: string } | null
  /** The file that was asked for; statements of included files bear its name too. */
  readonly file: string
}

/** The text of one file. */
export interface SourceFile {
  readonly path: string
  /** As shown to people. */
  readonly name: string
  readonly text: string
  /** In which transactions its runner puts it. */
  readonly parts?: readonly TransactionPart[]
  /** Which side of migration code; `up` when absent. */
  readonly side?: Side
}

/** What reading a script needs, and whom it tells. */
export interface ReadingContext {
  /** psql variables and template values; `\set` changes them. */
  readonly variables: Map<string, string>
  /** Finds a file that a script names, or null when it is not there or may not be read. */
  readonly findFile: (path: string, includer: string) => string | null
  readonly remarks: Remarks
}

const DEEPEST_INCLUDE = 20

/** The statements of a script in order, with what psql commands do to it: includes, conditions, variables, data. */
export function* readStatements(
  source: SourceFile,
  context: ReadingContext,
  outer: readonly string[] = [],
): Generator<Statement> {
  const { variables, remarks } = context
  if (isCodeFile(source.path)) return yield* readCodeStatements(source, context)
  const rendered = renderTemplate(source.text, variables)
  const at = indexLines(source.text)
  for (const { name, offset } of rendered.guessed) remarks.guess(name, { file: source.name, ...at(offset) })
  for (const { text, offset } of rendered.unknown) {
    remarks.unreadable(text, { file: source.name, ...at(offset) }, 'The template command is not understood.')
  }
  yield* splitStatements(
    rendered.text,
    (offset) => ({ file: source.name, ...at(rendered.origin(offset)) }),
    source,
    context,
    outer,
  )
}

/** The statements that migration code sends. */
function* readCodeStatements(source: SourceFile, context: ReadingContext): Generator<Statement> {
  const { path, name, text, parts, side = 'up' } = source
  const script = readCode({
    path,
    text,
    side,
    opensTransactions: parts?.every(({ transaction }) => transaction === 'none') ?? true,
    readFile(wanted) {
      const found = context.findFile(wanted, path)
      return found === null ? null : { path: found, text: readText(found) }
    },
  })
  const lines = new Map([[path, indexLines(text)]])
  const locate = (offset: number): Location => {
    const { file, offset: at } = script.origin(offset)
    const index = lines.get(file ?? path) ?? indexLines(readText(file ?? path))
    lines.set(file ?? path, index)
    return { file: file === null ? name : shownPath(file), ...index(at) }
  }
  for (const { what, why, offset } of script.unseen) {
    context.remarks.unseen(what, why, { file: name, ...lines.get(path)!(offset) })
  }
  yield* splitStatements(script.text, locate, source, context, [])
}

function* splitStatements(
  text: string,
  locate: (offset: number) => Location,
  source: SourceFile,
  context: ReadingContext,
  outer: readonly string[],
): Generator<Statement> {
  const { variables, remarks } = context
  const pieces = splitSql(text)
  const conditions = trackConditions()
  const file = outer[0] ?? source.name

  for (const [index, piece] of pieces.entries()) {
    const next = pieces[index + 1]
    const data = next?.kind === 'data' ? text.slice(next.from, next.to) : ''
    if (piece.kind === 'meta') {
      const command = readMetaCommand(text.slice(piece.from, piece.to))
      if (conditions.follow(command, variables) || !conditions.active) continue
      if (command.name === 'q' || command.name === 'quit') return
      yield* followCommand(command, data, locate(piece.from))
    } else if (piece.kind === 'statement' && conditions.active) {
      const behind = next?.kind === 'meta' ? readMetaCommand(text.slice(next.from, next.to)) : null
      yield toStatement(piece, copyLines(data, true), behind)
    }
  }

  function toStatement(piece: Piece, data: string, behind: MetaCommand | null): Statement {
    const raw = text.slice(piece.from, piece.to)
    const references = piece.variables.map(({ start, end }) => ({
      start: start - piece.from,
      end: end - piece.from,
      reference: text.slice(start, end),
    }))
    const known = references.flatMap(({ start, end, reference }) => {
      const value = expandVariable(reference, variables)
      return value === null ? [] : [{ start, end, text: value }]
    })
    const edited = applyEdits(raw, known)
    const open = references.filter(({ reference }) => expandVariable(reference, variables) === null)
    const guesses = references.map(({ start, end, reference }) => ({
      start,
      end,
      text: expandVariable(reference, variables) ?? guessVariable(reference).text,
    }))
    const gathers = behind?.name === 'gset' || behind?.name === 'gexec'
    return {
      text: edited.text,
      words: piece.words,
      copy: piece.stdin === null ? null : { stdin: piece.stdin - piece.from + edited.text.length - raw.length, data },
      guess:
        open.length === 0
          ? null
          : {
              text: applyEdits(raw, guesses).text,
              names: open.map(({ reference }) => guessVariable(reference).name),
            },
      forRows: gathers ? { command: behind.name as 'gset' | 'gexec', argument: behind.rest } : null,
      file,
      locate: (offset) => locate(piece.from + edited.origin(offset)),
    }
  }

  function* followCommand(command: MetaCommand, data: string, location: Location): Generator<Statement> {
    const { name, rest } = command
    const shown = `\\${name}`
    if (name === 'set') {
      const [variable, ...values] = readArguments(rest, variables)
      if (variable !== undefined) variables.set(variable, values.join(''))
    } else if (name === 'unset') variables.delete(readArguments(rest, variables)[0] ?? '')
    else if (/^(?:i|ir|include|include_relative)$/.test(name)) yield* include(command, location)
    else if (name === 'copy') yield* copyIn(rest, data, location)
    else if (/^(?:c|connect)$/.test(name)) remarks.skip('\\connect', 'there is one database here', location)
    else if (REACHING_OUT.has(name)) remarks.refuse(shown, location, 'It reaches outside the database.')
    else if (!SHOWING.has(name) && !/^(?:d|gset|gexec|prompt)/.test(name)) {
      remarks.skip(shown, 'is no psql command that is known here', location)
    }
  }

  function* include({ name, rest }: MetaCommand, location: Location): Generator<Statement> {
    const [wanted = ''] = readArguments(rest, variables)
    const path = context.findFile(wanted, source.path)
    if (path === null) {
      return remarks.unreadable(`\\${name} ${wanted}`, location, 'The file is not there, or lies outside the project.')
    }
    if (outer.length >= DEEPEST_INCLUDE) {
      return remarks.unreadable(`\\${name} ${wanted}`, location, 'Files include each other without end.')
    }
    yield* readStatements({ path, name: shownPath(path), text: readText(path) }, context, [...outer, file])
  }

  function* copyIn(rest: string, data: string, location: Location): Generator<Statement> {
    const copy = readCopy(rest)
    if (!copy) return remarks.skip('\\copy', 'does not bring data in from a file', location)
    const inline = /^p?stdin$/i.test(copy.file)
    const path = inline ? null : context.findFile(copy.file, source.path)
    if (!inline && path === null) {
      return remarks.skip('\\copy', `its file is not there, or lies outside the project`, location)
    }
    const head = `copy ${copy.target} from `
    yield {
      text: `${head}stdin ${copy.options}`,
      words: ['copy'],
      copy: { stdin: head.length, data: path === null ? copyLines(data, false) : readText(path) },
      guess: null,
      forRows: null,
      file,
      locate: () => location,
    }
  }
}

/** What stands between the line of the command and the closing `\.`, in lines that end with `\n`. */
function copyLines(data: string, afterSemicolon: boolean): string {
  const begin = afterSemicolon ? data.indexOf('\n') + 1 : 0
  const end = /(?:^|\n)\\\.[ \t\r]*\n?$/.exec(data)
  const close = end ? end.index + (end[0].startsWith('\n') ? 1 : 0) : data.length
  const lines = afterSemicolon && begin === 0 ? '' : data.slice(begin, Math.max(begin, close))
  return lines.includes('\r') ? lines.replaceAll('\r\n', '\n') : lines
}
