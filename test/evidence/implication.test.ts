import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { columnsIn, loadParser, parseExpression } from '../../src/evidence/catalog/expression.js'
import { implies, impliesAsCheck } from '../../src/evidence/catalog/implication.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { startScratch } from '../scratch.js'

let server: EmbeddedServer
beforeAll(async () => {
  await loadParser()
  server = await startScratch()
  const error = await server.execute(`
    create table public.rows_of_all_kinds as
    select a, b, t, v::varchar, f, d
    from unnest(array[null, 0, 1, 2, 3, 4, 5]) as a,
      unnest(array[null, -1, 0.5, 1, 2, 2.5, 3, 7]) as b,
      unnest(array[null, 'a', 'b', 'c', 'z']) as t,
      unnest(array[null, 'a', 'b', 'c', 'z']) as v,
      unnest(array[null, true, false]) as f,
      unnest(array[null, date '2019-01-01', '2020-01-01', '2020-06-01', '2021-01-01', '2022-01-01']) as d`)
  expect(error).toBeNull()
})
afterAll(() => server.close())

const number = fc.constantFrom('1', '2', '3')
const text = fc.constantFrom(`'a'`, `'b'`, `'c'`)
const order = fc.constantFrom('=', '<>', '<', '<=', '>', '>=')
const atom = fc.oneof(
  fc.tuple(fc.constantFrom('a', 'b'), order, number).map((parts) => parts.join(' ')),
  fc.tuple(number, order, fc.constantFrom('a', 'b')).map((parts) => parts.join(' ')),
  fc.tuple(fc.constantFrom('t', 'v'), fc.constantFrom('=', '<>', '<'), text).map((parts) => parts.join(' ')),
  fc
    .tuple(fc.constantFrom('t', 'v'), fc.constantFrom('in', 'not in'), text, text)
    .map(([c, op, x, y]) => `${c} ${op} (${x}, ${y})`),
  fc
    .tuple(fc.constantFrom('a', 'b'), fc.constantFrom('in', 'not in'), number, number)
    .map(([c, op, x, y]) => `${c} ${op} (${x}, ${y})`),
  fc
    .tuple(fc.constantFrom('a', 'b'), fc.constantFrom('between', 'not between'), number, number)
    .map(([c, op, x, y]) => `${c} ${op} ${x} and ${y}`),
  fc
    .tuple(fc.constantFrom('a', 'b', 't', 'v', 'f', 'd'), fc.constantFrom('is null', 'is not null'))
    .map((parts) => parts.join(' ')),
  fc
    .tuple(fc.constantFrom('a', 't'), fc.constantFrom('is distinct from', 'is not distinct from'))
    .map(([c, op]) => `${c} ${op} ${c === 'a' ? '2' : `'b'`}`),
  fc.tuple(order, fc.constantFrom('2020-01-01', '2021-01-01')).map(([op, day]) => `d ${op} date '${day}'`),
  fc.constantFrom(
    'f',
    'not f',
    'f is true',
    'f is not true',
    'f is not false',
    'f is unknown',
    'f = false',
    'f <> true',
  ),
  fc.constantFrom(
    'a < b',
    'b > a',
    'a <= b',
    'a = b',
    'b <> a',
    't = v',
    `lower(t) = 'a'`,
    `upper(t) = lower(v)`,
    'lower(t) is null',
    `t like 'a%'`,
    `coalesce(t, 'a') = 'a'`,
    'a + 1 > 2',
    'coalesce(f, true)',
    'abs(a) > 1',
    'a + b = 3',
  ),
)
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    atom,
    fc
      .tuple(tie('expression'), fc.constantFrom('and', 'or'), tie('expression'))
      .map(([x, op, y]) => `(${x}) ${op} (${y})`),
    tie('expression').map((inner) => `not (${inner})`),
  ),
}))

async function violations(a: string, b: string): Promise<number> {
  const [row] = await server.query<{ n: number }>(
    `select count(*)::int as n from public.rows_of_all_kinds where (${a}) and (${b}) is not true`,
  )
  return row!.n
}

