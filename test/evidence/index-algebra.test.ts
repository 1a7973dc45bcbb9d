import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  findMissingForeignKeyIndexes,
  findRedundantIndexes,
  redundancyOf,
  serveForeignKey,
} from '../../src/evidence/catalog/index-algebra.js'
import { linkCatalog } from '../../src/evidence/catalog/link.js'
import type { Index } from '../../src/evidence/catalog/model.js'
import { readCatalog } from '../../src/evidence/catalog/read.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { startScratch } from '../scratch.js'

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

interface Shape {
  readonly method: string
  readonly unique: boolean
  readonly nullsNotDistinct: boolean
  readonly keys: readonly { readonly value: string; readonly order: string }[]
  readonly included: readonly string[]
  readonly predicate: string
}

const key = fc.record({
  value: fc.constantFrom('a', 'b', 'c', 'd', 'c text_pattern_ops', 'c collate "C"', '(a + b)', 'lower(c)'),
  order: fc.constantFrom('', '', '', ' desc', ' nulls first', ' desc nulls last'),
})
const shape: fc.Arbitrary<Shape> = fc.record({
  method: fc.constantFrom('btree', 'btree', 'btree', 'btree', 'hash'),
  unique: fc.boolean(),
  nullsNotDistinct: fc.boolean(),
  keys: fc.uniqueArray(key, { minLength: 1, maxLength: 3, selector: ({ value }) => value.slice(0, 1) }),
  included: fc.constantFrom([], [], ['d'], ['b', 'd']),
  predicate: fc.constantFrom(
    '',
    '',
    '',
    'a > 1',
    'a > 0',
    'b is not null',
    'd = 1',
    `c in ('x', 'y')`,
    'd in (1) and a > 0',
  ),
})
/** Pairs that differ in little, so that a good part of them is redundant. */
const pair = fc
  .tuple(shape, shape, fc.integer({ min: 0, max: 255 }), fc.array(key, { maxLength: 1 }))
  .map(([first, other, changes, more]): readonly [Shape, Shape] => {
    const changed = (bit: number) => (changes & bit) !== 0
    const reversed = first.keys.map(({ value, order }) => ({
      value,
      order: { '': ' desc', ' desc': '', ' nulls first': ' desc nulls last', ' desc nulls last': ' nulls first' }[
        order
      ]!,
    }))
    const VARIANT: Readonly<Record<string, string>> = {
      c: 'c collate "C"',
      'c collate "C"': 'c',
      'c text_pattern_ops': 'c',
    }
    const turned = first.keys.map(({ value, order }, at) =>
      at === 0 ? { value: VARIANT[value] ?? value, order } : { value, order: other.keys[0]!.order },
    )
    const keys = changed(1) ? reversed : changed(64) && changed(128) ? turned : first.keys
    const extra = more.filter(({ value }) => keys.every((own) => own.value.slice(0, 1) !== value.slice(0, 1)))
    return [
      first,
      {
        method: changed(32) ? other.method : first.method,
        unique: changed(2) ? other.unique : first.unique,
        nullsNotDistinct: changed(64) ? other.nullsNotDistinct : first.nullsNotDistinct,
        keys: changed(4) ? [...keys, ...extra] : changed(8) ? keys.slice(0, 2) : keys,
        included: changed(8) ? other.included : first.included,
        predicate: changed(16) ? other.predicate : first.predicate,
      },
    ]
  })

function create(name: string, table: string, { method, unique, nullsNotDistinct, keys, included, predicate }: Shape) {
  if (method === 'hash') return `create index ${name} on ${table} using hash (${keys[0]!.value}) ${where(predicate)}`
  const list = keys.map(({ value, order }) => value + order).join(', ')
  const include = included.length > 0 ? `include (${included.join(', ')})` : ''
  return `create ${unique ? 'unique ' : ''}index ${name} on ${table} (${list}) ${include} ${unique && nullsNotDistinct ? 'nulls not distinct' : ''} ${where(predicate)}`
}

const where = (predicate: string) => (predicate ? `where ${predicate}` : '')

interface Plan {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Plan[]
}

/** What an index gives to a query: conditions it is searched by, whether it sorts and whether it spares the table. */
async function explain(sql: string, index: string) {
  const [row] = await server.query(`explain (format json, costs off) ${sql}`)
  const nodes: Plan[] = []
  const visit = (plan: Plan): void => {
    nodes.push(plan)
    plan.Plans?.forEach(visit)
  }
  visit((Object.values(row ?? {})[0] as [{ Plan: Plan }])[0].Plan)
  const scan = nodes.find((node) => node['Index Name'] === index)
  if (!scan) return null
  return {
    sorts: nodes.some((node) => node['Node Type'].includes('Sort')),
    only: scan['Node Type'] === 'Index Only Scan',
    conditions: (scan['Index Cond'] ?? '')
      .split(' AND ')
      .map((text) => text.replaceAll(/[()]|::text/g, ''))
      .filter(Boolean),
  }
}

