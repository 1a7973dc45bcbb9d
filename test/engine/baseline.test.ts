import { describe, expect, it } from 'vitest'
import { compareWithBaseline, parseBaseline, renderBaseline, updateBaseline } from '../../src/engine/baseline.js'
import { HOSTILE, makeFinding, makeResult } from '../report/result.js'

const a = makeFinding({ rule: 'x/a', address: 'public.b' })
const b = makeFinding({ rule: 'x/b', address: 'public.a' })
const result = makeResult({
  findings: [a, b],
  rules: [
    { id: 'x/a', outcome: 'found', reason: null },
    { id: 'x/b', outcome: 'found', reason: null },
    { id: 'x/c', outcome: 'passed', reason: null },
    { id: 'x/d', outcome: 'skipped', reason: 'No queries were given.' },
  ],
})
const entry = (rule: string, address: string, more: object = {}) => ({
  rule,
  address,
  severity: 'warning' as const,
  firstSeen: '2025-01-01',
  ...more,
})

describe('a baseline', () => {
  it('holds one entry a line, sorted, and comes back as it was', () => {
    const text = renderBaseline(updateBaseline(result, []))
    expect(text).toBe(`{
  "version": 1,
  "entries": [
    {"object":"public.a","rule":"x/b","severity":"warning","firstSeen":"2026-05-04"},
    {"object":"public.b","rule":"x/a","severity":"warning","firstSeen":"2026-05-04"}
  ]
}
`)
    expect(renderBaseline(parseBaseline(text, 'b.json'))).toBe(text)
    expect(parseBaseline(renderBaseline([]), 'b.json')).toEqual([])
    const odd = [entry('x/a', HOSTILE, { reason: HOSTILE })]
    expect(parseBaseline(renderBaseline(odd), 'b.json')).toEqual([expect.objectContaining(odd[0] ?? {})])
  })

  it('keeps what people wrote, drops what is resolved, and keeps what nobody looked at', () => {
    const before = [
      entry('x/a', 'public.b', { reason: 'Later.', owner: 'billing', expires: '2027-01-01', severity: 'info' }),
      entry('x/b', 'public.a', { expires: '2026-01-01' }),
      entry('x/c', 'public.gone'),
      entry('x/d', 'public.unknown'),
    ]
    expect(updateBaseline(result, before)).toEqual([
      entry('x/a', 'public.b', { reason: 'Later.', owner: 'billing', expires: '2027-01-01' }),
      entry('x/b', 'public.a', { expires: undefined }),
      entry('x/d', 'public.unknown'),
    ])
  })

  it('takes nothing for resolved that could not be loaded', () => {
    const problem = { kind: 'failed', location: { file: 'a.sql', line: 1, column: 1 }, message: 'x', dependents: [] }
    const load = { layout: { leftOut: [] }, problems: [problem], standIns: [], skipped: [] } as never
    const catalog = { ...result.catalog, tables: [{ address: 'public.there' }] as never }
    const before = [entry('x/c', 'public.there.column'), entry('x/c', 'public.gone')]
    const partly = { ...result, findings: [], load, catalog }
    expect(updateBaseline(partly, before)).toEqual([entry('x/c', 'public.gone')])
    expect(compareWithBaseline(partly, before, 'b').resolved).toHaveLength(1)
  })

  it('accepts until the date of an entry', () => {
    const compare = (expires: string) => {
      const { known, expired, new: fresh } = compareWithBaseline(result, [entry('x/a', 'public.b', { expires })], 'b')
      return [known.length, fresh.length, expired.length]
    }
    expect(compare('2026-05-04')).toEqual([1, 1, 0])
    expect(compare('2026-05-03')).toEqual([0, 2, 1])
  })

  it('knows nothing of files and lines', () => {
    const moved = { ...result, findings: [{ ...a, location: { file: 'new.sql', line: 1, column: 1 } }] }
    expect(compareWithBaseline(moved, [entry('x/a', 'public.b')], 'b').known).toHaveLength(1)
  })

  it('is refused when it is broken or of another version', () => {
    const parse = (text: string) => () => parseBaseline(text, 'b.json')
    expect(parse('{"version":2,"entries":[]}')).toThrow('b.json is a baseline of version 2')
    expect(parse('{"version":1}')).toThrow('no list of entries')
    expect(parse('x')).toThrow('b.json is no JSON.')
    expect(parse('[]')).toThrow('version undefined')
    expect(parse('{\n<<<<<<< ours\n')).toThrow('b.json:2: a merge conflict')
    const text =
      '{"version":1,"entries":[\n{"object":"a","rule":"x/a","severity":"warning","firstSeen":"2026-01-01"},\n{"object":"a","rule":"x/a","severity":"bad"}]}'
    expect(parse(text)).toThrow('b.json:3: entry 2 has no severity')
  })
})
