import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { audit } from '../../src/audit/audit.js'
import type { Finding } from '../../src/engine/result.js'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import { findConflicts } from '../../src/fix/conflicts.js'
import { chosenFewer, planMigration } from '../../src/fix/migration.js'
import { planSteps } from '../../src/fix/plan.js'
import { PHASES, type Step } from '../../src/fix/step.js'
import { newestSyntax } from '../../src/fix/syntax.js'
import { makeFinding, makeFix } from '../report/result.js'
import { AT, BASE, layFiles, makeFolder, RULES } from './projects.js'

beforeAll(loadParser)

const step = (sql: string, parts: Partial<Step> = {}): Step => ({
  sql,
  undo: null,
  phase: 'expand',
  transactional: true,
  lock: null,
  rewrites: false,
  scans: false,
  ...parts,
})

describe('a plan', () => {
  it('keeps phases, the order of every fix and every statement once, whatever they are', () => {
    const steps = fc.array(
      fc.record({
        sql: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
        phase: fc.constantFrom(...PHASES),
        transactional: fc.boolean(),
      }),
      { maxLength: 6 },
    )
    const tables = fc.constantFrom('public.a', 'public.b', null)
    fc.assert(
      fc.property(fc.array(fc.tuple(tables, steps), { maxLength: 5 }), (fixes) => {
        const candidates = fixes.map(([table, own], at) => ({
          id: String(at),
          table,
          // A statement has one phase, wherever it stands.
          steps: own.map(({ sql, transactional }) =>
            step(`${at % 2}${sql}`, { phase: PHASES[sql.charCodeAt(0) % PHASES.length]!, transactional }),
          ),
        }))
        const planned = planSteps(candidates)
        const order = planned.map(({ step: { sql } }) => sql)
        expect(new Set(order).size).toBe(order.length)
        expect(new Set(order)).toEqual(new Set(candidates.flatMap((one) => one.steps.map(({ sql }) => sql))))
        const phases = planned.map(({ step: { phase } }) => PHASES.indexOf(phase))
        expect(phases).toEqual(phases.toSorted((a, b) => a - b))
      }),
    )
  })

  it('puts what is on one table together, and what runs outside transactions behind it', () => {
    const on = (table: string, ...steps: Step[]) => ({ id: table + steps[0]!.sql, table, steps })
    const planned = planSteps([
      on('a', step('a1'), step('a2', { transactional: false }), step('a3')),
      on('b', step('b1')),
      on('a', step('a4')),
      on('a', step('f1 references public.b'), step('f2', { phase: 'validate' })),
      on('c', step('a2', { transactional: false })),
    ])
    expect(planned.map(({ step: { sql }, group }) => `${sql} ${group}`)).toEqual([
      'a1 a ',
      'a4 a ',
      'b1 b ',
      'f1 references public.b a public.b',
      'a2 null',
      'a3 a ',
      'f2 a ',
    ])
    expect(planned.find(({ step: { sql } }) => sql === 'a2')?.owners).toEqual(['aa1', 'ca2'])
  })

  it('is made of statements that two fixes want in opposite orders', () => {
    const one = { id: '1', table: 'a', steps: [step('x'), step('y')] }
    const other = { id: '2', table: 'a', steps: [step('y'), step('x')] }
    expect(planSteps([one, other]).map(({ step: { sql } }) => sql)).toEqual(['x', 'y'])
  })
})

