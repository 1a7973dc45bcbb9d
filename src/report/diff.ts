const CONTEXT = 3

/** What changes in a file, line by line, as `patch` reads it; empty when nothing does. */
export function renderDiff(path: string, before: string, after: string): string {
  const lines = compareLines(before.split('\n'), after.split('\n'))
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ mark }) => mark !== ' '),
  )
  const hunks: string[] = []
  for (let at = 0; at < lines.length; at++) {
    if (!near[at] || near[at - 1]) continue
    const end = near.indexOf(false, at)
    const hunk = lines.slice(at, end < 0 ? lines.length : end)
    const count = (mark: string) => hunk.filter((line) => line.mark !== mark).length
    hunks.push(
      `@@ -${hunk[0]!.old},${count('+')} +${hunk[0]!.now},${count('-')} @@`,
      ...hunk.map(({ mark, text }) => `${mark}${text}`),
    )
  }
  return hunks.length === 0 ? '' : [`--- ${path}`, `+++ ${path}`, ...hunks].join('\n')
}

interface Line {
  readonly mark: ' ' | '-' | '+'
  readonly text: string
  /** Numbers of the line, or of the next one, before and after. */
  readonly old: number
  readonly now: number
}

/** Common lines are found from both ends; what is between is gone and new. */
function compareLines(before: readonly string[], after: readonly string[]): readonly Line[] {
  const lines: Line[] = []
  let old = 0
  let now = 0
  while (old < before.length || now < after.length) {
    const text = before[old]
    if (old < before.length && now < after.length && text === after[now]) {
      lines.push({ mark: ' ', text: text!, old: ++old, now: ++now })
      continue
    }
    // Statements are cut out, so the next line of the old text that the new one has too is where they meet again.
    const next = findMeeting(before, after, old, now)
    while (old < next.old) lines.push({ mark: '-', text: before[old]!, old: ++old, now: now + 1 })
    while (now < next.now) lines.push({ mark: '+', text: after[now]!, old: old + 1, now: ++now })
  }
  return lines
}

function findMeeting(before: readonly string[], after: readonly string[], old: number, now: number) {
  for (let distance = 1; distance < before.length + after.length; distance++)
    for (let ahead = 0; ahead <= distance; ahead++) {
      const one = { old: old + distance - ahead, now: now + ahead }
      if (one.old < before.length && one.now < after.length && before[one.old] === after[one.now]) return one
    }
  return { old: before.length, now: after.length }
}
