import type { Location } from '../../errors.js'
import { printable } from '../printable.js'
import { displayWidth } from '../wrap.js'

/** What a code frame is cut out of. */
export interface FrameRequest {
  readonly location: Location
  /** The lines of the file. */
  readonly lines: readonly string[]
  readonly width: number
  /** Lines to show before and after. */
  readonly around: number
}

/** The line that a finding stands on, marked, with a caret under its column; empty when the file has no such line. */
export function renderFrame({ location, lines, width, around }: FrameRequest): readonly string[] {
  const { line, column } = location
  const marked = lines[line - 1]
  if (marked === undefined) return []
  const [first, last] = [Math.max(1, line - around), Math.min(lines.length, line + around)]
  const gutter = String(last).length
  const room = width - gutter - 5
  const indent = commonIndent(lines.slice(first - 1, last))
  return lines.slice(first - 1, last).flatMap((text, at) => {
    const number = first + at
    const shown = `${number === line ? '>' : ' '} ${String(number).padStart(gutter)} | ${clip(show(text.slice(indent)), room)}`
    if (number !== line) return [shown.trimEnd()]
    const before = displayWidth(show(marked.slice(indent, Math.max(indent, column - 1))))
    return before < room ? [shown, `  ${' '.repeat(gutter)} | ${' '.repeat(before)}^`] : [shown]
  })
}

function show(text: string): string {
  return printable(text.replace(/\r$/, '').replaceAll('\t', '  '))
}

function commonIndent(lines: readonly string[]): number {
  return Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)))
}

function clip(text: string, room: number): string {
  if (displayWidth(text) <= room) return text
  let cut = text
  while (displayWidth(cut) > room - 1) cut = cut.slice(0, -1)
  return `${cut}…`
}
