/** One line of a bench's output: what was measured, the figure, and the bound that it is held against. */
export function printFigure(what: string, figure: string, bound = ''): void {
  console.log(`  ${what.padEnd(64)} ${figure.padStart(14)}   ${bound}`)
}

/** Runs `work` several times and gives the times in milliseconds, sorted. */
export async function timesOf(runs: number, work: () => Promise<unknown> | unknown): Promise<readonly number[]> {
  const times: number[] = []
  for (let run = 0; run < runs; run++) {
    const start = performance.now()
    await work()
    times.push(performance.now() - start)
  }
  return times.sort((a, b) => a - b)
}

/** The middle of sorted numbers. */
export function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** `1,234 ms` */
export function milliseconds(value: number): string {
  return `${Math.round(value).toLocaleString('en')} ms`
}