describe('two fixes', () => {
  const fix = (name: string, ...sql: string[]) => ({ name, steps: sql.map((one) => step(one)) })

  it.each([
    [
      'an index under two names',
      'create index concurrently a_x_idx on public.a using btree (x)',
      'create index concurrently other on public.a (x)',
    ],
    [
      'a check in two writings',
      'alter table public.a add constraint a_check check (x > 0) not valid',
      'alter table public.a add constraint b_check check ((x  >  0))',
    ],
    [
      'a foreign key with two actions',
      'alter table public.a add constraint k foreign key (x) references public.b (id) not valid',
      'alter table public.a add constraint l foreign key (x) references public.b (id) on delete cascade',
    ],
    ['two types of a column', 'alter table public.a alter column x type text', 'alter table public.a alter x type int'],
    [
      'two defaults of a column',
      'alter table public.a alter column x set default 1',
      'alter table public.a alter column x drop default',
    ],
  ])('that make %s are one', (_, first, second) => {
    const fixes = [fix('first', 'select 1', first), fix('second', second)]
    expect(findConflicts(fixes).map(({ loser, winner }) => [loser.name, winner.name])).toEqual([['second', 'first']])
  })

  it.each([
    'create unique index concurrently a_pkey on public.a (x, y)',
    'create index j on public.a using btree (x asc, y desc)',
    'alter table public.a add primary key (x, y)',
    'alter table public.a add constraint u unique (x, y)',
  ])('of which one makes an index that serves what the other makes are one: %s', (longer) => {
    const fixes = [fix('short', 'create index concurrently i on public.a (x)'), fix('long', 'select 1', longer)]
    const conflicts = findConflicts(fixes)
    expect(conflicts.map(({ loser, winner }) => [loser.name, winner.name])).toEqual([['short', 'long']])
    expect(conflicts[0]?.because({ rule: 'keys/r', address: 'public.a' })).toBe(
      'The fix of keys/r on public.a makes an index that begins with these columns and serves the same.',
    )
  })

  it.each([
    ['create index i on public.a (x)', 'create index j on public.a (y, x)'],
    ['create index i on public.a (x)', 'create index j on public.a (x desc, y)'],
    ['create index i on public.a (x)', 'create index j on public.a (x, y) where y > 0'],
    ['create index i on public.a (x)', 'create index j on public.b (x, y)'],
    ['create index i on public.a (x)', 'create index j on public.a (x text_pattern_ops, y)'],
    ['create index i on public.a (x)', 'create index j on public.a using gist (x, y)'],
    ['create index i on public.a (lower(x))', 'create index j on public.a (x, y)'],
    ['create unique index i on public.a (x)', 'create index j on public.a (x, y)'],
    ['create index i on public.a (x) include (z)', 'create index j on public.a (x, y)'],
  ])('of which none serves what the other makes go together: %s, %s', (first, second) => {
    expect(findConflicts([fix('first', first), fix('second', second)])).toEqual([])
  })

  it.each([
    [
      'the same statement',
      'create index concurrently i on public.a (x)',
      'create index concurrently i on public.a (x)',
    ],
    ['indexes on other keys', 'create index i on public.a (x)', 'create index j on public.a (x desc)'],
    ['indexes on other rows', 'create index i on public.a (x)', 'create index j on public.a (x) where x > 0'],
    ['columns of other tables', 'alter table a.t alter x type text', 'alter table b.t alter x type int'],
    ['another step of the same column', 'alter table a.t alter x type text', 'alter table a.t alter x set default 1'],
  ])('with %s go together', (_, first, second) => {
    expect(findConflicts([fix('first', first), fix('second', second)])).toEqual([])
  })

  const replacing = {
    name: 'replacing',
    steps: [step('alter table public.a add x_new int'), step('do', { phase: 'contract', alters: ['public.a.x'] })],
  }

  it.each([
    'alter table public.a add constraint a_check check (y > 0 or x > 0) not valid',
    'create index concurrently i on public.a (y) where x is null',
    'create index concurrently i on public.a (y) include (x)',
    'create index concurrently i on public.a (lower(x))',
    'alter table public.a add constraint k foreign key (y, x) references public.b (id) not valid',
    'alter table public.a add constraint u unique (x)',
  ])('of which one replaces the column that the other needs are told apart: %s', (sql) => {
    const conflicts = findConflicts([fix('needing', sql), replacing])
    expect(conflicts.map(({ loser, winner }) => [loser.name, winner.name])).toEqual([['needing', 'replacing']])
    expect(conflicts[0]?.because({ rule: 'types/r', address: 'public.a' })).toBe(
      'The fix of types/r on public.a puts another column in the place of public.a.x, and this would go with the old one; scan again after that.',
    )
  })

  it.each([
    'alter table public.b add constraint b_check check (x > 0) not valid',
    'alter table public.a add constraint a_check check (y > 0) not valid',
    'create index concurrently i on public.a (x_new)',
  ])('of which one replaces what the other does not need go together: %s', (sql) => {
    expect(findConflicts([fix('needing', sql), replacing])).toEqual([])
  })

  it('that replace the same column are one', () => {
    const other = { ...replacing, name: 'other' }
    expect(findConflicts([replacing, other]).map(({ loser, winner }) => [loser.name, winner.name])).toEqual([
      ['other', 'replacing'],
    ])
  })

  it('of which one gives way are told of in a migration', () => {
    const finding = (rule: string, sql: string) =>
      makeFinding({ rule, fingerprint: rule, fix: makeFix({ steps: [step(sql)] }) })
    const { fixes, leftOut } = planMigration([
      finding('a/b', 'create index i on public.a (x)'),
      finding('c/d', 'create index j on public.a (x)'),
    ])
    expect(fixes.map(({ rule }) => rule)).toEqual(['a/b'])
    expect(leftOut.map(({ reason }) => reason)).toEqual([
      'Another fix makes the same: that of a/b on public.invoices.amount_due.',
    ])
  })
})

