import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonFact } from '../../../src/evidence/sample/json.js'
import { type KeyProfile, typeOfKey } from '../../../src/evidence/sample/json-shape.js'
import type { EmbeddedServer } from '../../../src/source/embedded/server.js'
import { sampleScratch, startScratch, withSchema } from '../../scratch.js'

let server: EmbeddedServer
beforeAll(async () => void (server = await startScratch()))
afterAll(() => server.close())

/** What the documents of each column hold: 300 of them, each made from `n` = 1 … 300. */
async function factsOf(
  documents: Readonly<Record<string, string>>,
  type = 'jsonb',
): Promise<ReadonlyMap<string, JsonFact | undefined>> {
  const names = Object.keys(documents)
  const columns = names.map((_, at) => `doc${at} ${type}`)
  const sql = `create table t (id int primary key, ${columns.join(', ')});
    insert into t select n, ${Object.values(documents).join(', ')} from generate_series(1, 300) as n;`
  return withSchema(server, sql, async (catalog) => {
    const sample = await sampleScratch(server, catalog)
    return new Map(names.map((name, at) => [name, sample?.json({ address: `public.t.doc${at}` })]))
  })
}

async function factOf(document: string, type?: string): Promise<JsonFact | undefined> {
  return (await factsOf({ one: document }, type)).get('one')
}

const LINE = `jsonb_build_object('sku', 'A' || (n + i) % 40, 'quantity', 1 + (n * i) % 5, 'unit_price', (n % 97 + 0.25)::numeric(12, 2),
  'amount', round((1 + (n * i) % 5) * (n % 97 + 0.25), 2), 'at', '2026-01-01T10:00:00Z')`
const lines = (line: string) => `(select jsonb_agg(${line}) from generate_series(1, 1 + n % 4) as i)`

/** The twelve shapes: what the documents are, and what is to be done with them. */
const SHAPES: Readonly<Record<string, { readonly document: string; readonly decision: JsonFact['decision'] }>> = {
  'records in an array': { document: lines(LINE), decision: 'table' },
  'records of which some have a text for a number': {
    document: lines(`case when n % 100 = 7 then ${LINE} || jsonb_build_object('quantity', 'three') else ${LINE} end`),
    decision: 'table',
  },
  'records with a rare key': {
    document: lines(`${LINE} || case when n % 3 = 0 then '{"discount": 5}' else '{}' end::jsonb`),
    decision: 'table',
  },
  'records with an object inside': {
    document: lines(`${LINE} || jsonb_build_object('tax', jsonb_build_object('rate', 0.19, 'code', 'DE'))`),
    decision: 'table',
  },
  'records with records inside': {
    document: lines(`${LINE} || '{"taxes": [{"code": "DE", "rate": 0.19}, {"code": "EU", "rate": 0.01}]}'`),
    decision: 'table',
  },
  'one object with a fixed set of keys': {
    document: `jsonb_build_object('street', 'Road ' || n, 'city', 'C' || n % 9, 'zip', lpad(n::text, 5, '0'))`,
    decision: 'columns',
  },
  'one object with a key that may be missing': {
    document: `jsonb_build_object('width', n, 'height', n * 2) || case when n % 2 = 0 then '{"depth": 3}' else '{}' end::jsonb`,
    decision: 'columns',
  },
  'keys that grow with the rows': { document: `jsonb_build_object('k' || n, n, 'm' || n * 7, 'x')`, decision: 'keep' },
  'a map by an id': {
    document: `(select jsonb_object_agg('u' || (n * 31 + i) % 900, true) from generate_series(1, 5) as i)`,
    decision: 'keep',
  },
  'scalars in an array': {
    document: `jsonb_build_array('tag' || n % 5, 'tag' || n % 7)`,
    decision: 'keep',
  },
  'arrays and objects': {
    document: `case when n % 2 = 0 then '[{"a": 1, "b": 2}]' else '{"a": 1, "b": 2}' end::jsonb`,
    decision: 'keep',
  },
  'messages of many kinds': {
    document: `jsonb_build_object('type', 'e' || n % 12, 'a' || n % 12, 1, 'b' || n % 12, 2)`,
    decision: 'keep',
  },
}

