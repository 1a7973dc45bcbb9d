import { arrangeBy, blankOut, directFiles, type Layout, versionOf } from './layout.js'

/** A tool that keeps both directions in one file and marks them with comment lines. */
export interface Markers {
  readonly name: string
  /** A line that begins a part to apply; null when the file begins with it. */
  readonly up: RegExp | null
  /** A line that begins a part to leave out. */
  readonly down: RegExp
}

/** The layout of a tool with marked parts; files run in the order of their leading number. */
export function markedLayout({ name, up, down }: Markers): Layout {
  const telling = up ?? down
  return {
    name,
    recognize(folder) {
      const files = directFiles(folder)
      const marked = files.filter((file) =>
        file
          .text()
          .split('\n')
          .some((line) => telling.test(line)),
      )
      return marked.length > 0 && marked.length * 2 >= files.length
        ? `${marked.length} of ${files.length} files have ${name} markers`
        : null
    },
    arrange: ({ files }) =>
      arrangeBy(files, (file) =>
        file.below.includes('/')
          ? 'lies in a sub-folder'
          : { key: [versionOf(file.name)], text: upPart(file.text(), { up, down }) },
      ),
    down: (file) => {
      const text = downPart(file.text(), { up, down })
      return text === null ? null : { path: file.path, text }
    },
  }
}

/** The text with everything but the parts to leave out blanked out; null without such. */
export function downPart(text: string, { up, down }: Pick<Markers, 'up' | 'down'>): string | null {
  const lines = text.split(/(?<=\n)/)
  if (!lines.some((line) => down.test(line))) return null
  let undoing = false
  return lines
    .map((line) => {
      if (down.test(line)) {
        undoing = true
        return blankOut(line)
      }
      if (up?.test(line)) undoing = false
      return undoing ? line : blankOut(line)
    })
    .join('')
}

/** The text with everything but the parts to apply blanked out; a text without markers is kept. */
export function upPart(text: string, { up, down }: Pick<Markers, 'up' | 'down'>): string {
  const lines = text.split(/(?<=\n)/)
  if (!lines.some((line) => up?.test(line) || down.test(line))) return text
  let applying = up === null
  return lines
    .map((line) => {
      if (up?.test(line)) {
        applying = true
        return blankOut(line)
      }
      if (down.test(line)) applying = false
      return applying ? line : blankOut(line)
    })
    .join('')
}