describe('syntax', () => {
  it.each([
    ['create unique index i on t (x) nulls not distinct', 15],
    ['alter table t add constraint u unique nulls not distinct (x)', 15],
    ['alter table t add constraint n not null x not valid', 18],
    ['alter table t add column y int generated always as (x + 1) virtual', 18],
    ['alter table t add constraint c check (x > 0) not enforced', 18],
    ['alter table t add constraint p primary key (x, during without overlaps)', 18],
    ['alter table t add foreign key (x) references u on delete set null (x)', 15],
    ['merge into t using u on true when matched then delete', 15],
    ['create or replace trigger g before insert on t execute function f()', 14],
    ['create view v with (security_invoker = true) as select 1', 15],
    ['alter table t alter column x set expression as (y)', 17],
    ['alter table t detach partition p concurrently', 14],
    ['create index i on t using spgist (x) include (y)', 14],
    ['alter table t alter column x set default uuidv7()', 18],
    ['alter table t alter column x type int4multirange using null', 14],
    ['create table t (id uuid default gen_random_uuid())', 13],
  ])('%s came with %i', (sql, since) => {
    expect(newestSyntax(sql)?.since).toBe(since)
  })

  it.each([
    ['alter table t add constraint c check (x > 0) not valid'],
    ['alter table t add column y int generated always as (x + 1) stored'],
    ['alter table t alter column x set not null'],
    ['create table t (x int not null, primary key (x))'],
    ['create unique index concurrently i on t (x) include (y) where z'],
    ['alter table t add foreign key (x) references u on delete set null'],
    ['create trigger g before insert on t execute function f()'],
    ['alter table t detach partition p'],
  ])('%s is known to every server', (sql) => {
    expect(newestSyntax(sql)).toBeNull()
  })
})

