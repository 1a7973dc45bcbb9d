/** Measures of approximate dependencies and bounds; pure functions over integer-coded columns. */

/** A column as codes from 0 on, equal codes for equal values; −1 is NULL. */
export type Codes = Int32Array

/** Upper bound (95 %) of a share of which `violations` of `n` drawn rows were seen: the rule of three for none, else Wilson's. */
export function upperBound95(violations: number, n: number): number {
  if (n <= 0) return 1
  if (violations <= 0) return Math.min(1, 3 / n)
  const z = 1.6449
  const share = violations / n
  const centre = share + (z * z) / (2 * n)
  const spread = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))
  return Math.max(share, Math.min(1, (centre + spread) / (1 + (z * z) / n)))
}

/** How well X → A holds. */
export interface DependencyMeasure {
  /** Rows with an X. */
  readonly rows: number
  /** Distinct X. */
  readonly groups: number
  /** Groups of two rows or more: the only ones that can contradict. */
  readonly tested: number
  /** Tested groups with more than one A. */
  readonly badGroups: number
  /** Rows to change or remove until it holds, as a share (g3). */
  readonly g3: number
  /** Violating pairs to be expected if A did not depend on X. */
  readonly expectedByChance: number
  /** 0 … 1: how much of A is explained by X beyond chance (μ⁺; Parciak et al., ICDE 2024). */
  readonly muPlus: number
}

/** Whether X → A holds on all rows; stops at the first violation. Rows without an X are left out; NULL in A is a value. */
export function holdsExactly(x: Codes, a: Codes, groups: number): boolean {
  const first = new Int32Array(groups).fill(-2)
  for (let row = 0; row < x.length; row++) {
    const group = x[row]!
    if (group < 0) continue
    const value = a[row]!
    const seen = first[group]!
    if (seen === -2) first[group] = value
    else if (seen !== value) return false
  }
  return true
}

/**
 * Rows that differ from what seems to be their group's usual value, up to `limit`, beyond which it stops counting: at least as many
 * as contradict X → A, and at most twice as many. `seen` and `votes` are scratch space of at least as many codes as X has.
 */
export function mismatches(x: Codes, a: Codes, seen: Int32Array, votes: Int32Array, limit: number): number {
  votes.fill(0)
  let count = 0
  for (let row = 0; row < x.length; row++) {
    const group = x[row]!
    if (group < 0) continue
    const value = a[row]!
    if (votes[group] === 0) {
      seen[group] = value
      votes[group] = 1
    } else if (seen[group] === value) votes[group]!++
    else {
      votes[group]!--
      if (++count > limit) return count
    }
  }
  return count
}

/** Measures X → A over all rows. `groups` is the number of codes of X. */
export function measureDependency(x: Codes, a: Codes, groups: number): DependencyMeasure {
  const sizes = new Int32Array(groups)
  const counts = new Map<number, number>()
  const totals = new Map<number, number>()
  const stride = 0x4000_0000
  let rows = 0
  for (let row = 0; row < x.length; row++) {
    const group = x[row]!
    if (group < 0) continue
    rows++
    const value = a[row]!
    sizes[group]!++
    const cell = group * stride + (value + 1)
    counts.set(cell, (counts.get(cell) ?? 0) + 1)
    totals.set(value, (totals.get(value) ?? 0) + 1)
  }
  const largest = new Int32Array(groups)
  const squares = new Float64Array(groups)
  const values = new Int32Array(groups)
  for (const [cell, count] of counts) {
    const group = Math.floor(cell / stride)
    values[group]!++
    squares[group]! += count * count
    if (count > largest[group]!) largest[group] = count
  }
  let [kept, tested, badGroups, present, pairs, pdepX] = [0, 0, 0, 0, 0, 0]
  for (let group = 0; group < groups; group++) {
    const size = sizes[group]!
    if (size === 0) continue
    present++
    kept += largest[group]!
    pairs += (size * (size - 1)) / 2
    pdepX += squares[group]! / size
    if (size < 2) continue
    tested++
    if (values[group]! > 1) badGroups++
  }
  const pdepA = sumOf(totals.values(), (count) => (count / rows) ** 2)
  const unexplained = rows === 0 ? 0 : 1 - pdepX / rows
  const muPlus =
    rows <= present || pdepA >= 1 ? 0 : Math.max(0, 1 - (unexplained / (1 - pdepA)) * ((rows - 1) / (rows - present)))
  return {
    rows,
    groups: present,
    tested,
    badGroups,
    g3: rows === 0 ? 0 : 1 - kept / rows,
    expectedByChance: rows === 0 ? 0 : pairs * (1 - pdepA),
    muPlus,
  }
}

function sumOf(values: Iterable<number>, of: (value: number) => number): number {
  let sum = 0
  for (const value of values) sum += of(value)
  return sum
}