it('lets an index go only if the one that stays serves every query and forbids every pair of rows', async () => {
  const pairs = fc.sample(pair, { numRuns: 500, seed: 11 })
  for (const [at, [a, b]] of pairs.entries()) {
    const table = `public.t${at}`
    const error = await server.execute(
      `create table ${table} (a int not null, b int, c text, d int); ${create(`a${at}`, table, a)}; ${create(`b${at}`, table, b)}`,
    )
    expect(error).toBeNull()
  }
  const catalog = linkCatalog(await readCatalog(server))
  const claimed = pairs.flatMap(([a], at) => {
    const table = catalog.table('public', `t${at}`)!
    const index = (name: string) => table.indexes.find((one) => one.name === `${name}${at}`) as Index
    const redundancy = redundancyOf(index('a'), index('b'))
    return redundancy ? [{ at, a, redundancy, text: `${index('a').definition} | ${index('b').definition}` }] : []
  })
  expect(claimed.length).toBeGreaterThan(40)

  await server.execute('set enable_seqscan = off; set enable_bitmapscan = off; set enable_incremental_sort = off')
  for (const { at, a, redundancy, text } of claimed) {
    const table = `public.t${at}`
    const without = async <T>(index: string, use: () => Promise<T>): Promise<T> => {
      await server.execute(`begin; drop index public.${index}${at}`)
      try {
        return await use()
      } finally {
        await server.execute('rollback')
      }
    }
    const bare = a.keys.map(({ value }) => value.replace(/ text_pattern_ops/, ''))
    const constants = bare.map((value) => (/^(?:c|lower)/.test(value) ? `'x'` : '1'))
    const and = a.predicate ? ` and ${a.predicate}` : ''
    const orders = a.keys.map(({ value, order }) => value.replace(/ text_pattern_ops/, '') + order)
    const plain = a.keys.every(({ value }) => !value.includes('pattern'))
    const queries = [
      ...bare.map(
        (_, last) =>
          `select from ${table} where ${bare
            .slice(0, last + 1)
            .map((value, i) => `${value} = ${constants[i]}`)
            .join(' and ')}${and}`,
      ),
      ...(a.method === 'btree' && redundancy !== 'narrower'
        ? [
            ...(plain ? [`select from ${table} where true${and} order by ${orders.join(', ')}`] : []),
            `select ${bare[0]} from ${table} where ${bare[0]} > ${constants[0]}${and}`,
            ...a.included.map((column) => `select ${column} from ${table} where ${bare[0]} = ${constants[0]}${and}`),
          ]
        : []),
    ]
    for (const sql of queries) {
      const [own, others] = [
        await without('b', () => explain(sql, `a${at}`)),
        await without('a', () => explain(sql, `b${at}`)),
      ]
      if (!own) continue
      const context = `${text}\n${sql}\n${redundancy}`
      expect(others, context).not.toBeNull()
      if (!own.sorts) expect(others!.sorts, context).toBe(false)
      if (own.only && redundancy !== 'hash' && redundancy !== 'narrower') expect(others!.only, context).toBe(true)
      if (redundancy !== 'narrower') expect(others!.conditions, context).toEqual(expect.arrayContaining(own.conditions))
    }
    if (!a.unique || a.method === 'hash') continue
    const rows = fc.sample(
      fc.array(
        fc.tuple(
          fc.constantFrom(1, 2),
          fc.constantFrom(null, 1),
          fc.constantFrom(null, 'x', 'y'),
          fc.constantFrom(null, 1),
        ),
        { minLength: 2, maxLength: 2 },
      ),
      { numRuns: 40, seed: at },
    )
    const values = rows.map((two) =>
      two
        .map(
          (row) =>
            `(${row.map((value) => (value === null ? 'null' : typeof value === 'string' ? `'${value}'` : value)).join(', ')})`,
        )
        .join(', '),
    )
    const forbids = (index: string) => async () => {
      const found: boolean[] = []
      for (const list of values) {
        await server.execute('savepoint s')
        found.push((await server.execute(`insert into ${table} values ${list}`)) !== null)
        await server.execute('rollback to s')
      }
      return [index, found] as const
    }
    const [, own] = await without('b', forbids('a'))
    const [, others] = await without('a', forbids('b'))
    for (const [i, refused] of own.entries()) if (refused) expect(others[i], `${text}\n${values[i]}`).toBe(true)
  }
})