describe('implies', () => {
  it('says yes only when no row is in the way, and no only when one is', async () => {
    await fc.assert(
      fc.asyncProperty(expression, expression, async (a, b) => {
        const verdict = implies(parseExpression(a), parseExpression(b))
        if (verdict === 'unknown') return
        expect((await violations(a, b)) === 0).toBe(verdict === 'yes')
      }),
      { numRuns: 700, seed: 20 },
    )
  })

  it('says yes only when no row is in the way, of expressions as the server prints them', async () => {
    const given = fc.sample(expression, { numRuns: 90, seed: 7 })
    const checks = given.map((check, at) => `constraint c${at} check (${check})`)
    await server.execute(
      `create table public.printed (a int, b numeric, t text, v varchar, f boolean, d date, ${checks.join(', ')})`,
    )
    const printed = await server.query<{ text: string }>(
      `select pg_get_expr(conbin, conrelid) as text from pg_constraint where conrelid = 'public.printed'::regclass order by substr(conname, 2)::int`,
    )
    await server.execute('drop table public.printed')
    expect(printed).toHaveLength(given.length)
    const pairs = printed.flatMap((a, i) =>
      printed
        .slice(i % 3)
        .filter((_, j) => j % 3 === 0)
        .map((b) => [a.text, b.text] as const),
    )
    const claimed = pairs.filter(([a, b]) => implies(parseExpression(a), parseExpression(b)) === 'yes')
    expect(claimed.length).toBeGreaterThan(printed.length / 3)
    const columns = claimed.map(([a, b], at) => `count(*) filter (where (${a}) and (${b}) is not true)::int as "${at}"`)
    for (let at = 0; at < columns.length; at += 200) {
      const [row] = await server.query(`select ${columns.slice(at, at + 200).join(', ')} from public.rows_of_all_kinds`)
      const wrong = Object.entries(row ?? {}).filter(([, n]) => n !== 0)
      expect(wrong.map(([name]) => claimed[Number(name)])).toEqual([])
    }
  })

  const cases = [
    ['a > 5', 'a > 3', 'yes'],
    ['a > 3', 'a > 5', 'no'],
    ['a = 5', 'a is not null', 'yes'],
    ['(deleted_at IS NULL) AND (a = 1)', 'deleted_at IS NULL', 'yes'],
    [
      `((status)::text = 'open'::text)`,
      `((status)::text = ANY ((ARRAY['open'::character varying, 'due'::character varying])::text[]))`,
      'yes',
    ],
    [`(status = ANY (ARRAY['open'::public.s, 'due'::public.s]))`, `(status = 'open'::public.s)`, 'unknown'],
    ['lower(email) is not null', 'email is not null', 'yes'],
    ['coalesce(email, phone) is not null', 'email is not null', 'unknown'],
    ['a = $1', 'a is not null', 'yes'],
    ['a in (1, 2) and a <> 1', 'a = 2', 'yes'],
    ['a > 0 or b > 0', 'b > 0', 'no'],
    [`d >= '2021-01-01'::date`, `d > '2020-06-01'::date`, 'yes'],
    ['false', 'a = 1', 'yes'],
    ['f', 'f is true', 'yes'],
    ['a < b', 'b >= a', 'yes'],
    [`email = 'A'::public.citext`, `email <> 'b'::public.citext`, 'unknown'],
  ] as const
  it.each(cases)('%s → %s: %s', (a, b, verdict) => {
    expect(implies(parseExpression(a), parseExpression(b))).toBe(verdict)
  })

  it('lets a CHECK pass on NULL', () => {
    const [loose, tight, filled] = ['a > 3', 'a > 5', 'a is not null'].map((text) => parseExpression(text))
    expect(impliesAsCheck(tight!, loose!)).toBe('yes')
    expect(impliesAsCheck(loose!, tight!)).toBe('no')
    expect(impliesAsCheck(loose!, filled!)).toBe('no')
    expect(implies(loose!, filled!)).toBe('yes')
  })
})

describe('parseExpression', () => {
  it('names each column once', () => {
    expect(columnsIn(parseExpression(`((lower(email) = 'x'::text) AND (email IS NOT NULL) AND (a + b > 0))`))).toEqual([
      'email',
      'a',
      'b',
    ])
  })

  it('takes what it cannot read as other', () => {
    expect(parseExpression('a >').kind).toBe('other')
  })
})
