import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judge } from '../src/engine/judge.js'
import { loadRules } from '../src/engine/load-rules.js'
import { describeCatalog } from '../src/evidence/catalog/describe.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import { planMigration } from '../src/fix/migration.js'
import { createDependentFinder } from '../src/fix/dependents.js'
import { makeParts, type MigrationPart } from '../src/fix/parts.js'
import { describeFix } from '../src/fix/fixes.js'
import { proveFixes } from '../src/fix/prove.js'
import { newName } from '../src/fix/quote.js'
import { quoteIdentifier, quoteLiteral } from '../src/quote.js'
import type { EmbeddedServer } from '../src/source/embedded/server.js'
import { catalogEvidence, startScratch, withSchema } from './scratch.js'

const rules = (await loadRules()).filter(({ optIn }) => !optIn)

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

/** No half of a surrogate pair; `isWellFormed` needs a newer library. */
const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(text)

/** Names that people and attackers give: quotes, dots, newlines, accents, emoji, keywords, 63 bytes. */
const identifier = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 }),
    fc.constantFrom(
      'select',
      'User',
      'over',
      'a.b',
      'a"b',
      '"; drop table x; --',
      'line\nbreak',
      'tab\t',
      "it's",
      '$$',
      '$check$',
      'Größe',
      '表',
      ' ',
      '-',
      '1st',
      'x'.repeat(63),
      'é'.repeat(31),
    ),
  )
  .filter((name) => !name.includes('\0') && isWellFormed(name) && Buffer.byteLength(name) <= 63 && name.length > 0)

describe('quoting', () => {
  it('gives every identifier back from a server', async () => {
    await fc.assert(
      fc.asyncProperty(identifier, async (name) => {
        const [row] = await server.query(`select 1 as ${quoteIdentifier(name)}`)
        expect(Object.keys(row ?? {})).toEqual([name])
      }),
      { numRuns: 300 },
    )
  })

  it('gives every literal back from a server, whatever its settings', async () => {
    for (const setting of ['on', 'off']) {
      await server.execute(`set standard_conforming_strings to ${setting}`)
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
          fc.pre(!text.includes('\0') && isWellFormed(text))
          const [row] = await server.query(`select ${quoteLiteral(text)}::text as text`)
          expect(row).toEqual({ text })
        }),
        { numRuns: 150 },
      )
    }
    await server.execute('reset standard_conforming_strings')
  })

  it('makes new names of at most 63 bytes that are not taken', () => {
    fc.assert(
      fc.property(fc.array(identifier, { minLength: 1, maxLength: 4 }), fc.nat(3), (parts, taken) => {
        const names = new Set<string>()
        for (let at = 0; at <= taken; at++) names.add(newName(parts, 'idx', names))
        expect(names.size).toBe(taken + 1)
        for (const name of names) {
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
          expect(isWellFormed(name)).toBe(true)
        }
      }),
    )
  })
})

describe('fixes for hostile names', () => {
  it('run up and down', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(identifier, { minLength: 7, maxLength: 7 }), async (names) => {
        const [schema, parent, child, key, reference, from, to] = names.map(quoteIdentifier)
        const prefix = quoteIdentifier
        const statements = [
          `create schema ${schema}`,
          `create table ${schema}.${parent} (${key} bigint primary key)`,
          `create table ${schema}.${child} (${key} bigint primary key, ${reference} bigint references ${schema}.${parent},
            "period_start" timestamptz not null, "period_end" timestamptz not null, ${from} int, ${to} int)`,
          `create index ${prefix('one')} on ${schema}.${child} (${from})`,
          `create index ${prefix(`two ${names[0]}`.slice(0, 20))} on ${schema}.${child} (${from}, ${to})`,
        ]
        await server.execute(`drop schema if exists ${schema} cascade`)
        for (const sql of statements) fc.pre((await server.execute(sql)) === null)
        try {
          const evidence = catalogEvidence(linkCatalog(await readCatalog(server)))
          const { judged } = judge(rules, evidence)
          const candidates = judged
            .filter(({ steps }) => steps.length > 0 && !steps.some(({ review }) => review))
            .map(({ finding, steps }) => ({ id: finding.fingerprint, table: null, steps }))
          expect(candidates.length).toBeGreaterThanOrEqual(3)
          const proofs = await proveFixes(
            {
              openScratch: async () => ({ ...server, close: async () => undefined }),
              judge: (catalog) =>
                judge(rules, catalogEvidence(catalog)).judged.map(({ finding }) => ({
                  id: finding.fingerprint,
                  rule: finding.rule,
                  address: finding.address,
                  table: null,
                })),
            },
            [{ candidates }],
          )
          expect([...proofs.values()].map(({ refused }) => refused)).toEqual(candidates.map(() => null))
          const findings = judged.map(({ finding, steps }) => ({
            ...finding,
            fix: describeFix({ id: finding.fingerprint, table: null, steps }, proofs.get(finding.fingerprint), {
              ...evidence,
              data: [],
              dependents: createDependentFinder(evidence.catalog, evidence.workload),
            }),
          }))
          const { planned, fixes } = planMigration(findings)
          const parts = makeParts(planned, fixes, 'statements')
          await runParts(parts, 'up')
          await runParts(parts.toReversed(), 'down')
        } finally {
          await server.execute(`drop schema ${schema} cascade`)
        }
      }),
      { numRuns: 12 },
    )
  })
})

/** Runs the statements of a migration one by one, in transactions where it says so. */
async function runParts(parts: readonly MigrationPart[], side: 'up' | 'down'): Promise<void> {
  for (const { transactional, [side]: statements } of parts) {
    const all = statements.map(({ sql }) => sql)
    for (const sql of transactional ? ['begin', ...all, 'commit'] : all) expect(await server.execute(sql)).toBeNull()
  }
}

describe('hostile shapes', () => {
  it.each([
    [
      'foreign keys in a circle',
      'create table a (id int primary key, b int); create table b (id int primary key, a int references a); alter table a add foreign key (b) references b',
    ],
    ['a table that references itself', 'create table a (id int primary key, parent int references a)'],
    ['a table without columns', 'create table a ()'],
    [
      'a table of 1,600 columns',
      `create table a (${Array.from({ length: 1600 }, (_, at) => `c${at} int`).join(', ')})`,
    ],
    ['partitions six deep', partitionsSixDeep()],
    ['inheritance of two parents', 'create table a (x int); create table b (y int); create table c () inherits (a, b)'],
    [
      'a function body of 10 MB',
      `create function f() returns int language sql as $$ select 1 -- ${'x'.repeat(10_000_000)}\n $$`,
    ],
    [
      'a view on a view on itself by name',
      'create table t (id int); create view "t v" as select * from t; create view "v.v" as select * from "t v"',
    ],
  ])('%s', async (_, sql) => {
    await withSchema(server, sql, (catalog) => {
      const { outcomes } = judge(rules, catalogEvidence(catalog))
      expect(outcomes.filter(({ outcome }) => outcome === 'crashed')).toEqual([])
      expect(describeCatalog(catalog).length).toBeGreaterThan(0)
    })
  })
})

function partitionsSixDeep(): string {
  const parts = ['create table p0 (id int, k int) partition by range (k)']
  for (let depth = 1; depth <= 6; depth++)
    parts.push(
      `create table p${depth} partition of p${depth - 1} for values from (0) to (${100 - depth})${depth < 6 ? ' partition by range (k)' : ''}`,
    )
  return parts.join(';')
}