describe('a choice', () => {
  const finding = (rule: string, parts: Parameters<typeof makeFix>[0] = {}) =>
    makeFinding({ rule, fingerprint: rule, fix: makeFix({ steps: [step(`select '${rule}'`)], locks: {}, ...parts }) })
  const findings = [
    finding('a/strong', { locks: { 'public.invoices': 'ACCESS EXCLUSIVE' } }),
    finding('a/weak', { steps: [step('select 2', { lock: 'SHARE UPDATE EXCLUSIVE' })] }),
    finding('a/decision', { status: 'decision', reason: 'Really?' }),
    finding('a/advice', { status: 'advice', steps: [], reason: 'It fails.' }),
  ]

  it('leaves out whole what needs a stronger lock, by what was seen and by what is documented', () => {
    const { fixes, leftOut } = planMigration(findings, { maxLock: 'SHARE UPDATE EXCLUSIVE' })
    expect(fixes.map(({ rule }) => rule)).toEqual(['a/weak'])
    expect(leftOut.map(({ finding: { rule }, reason }) => `${rule}: ${reason}`)).toEqual([
      'a/strong: It needs ACCESS EXCLUSIVE.',
    ])
    expect(planMigration(findings, { maxLock: 'ROW EXCLUSIVE' }).fixes).toEqual([])
  })

  it('takes a decision only when it was answered', () => {
    expect(planMigration(findings).decisions.map(({ rule }) => rule)).toEqual(['a/decision'])
    const answered = planMigration(findings, { fingerprints: ['a/decision', 'a/advice'] })
    expect(answered.fixes.map(({ rule }) => rule)).toEqual(['a/decision'])
    expect(answered.decisions).toEqual([])
  })

  it('is proven again when it is not what was proven together', () => {
    expect(chosenFewer(findings, {})).toBeNull()
    expect(chosenFewer(findings, { rules: ['a/weak'] })).toEqual(['a/weak'])
    expect(chosenFewer(findings, { fingerprints: ['a/strong', 'a/decision'] })).toEqual(['a/strong', 'a/decision'])
    expect(chosenFewer(findings, { rules: ['a/none'] })).toBeNull()
  })

  it('takes what gave way to others where these are not chosen', async () => {
    const giving = [finding('a/strong'), finding('a/giving', { status: 'advice', steps: [], givesWay: true })]
    expect(chosenFewer(giving, {})).toBeNull()
    expect(chosenFewer(giving, { rules: ['a/giving'] })).toEqual(['a/giving'])

    const folder = makeFolder()
    try {
      layFiles(folder.path, {
        'schema.sql':
          "create table charge (id bigint primary key, processing_fee real not null, currency char(3) not null); insert into charge select n, n % 7 + 0.5, 'EUR' from generate_series(1, 300) as n;",
      })
      const told = ({ rule, fix }: Finding) => [rule, fix?.status, fix?.up.length !== 0]
      const tried: unknown[] = []
      const chosen = (rules: readonly string[]) =>
        audit({
          source: { kind: 'files', paths: [folder.path] },
          rules: ['types/inexact-money', 'constraints/missing-check'],
          startedAt: AT,
          choose: async (all) => {
            tried.push(all.map(told))
            return chosenFewer(all, { rules })
          },
        })
      const alone = await chosen(['constraints/missing-check'])
      expect(tried).toEqual([
        [
          ['constraints/missing-check', 'advice', false],
          ['types/inexact-money', 'decision', true],
        ],
      ])
      expect(alone.findings.map(told)[0]).toEqual(['constraints/missing-check', 'decision', true])
      const [gave] = alone.findings
      const ticked = planMigration(alone.findings, { fingerprints: [gave!.fingerprint] })
      expect(new Set(ticked.planned.map(({ step: { phase } }) => phase))).toEqual(new Set(['expand', 'validate']))

      const both = await audit({
        source: { kind: 'files', paths: [folder.path] },
        rules: ['types/inexact-money', 'constraints/missing-check'],
        startedAt: AT,
        choose: async (all) => all.map(({ fingerprint }) => fingerprint),
      })
      expect(both.findings.map(told)[0]).toEqual(['constraints/missing-check', 'advice', false])
    } finally {
      folder.remove()
    }
  })

  it('of some is tried again alone, and the others stay as they were', async () => {
    const folder = makeFolder()
    try {
      layFiles(folder.path, { 'schema.sql': BASE })
      const tried: string[][] = []
      const result = await audit({
        source: { kind: 'files', paths: [folder.path] },
        rules: RULES,
        startedAt: AT,
        choose: async (all) => {
          tried.push(all.map(({ fix }) => fix?.status ?? ''))
          return all.filter(({ rule }) => rule === RULES[0]).map(({ fingerprint }) => fingerprint)
        },
      })
      expect(tried).toEqual([['proven', 'proven', 'proven', 'proven']])
      expect(result.findings.map(({ fix }) => fix?.status)).toEqual(['proven', 'proven', 'proven', 'proven'])
    } finally {
      folder.remove()
    }
  })
})
