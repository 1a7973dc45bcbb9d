/** Replaces a stretch of a text. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A text after edits, and where its offsets were before them. */
export interface EditedText {
  readonly text: string
  /** The offset before the edits; inside a replacement, where what it replaced begins. */
  origin(offset: number): number
}

/** Applies edits that stand in order and do not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): EditedText {
  if (edits.length === 0) return { text, origin: (offset) => offset }
  const spans: { readonly at: number; readonly from: number; readonly replaced: boolean }[] = []
  let result = ''
  let from = 0
  for (const edit of edits) {
    spans.push({ at: result.length, from, replaced: false })
    result += text.slice(from, edit.start)
    spans.push({ at: result.length, from: edit.start, replaced: true })
    result += edit.text
    from = edit.end
  }
  spans.push({ at: result.length, from, replaced: false })
  return {
    text: result + text.slice(from),
    origin(offset) {
      const span = spans.findLast(({ at }) => at <= offset) ?? spans[0]!
      return span.replaced ? span.from : span.from + offset - span.at
    },
  }
}
