import { expect, it } from 'vitest'
import { compareFindings, countedFindings, statesOf } from '../../src/engine/compare.js'
import { makeFinding } from '../report/result.js'

const a = makeFinding({ rule: 'x/a', address: 'public.a', severity: 'error' })
const b = makeFinding({ rule: 'x/b', address: 'public.b', severity: 'info' })
const c = makeFinding({ rule: 'x/c', address: 'public.c' })
const past = (rule: string, address: string, severity: 'error' | 'warning' | 'info') => ({ rule, address, severity })

it('puts every finding beside what was there, by rule and object', () => {
  const comparison = compareFindings({
    name: 'b.json',
    findings: [a, b, c, { ...c, location: null }],
    past: [
      past('x/a', 'public.a', 'warning'),
      past('x/b', 'public.b', 'error'),
      past('x/c', 'public.c', 'warning'),
      past('x/d', 'public.d', 'warning'),
      past('x/e', 'public.e', 'warning'),
    ],
    looked: ({ rule }) => rule !== 'x/e',
  })
  expect(comparison.worse).toEqual([{ finding: a, was: 'warning' }])
  expect(comparison.better).toEqual([{ finding: b, was: 'error' }])
  expect([comparison.known, comparison.new]).toEqual([[c], [{ ...c, location: null }]])
  expect(comparison.resolved).toEqual([past('x/d', 'public.d', 'warning')])
  expect(statesOf(comparison).size).toBe(4)
})

it('counts all findings without a baseline, and only new and worse ones with one', () => {
  const baseline = compareFindings({
    name: 'b.json',
    findings: [a, b],
    past: [past('x/a', 'public.a', 'error')],
    looked: () => true,
  })
  expect(countedFindings({ findings: [a, b], baseline: null })).toEqual([a, b])
  expect(countedFindings({ findings: [a, b], baseline })).toEqual([b])
})
