/** How a tool counts its migrations where the folder does not tell: by a padded number, or by the time. */
export type Numbering = { readonly digits: number } | 'seconds' | 'milliseconds'

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The next `count` numbers after those that the names begin with, counted as these are. */
export function nextNumbers(names: readonly string[], count: number, at: Date, usual: Numbering): readonly string[] {
  const numbers = names.flatMap((name) => /^v?(\d+)/i.exec(name)?.[1] ?? [])
  const last = numbers.reduce<string | null>(
    (high, one) => (high === null || BigInt(one) > BigInt(high) ? one : high),
    null,
  )
  const digits = last?.length ?? 0
  const value = BigInt(last ?? 0)
  const from = clockOf(digits, last === null ? usual : null, at)
  const width = from === null ? (last === null && typeof usual === 'object' ? usual.digits : digits) : 0
  if (from !== null && from(0) > value) return Array.from({ length: count }, (_, index) => String(from(index)))
  return Array.from({ length: count }, (_, index) => String(value + BigInt(index) + 1n).padStart(width, '0'))
}

/** The clock that numbers of this length show, by how many seconds later; null when they count up. */
function clockOf(digits: number, usual: Numbering | null, at: Date): ((later: number) => bigint) | null {
  if (digits === 17) return (later) => calendar(at, later, 17)
  if (digits === 14 || usual === 'seconds') return (later) => calendar(at, later, 14)
  if (digits === 13 || usual === 'milliseconds') return (later) => BigInt(at.getTime() + later * 1000)
  if (digits === 10) return (later) => BigInt(Math.floor(at.getTime() / 1000) + later)
  return null
}

function calendar(at: Date, later: number, digits: number): bigint {
  return BigInt(new Date(at.getTime() + later * 1000).toISOString().replace(/\D/g, '').slice(0, digits))
}

/** The names, with a number behind those that are taken already. */
export function freeNames(names: readonly string[], isTaken: (name: string) => boolean): readonly string[] {
  return names.map((name) => {
    for (let number = 1; ; number++) {
      const free = number === 1 ? name : `${name}_again${number === 2 ? '' : number - 1}`
      if (!isTaken(free)) return free
    }
  })
}