describe('documents', () => {
  it('of twelve shapes are told apart', async () => {
    const facts = await factsOf(
      Object.fromEntries(Object.entries(SHAPES).map(([name, { document }]) => [name, document])),
    )
    const decisions = Object.fromEntries([...facts].map(([name, fact]) => [name, fact?.decision]))
    expect(decisions).toEqual(
      Object.fromEntries(Object.entries(SHAPES).map(([name, { decision }]) => [name, decision])),
    )
  })

  it('are told the same in json, and in an array of jsonb', async () => {
    const same = { decision: 'table', documents: 300, elements: 750, records: 750 }
    expect(await factOf(lines(LINE), 'json')).toMatchObject(same)
    expect(
      await factOf(`(select array_agg(${LINE}) from generate_series(1, 1 + n % 4) as i)`, 'jsonb[]'),
    ).toMatchObject(same)
  })

  it('have keys with types, and what does not fit is counted', async () => {
    const fact = (await factOf(SHAPES['records of which some have a text for a number']!.document))!
    const keys = Object.fromEntries(fact.keys.map(({ name, type, deviants }) => [name, [type, deviants]]))
    expect(keys).toEqual({
      sku: ['text', 0],
      quantity: ['integer', 12],
      unit_price: ['numeric(19, 2)', 0],
      amount: ['numeric(19, 2)', 0],
      at: ['timestamptz', 0],
    })
    expect(fact.grounds).toMatchObject({
      tier: 'verified',
      verdict: 'holds with exceptions',
      violations: 12,
      support: 750,
    })
  })

  it('have products among their numbers where both factors matter', async () => {
    expect((await factOf(lines(LINE)))?.products).toEqual([
      { product: 'amount', factors: ['quantity', 'unit_price'], scale: 2, support: 750, violations: 0 },
    ])
    const ones = lines(`${LINE} || '{"quantity": 1}'`)
    expect((await factOf(ones))?.products).toEqual([])
  })

  it('are looked into, three levels deep', async () => {
    const fact = await factOf(SHAPES['records with records inside']!.document)
    const taxes = fact?.keys.find(({ name }) => name === 'taxes')
    expect(taxes).toMatchObject({ type: null, inner: { decision: 'table', elements: 1500 } })
    expect(taxes?.inner?.keys.map(({ name, type }) => [name, type])).toEqual([
      ['code', 'text'],
      ['rate', 'numeric(19, 2)'],
    ])
  })

  it('too few tell nothing', async () => {
    expect(await factOf(`case when n < 20 then ${lines(LINE)} end`)).toBeUndefined()
  })

  it('with hostile keys break nothing', async () => {
    const key = `it's "$1" \\ -- ; 💣`
    const quoted = `$k$${key}$k$`
    const fact = await factOf(lines(`jsonb_build_object(${quoted}, n, 'b', i, 'c', '[{"d": 1}]'::jsonb)`))
    expect(fact?.decision).toBe('table')
    expect(fact?.keys.map(({ name }) => name)).toEqual(['b', 'c', key])
  })
})

it('never gives a key a type that more than one value in twenty contradicts', () => {
  const some = fc.integer({ min: 0, max: 200 })
  const profile = fc
    .record({ nulls: some, strings: some, numbers: some, booleans: some, objects: some, arrays: some })
    .chain((kinds) =>
      fc
        .record({
          integers: fc.integer({ min: 0, max: kinds.numbers }),
          uuids: fc.integer({ min: 0, max: kinds.strings }),
          digits: fc.integer({ min: 1, max: 30 }),
          scale: fc.integer({ min: 0, max: 12 }),
        })
        .map((rest): KeyProfile => ({
          ...kinds,
          ...rest,
          name: 'k',
          present: Object.values(kinds).reduce((sum, count) => sum + count, 0),
          distinct: 1,
          negatives: 0,
          instants: 0,
          dates: 0,
          longest: 1,
        })),
    )
  fc.assert(
    fc.property(profile, (key) => {
      const { type, writtenAs, deviants } = typeOfKey(key)
      const values = key.present - key.nulls
      const fitting = { number: key.numbers, boolean: key.booleans, string: key.strings }[writtenAs]
      expect(deviants).toBe(values - fitting)
      expect(type !== null).toBe(values > 0 && fitting > 0 && deviants <= 0.05 * values + 1e-9)
    }),
  )
})
