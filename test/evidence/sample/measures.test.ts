import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  type Codes,
  holdsExactly,
  measureDependency,
  mismatches,
  upperBound95,
} from '../../../src/evidence/sample/measures.js'

const column = (most: number) => fc.array(fc.integer({ min: -1, max: most }), { minLength: 1, maxLength: 60 })
const pair = fc
  .tuple(column(7), column(5))
  .map(([x, a]) => [x.slice(0, Math.min(x.length, a.length)), a.slice(0, Math.min(x.length, a.length))] as const)

/** The definition, by comparing all pairs of rows. */
function violatingPairs(x: readonly number[], a: readonly number[]): number {
  let pairs = 0
  for (let i = 0; i < x.length; i++)
    for (let j = i + 1; j < x.length; j++) if (x[i]! >= 0 && x[i] === x[j] && a[i] !== a[j]) pairs++
  return pairs
}

it('says that a dependency holds exactly where no two rows contradict it', () => {
  fc.assert(
    fc.property(pair, ([x, a]) => {
      const holds = violatingPairs(x, a) === 0
      expect(holdsExactly(Int32Array.from(x), Int32Array.from(a), 8)).toBe(holds)
      const { g3, badGroups, muPlus, tested } = measureDependency(Int32Array.from(x), Int32Array.from(a), 8)
      expect(g3 === 0).toBe(holds)
      expect(badGroups === 0).toBe(holds)
      expect(muPlus).toBeGreaterThanOrEqual(0)
      expect(muPlus).toBeLessThanOrEqual(1)
      if (holds && tested > 0 && new Set(a.filter((_, at) => x[at]! >= 0)).size > 1) expect(muPlus).toBe(1)
    }),
  )
})

it('expects as many violating pairs as shuffled values give on average', () => {
  const x: Codes = Int32Array.from({ length: 2000 }, (_, row) => row % 40)
  let seed = 7
  const draw = () => (seed = (seed * 48271) % 2147483647)
  const a: Codes = Int32Array.from({ length: 2000 }, () => draw() % 5)
  const { expectedByChance } = measureDependency(x, a, 40)
  const seen = violatingPairs([...x], [...a])
  expect(Math.abs(seen / expectedByChance - 1)).toBeLessThan(0.03)
})

it('bounds a share from above, the tighter the more rows were seen', () => {
  expect(upperBound95(0, 20_000)).toBe(0.00015)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 5000 }), (n, most) => {
      const violations = Math.min(n, most)
      const bound = upperBound95(violations, n)
      expect(bound).toBeGreaterThanOrEqual(violations / n)
      expect(bound).toBeLessThanOrEqual(1)
      expect(upperBound95(violations * 4, n * 4)).toBeLessThanOrEqual(bound + 1e-9)
    }),
  )
})

it('screens pairs by a count that is between the wrong rows and twice as many', () => {
  fc.assert(
    fc.property(pair, ([x, a]) => {
      const [left, right] = [Int32Array.from(x), Int32Array.from(a)]
      const { g3, rows } = measureDependency(left, right, 8)
      const wrong = Math.round(g3 * rows)
      const count = mismatches(left, right, new Int32Array(8), new Int32Array(8), 1000)
      expect(count).toBeGreaterThanOrEqual(Math.min(wrong, 1))
      expect(count).toBeLessThanOrEqual(wrong)
      expect(count === 0).toBe(wrong === 0)
    }),
  )
})
