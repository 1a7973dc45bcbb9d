import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findCheckConflicts, findCheckDefects } from '../../src/evidence/catalog/check-algebra.js'
import { motionOf } from '../../src/evidence/catalog/stability.js'
import { parseExpression } from '../../src/evidence/catalog/expression.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { startScratch, withSchema } from '../scratch.js'

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

const ATOMS = [
  'a > 5',
  'a >= 5',
  'a < 3',
  'a between 0 and 9',
  'a is null',
  'a is not null',
  'b is not null',
  `b in ('x', 'y')`,
  `b in ('x', null)`,
  `b <> 'x'`,
  `b = 'x'`,
  'c',
  'not c',
  'c is not true',
  `d = 'low'`,
  `d in ('low', 'mid')`,
  'a = null',
]
const condition = fc.letrec<{ node: string; atom: string; pair: string }>((tie) => ({
  atom: fc.constantFrom(...ATOMS),
  pair: fc
    .tuple(tie('node'), fc.constantFrom('and', 'or'), tie('node'), fc.boolean())
    .map(([left, word, right, negated]) => `${negated ? 'not ' : ''}(${left} ${word} ${right})`),
  node: fc.oneof({ maxDepth: 2 }, tie('atom'), tie('pair')),
})).node

/** Every row that the columns' declarations allow, over values at and around the constants. */
const ROWS = `(select * from unnest('{null,-1,0,2,3,4,5,6,9,10}'::int[]) as a, unnest('{x,y,z}'::text[]) as b,
  unnest('{null,true,false}'::boolean[]) as c, unnest('{null,low,mid,high}'::level[]) as d) as r`

it('says of CHECKs only what every row of a server bears out', async () => {
  let defects = 0
  await fc.assert(
    fc.asyncProperty(condition, condition, async (first, second) => {
      const sql = `create type level as enum ('low', 'mid', 'high');
        create table t (a int, b text not null, c boolean, d level, constraint one check (${first}), constraint two check (${second}));`
      await withSchema(server, sql, async (catalog) => {
        const table = catalog.table('public', 't')!
        const count = async (where: string) => {
          await server.execute('set local search_path to public')
          const [row] = await server.query<{ n: number }>(`select count(*)::int as n from ${ROWS} where ${where}`)
          return row?.n
        }
        for (const defect of [...findCheckDefects(table), ...findCheckConflicts(table)]) {
          defects += 1
          const { kind, check } = defect
          if (kind === 'always true' || kind === 'beside not null')
            expect(await count(`(${check.expression}) is false`)).toBe(0)
          if (kind === 'implied')
            expect(await count(`(${check.expression}) is false and (${defect.by.expression}) is not false`)).toBe(0)
          if (kind !== 'never true') continue
          const other = defect.other?.expression ?? 'true'
          expect(await count(`(${check.expression}) and (${other})`)).toBe(0)
          if (defect.refusesAll)
            expect(await count(`(${check.expression}) is not false and (${other}) is not false`)).toBe(0)
        }
      })
    }),
    { numRuns: 150, seed: 7 },
  )
  expect(defects).toBeGreaterThan(40)
})

it.each([
  ['expires_on > CURRENT_DATE', 'may turn false'],
  ['born_on <= CURRENT_DATE', 'stays true'],
  ['born_on <= (CURRENT_DATE - 18)', 'stays true'],
  [`created_at >= (now() - '1 year'::interval)`, 'may turn false'],
  [`NOT (created_at > now())`, 'stays true'],
  [`NOT (created_at < now())`, 'may turn false'],
  [`age(born_on) > '18 years'::interval`, 'stays true'],
  [`EXTRACT(month FROM now()) = 1`, 'unknown'],
  [`(built)::numeric <= EXTRACT(year FROM now())`, 'stays true'],
  [`(born_on IS NULL) OR (born_on = CURRENT_DATE)`, 'may turn false'],
  [`f(CURRENT_DATE)`, 'unknown'],
  [`a > 5`, 'stays true'],
] as const)('%s %s', (expression, motion) => {
  expect(motionOf(parseExpression(expression))).toBe(motion)
})
