import { expect, it } from 'vitest'
import type { RuleInfo } from '../../src/engine/result.js'
import { chooseFirst, gatherRemedies, shortOf } from '../../src/report/remedies.js'
import { makeFinding } from './result.js'

const find = (rule: string, table: number, parts: Parameters<typeof makeFinding>[0] = {}) =>
  makeFinding({ rule, address: `public.t${table}`, advice: `Mend ${table}.`, ...parts })

it('shows each rule before it shows one again, and counts what it does not show', () => {
  const a = [1, 2, 3, 4].map((at) => find('x/a', at, { severity: 'error', priority: 'now' }))
  const [b, c] = [find('x/b', 1), find('x/c', 1, { severity: 'info', priority: 'later' })]
  const shown = (most: number, findings = [c, ...a, b]) =>
    chooseFirst(findings, most).map(({ finding, more }) => `${finding.rule} ${finding.address} +${more}`)
  expect(shown(3)).toEqual(['x/a public.t1 +3', 'x/b public.t1 +0', 'x/c public.t1 +0'])
  expect(shown(4)).toEqual(['x/a public.t1 +0', 'x/a public.t2 +2', 'x/b public.t1 +0', 'x/c public.t1 +0'])
  expect(shown(2, a)).toEqual(['x/a public.t1 +0', 'x/a public.t2 +2'])
  expect(shown(9)).toHaveLength(6)
  expect(shown(5, [])).toEqual([])
})

it('gathers what has the same advice, and a whole rule where every object has its own', () => {
  const rulebook = [{ id: 'x/a', docs: { summary: 'Mend them.' } } as RuleInfo]
  const items = (numbers: readonly number[], rules = rulebook) =>
    gatherRemedies(
      numbers.map((at) => ({ finding: find('x/a', at) })),
      rules,
    ).map(({ advice, members }) => [advice, members.length])
  expect(items([1, 1, 2])).toEqual([
    ['Mend 1.', 2],
    ['Mend 2.', 1],
  ])
  expect(items([1, 2, 3, 4, 5, 5])).toEqual([['Mend them.', 6]])
  expect(items([1, 2, 3, 4, 5], []), 'a rule that nobody described').toHaveLength(5)
})

it.each([
  ['Add CHECK (a >= 0.5). Then go on.', 'Add CHECK (a >= 0.5).'],
  ['Keep it, e.g. as a view; then drop it.', 'Keep it, e.g. as a view; then drop it.'],
  ['Is it a snapshot? Then say so. If not, drop it.', 'Is it a snapshot? Then say so. If not, drop it.'],
  ['Compare select a, count(*) … group by 1 first.', 'Compare select a, count(*) … group by 1 first.'],
])('says of %s in a list of what to do: %s', (advice, short) => {
  expect(shortOf(advice)).toBe(short)
})