it('calls an index fit for a foreign key only if the server looks up references by it', async () => {
  const shapes = fc.sample(shape, { numRuns: 160, seed: 5 })
  await server.execute(
    'create table public.target (a int, b int, primary key (a, b)); create table public.single (b int primary key)',
  )
  for (const [at, one] of shapes.entries()) {
    const error = await server.execute(
      `create table public.f${at} (a int, b int references public.single, c text, d int, foreign key (a, b) references public.target); ${create(`i${at}`, `public.f${at}`, { ...one, unique: false })}`,
    )
    expect(error).toBeNull()
  }
  const catalog = linkCatalog(await readCatalog(server))
  await server.execute('set enable_seqscan = off; set enable_bitmapscan = on')
  let full = 0
  for (const at of shapes.keys()) {
    const table = catalog.table('public', `f${at}`)!
    for (const foreignKey of table.foreignKeys) {
      const columns = foreignKey.columns.map(({ name }) => name)
      await server.execute(
        `prepare lookup as select from only public.f${at} x where ${columns.map((column, i) => `${column} = $${i + 1}`).join(' and ')} for key share of x`,
      )
      await server.execute('set plan_cache_mode = force_generic_plan')
      const plan = await explain(`execute lookup (${columns.map(() => '1').join(', ')})`, `i${at}`)
      await server.execute('deallocate lookup')
      const service = serveForeignKey(table.indexes[0]!, foreignKey)
      const used = columns.filter((column) => plan?.conditions.some((condition) => condition.startsWith(`${column} =`)))
      const context = `${table.indexes[0]!.definition}\n${foreignKey.definition}\n${JSON.stringify(plan)}`
      if (service === 'full') expect(used, context).toEqual(columns)
      if (service === 'partial') expect(used, context).not.toEqual([])
      full += Number(service === 'full')
    }
  }
  expect(full).toBeGreaterThan(10)
})

it('keeps one of several equal indexes, the same whatever their order', async () => {
  await server.execute(
    `create table public.many (a int primary key, b int);
     create index z on public.many (b); create index y on public.many (b); create index x on public.many (b, a)`,
  )
  const table = linkCatalog(await readCatalog(server)).table('public', 'many')!
  for (const indexes of [table.indexes, table.indexes.toReversed()]) {
    const found = findRedundantIndexes({ ...table, indexes })
    expect(found.map(({ index, kept }) => `${index.name} → ${kept.name}`).toSorted()).toEqual(['y → x', 'z → x'])
  }
})

it('counts no index that is not valid, neither to keep nor to give up nor for a foreign key', async () => {
  await server.execute(
    `create table public.owner (id int primary key);
     create table public.owned (id int primary key, owner_id int references public.owner, n int);
     create index owned_plain on public.owned (owner_id); create index owned_wide on public.owned (owner_id, n)`,
  )
  const look = async (invalid: string | null) => {
    await server.execute('begin')
    if (invalid)
      await server.execute(`update pg_index set indisvalid = false where indexrelid = 'public.${invalid}'::regclass`)
    const table = linkCatalog(await readCatalog(server)).table('public', 'owned')!
    await server.execute('rollback')
    const serving = table.indexes.filter((index) => serveForeignKey(index, table.foreignKeys[0]!) === 'full')
    return {
      redundant: findRedundantIndexes(table).map(({ index, kept }) => `${index.name} → ${kept.name}`),
      serving: serving.map(({ name }) => name),
      missing: findMissingForeignKeyIndexes(table).length,
    }
  }
  const both = ['owned_plain', 'owned_wide']
  expect(await look(null)).toEqual({ redundant: ['owned_plain → owned_wide'], serving: both, missing: 0 })
  expect(await look('owned_wide')).toEqual({ redundant: [], serving: ['owned_plain'], missing: 0 })
  expect(await look('owned_plain')).toEqual({ redundant: [], serving: ['owned_wide'], missing: 0 })
})

it('keeps what a foreign key, a replica or the order of the table depends on', async () => {
  await server.execute(
    `create table public.held (id int primary key, code int not null, n int not null);
     create unique index held_code on public.held (code); create unique index held_code_again on public.held (code);
     create unique index held_n on public.held (n); create unique index held_n_again on public.held (n);
     create index held_c on public.held (n, code); create index held_c_wide on public.held (n, code, id);
     alter table public.held replica identity using index held_n_again;
     alter table public.held cluster on held_c;
     create table public.holder (code int references public.held (code))`,
  )
  const table = linkCatalog(await readCatalog(server)).table('public', 'held')!
  const depended = table.indexes.filter(({ supportsForeignKeys }) => supportsForeignKeys.length > 0)
  expect(depended).toHaveLength(1)
  const given = findRedundantIndexes(table).map(({ index, kept }) => [index.name, kept.name])
  expect(given.map(([name]) => name)).not.toContain(depended[0]!.name)
  expect(Object.fromEntries(given)).toMatchObject({ held_n: 'held_n_again' })
  expect(given.map(([name]) => name)).not.toEqual(expect.arrayContaining(['held_c']))
  expect(given.map(([name]) => name)).toContain(depended[0]!.name === 'held_code' ? 'held_code_again' : 'held_code')
})
