/** Reads `2026-11-22 10:00:00.123 UTC` into milliseconds, as if in UTC: only distances count. Remembers the last minute, since lines come in order. */
export function createClock(): (text: string) => number | null {
  let minute = ''
  let start = 0
  return (text) => {
    if (minute === '' || !text.startsWith(minute)) {
      const of = text.slice(0, 16)
      const read = Date.parse(`${of.replace(' ', 'T')}Z`)
      if (Number.isNaN(read)) return null
      minute = of
      start = read
    }
    const milliseconds = text.charCodeAt(19) === 0x2e ? readDigits(text, 20, 23) : 0
    return start + readDigits(text, 17, 19) * 1000 + milliseconds
  }
}

function readDigits(text: string, from: number, to: number): number {
  let number = 0
  for (let at = from; at < to; at++) number = number * 10 + text.charCodeAt(at) - 0x30
  return number
}
