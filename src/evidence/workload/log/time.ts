/** Reads `2026-11-22 10:00:00.123 UTC` into milliseconds, as if in UTC: only distances count. Remembers the last minute, since lines come in order. */
export function createClock(): (text: string) => number | null {
  let minute = ''
  let start = 0
  return (text) => {
    const of = text.slice(0, 16)
    if (of !== minute) {
      const read = Date.parse(`${of.replace(' ', 'T')}Z`)
      if (Number.isNaN(read)) return null
      minute = of
      start = read
    }
    const seconds = Number(text.slice(17, 19))
    const milliseconds = text.charCodeAt(19) === 0x2e ? Number(text.slice(20, 23)) : 0
    return start + seconds * 1000 + milliseconds
  }
}
