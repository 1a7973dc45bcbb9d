import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { ConfigError, formatLocation, type Location } from '../errors.js'

/** A path of keys and positions in a configuration. */
export type KeyPath = readonly PropertyKey[]

/** The value of a text, and where each of its keys stands. */
export interface Placed {
  readonly value: unknown
  locate(path: KeyPath): Location
}

/** Reads YAML, JSON, or JSON with comments and trailing commas. Throws ConfigError with the place of a syntax error. */
export function readPlaced(file: string, text: string): Placed {
  const lines = new LineCounter()
  const source = file.endsWith('.yaml') || file.endsWith('.yml') ? text : blankComments(text)
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number): Location => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const [error] = document.errors
  if (error) {
    const location = formatLocation(at(error.pos[0]))
    throw new ConfigError(`${location}: ${error.message.replace(/\.?$/, '.')}`, {
      hint: 'Mend the syntax of the configuration.',
    })
  }
  return { value: document.toJS() as unknown, locate: (path) => at(offsetOf(document.contents, path)) }
}

/** Where keys stand in TypeScript or JavaScript, found by their names, one behind the other. */
export function placeInCode(file: string, text: string): (path: KeyPath) => Location {
  return (path) => {
    let offset = 0
    for (const key of path) {
      if (typeof key !== 'string') continue
      const name = key.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
      const found = new RegExp(`(?:\\b${name}|(['"])${name}\\1)\\s*:`).exec(text.slice(offset))
      if (found) offset += found.index
    }
    const before = text.slice(0, offset).split('\n')
    return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  }
}

function offsetOf(root: unknown, path: KeyPath): number {
  let node = root
  let offset = (root as Node | null)?.range?.[0] ?? 0
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      if (!pair) return offset
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node) && typeof key === 'number') {
      node = node.items[key]
      offset = (node as Node | undefined)?.range?.[0] ?? offset
    }
  }
  return offset
}

/** Comments as blanks, so that places stay true. */
function blankComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) =>
    part.startsWith('"') ? part : part.replace(/[^\n]/g, ' '),
  )
}
