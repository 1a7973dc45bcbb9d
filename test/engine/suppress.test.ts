import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit } from '../../src/audit/audit.js'
import { readDirective } from '../../src/engine/directive.js'
import type { AuditResult } from '../../src/engine/result.js'
import { suppress, type Suppression } from '../../src/engine/suppress.js'
import { readFileComments } from '../../src/source/files/marked-comments.js'
import { makeFinding } from '../report/result.js'

const RULE = 'types/timestamp-without-time-zone'

describe('a directive', () => {
  const read = (text: string) => readDirective(text)

  it('names rules, a reason and an end', () => {
    expect(read(`${RULE}, keys/*: Legacy, goes with v3 until 2027-01-31`)).toEqual({
      rules: [RULE, 'keys/*'],
      reason: 'Legacy, goes with v3',
      until: '2027-01-31',
      complaint: null,
    })
    expect(read(`${RULE} kept for the old reports`)).toMatchObject({
      rules: [RULE],
      reason: 'kept for the old reports',
    })
    expect(read(`${RULE} -- kept (until 2027-01-31)`)).toMatchObject({ reason: 'kept', until: '2027-01-31' })
    expect(read(RULE)).toEqual({ rules: [RULE], reason: null, until: null, complaint: null })
    expect(read(': whole file, generated')).toMatchObject({ rules: [], reason: 'whole file, generated' })
    expect(read('')).toMatchObject({ rules: [], reason: null })
    expect(read(`${RULE}: until tomorrow`).complaint).toContain('tomorrow')
  })
})

describe('a comment in a file', () => {
  const text = [
    '-- pg-billing-audit-ignore a/b: first', // 1
    'create table t (', // 2
    '  id bigint, -- pg-billing-audit-ignore a/c: column', // 3
    '  /* pg-billing-audit-ignore a/d: next part */', // 4
    '  at timestamp,', // 5
    "  note text default '-- pg-billing-audit-ignore a/e: in a string'", // 6
    '); -- pg-billing-audit-ignore a/f: behind the statement', // 7
    'do $$ -- pg-billing-audit-ignore a/g: in a body', // 8
    'begin end $$;', // 9
    '/* pg-billing-audit-ignore-file a/h */', // 10
    '-- pg-billing-audit-ignored is another word', // 11
  ].join('\n')

  it('speaks of the statement or the part that it stands at', () => {
    const found = readFileComments('t.sql', text, new Set([2, 3, 5, 6]))
    expect(found.map(({ location, text: said, lines }) => [location.line, said, lines])).toEqual([
      [1, 'a/b: first', { from: 2, to: 7 }],
      [3, 'a/c: column', { from: 3, to: 3 }],
      [4, 'a/d: next part', { from: 5, to: 5 }],
      [7, 'a/f: behind the statement', { from: 2, to: 7 }],
      [10, 'a/h', null],
    ])
  })
})

describe('suppressing', () => {
  const finding = makeFinding({ rule: 'a/b', address: 'public.plan.price' })
  const make = (parts: Partial<Suppression>): Suppression => ({
    origin: 'here',
    location: null,
    kind: 'external',
    rules: ['a/b'],
    scope: { kind: 'objects', patterns: ['public.pl*'] },
    reason: null,
    until: null,
    ...parts,
  })
  const terms = { requireReason: false, today: '2026-11-22', judged: ['a/b', 'a/c'], known: ['a/b', 'a/c', 'a/d'] }
  const run = (parts: Partial<Suppression>, more: Partial<typeof terms> = {}) => {
    const { kept, suppressed, problems } = suppress([{ finding }], [make(parts)], { ...terms, ...more })
    return [kept.length, suppressed.length, ...problems.map(({ kind }) => kind)]
  }

  it('covers objects, what belongs to them, and categories of rules', () => {
    expect(run({})).toEqual([0, 1])
    expect(run({ rules: ['a/*'] })).toEqual([0, 1])
    expect(run({ scope: { kind: 'objects', patterns: ['*.plan'] } })).toEqual([0, 1])
    expect(run({ scope: { kind: 'file', file: 'db/schema.sql' } })).toEqual([0, 1])
    expect(run({ scope: { kind: 'lines', file: 'db/schema.sql', from: 203, to: 203 } })).toEqual([0, 1])
  })

  it('says what does nothing', () => {
    expect(run({ scope: { kind: 'objects', patterns: ['public.pla'] } })).toEqual([1, 0, 'unused'])
    expect(run({ rules: ['a/b', 'a/c'] })).toEqual([0, 1, 'unused'])
    expect(run({ rules: ['a/d'] }), 'a rule that did not run').toEqual([1, 0])
    expect(run({ rules: ['a/bb'] })).toEqual([1, 0, 'unknown rule'])
  })

  it('ends on its date, and needs a reason where one is required', () => {
    expect(run({ until: '2026-11-22' })).toEqual([0, 1])
    expect(run({ until: '2026-11-21' })).toEqual([1, 0, 'expired'])
    expect(run({}, { requireReason: true })).toEqual([1, 0, 'without reason'])
    expect(run({ reason: 'Known.' }, { requireReason: true })).toEqual([0, 1])
  })
})

describe('an audit', () => {
  let folder: string
  let result: AuditResult
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-suppress-'))
    writeFileSync(
      join(folder, 'schema.sql'),
      `-- pg-billing-audit-ignore ${RULE}: the whole table is old
create table plan (id bigint primary key, made_at timestamp not null);
create table charge (
  id bigint primary key,
  charged_at timestamp, -- pg-billing-audit-ignore ${RULE}: cents
  -- pg-billing-audit-ignore ${RULE}: local
  opens_at timestamp
);
create table half (
  id bigint primary key,
  made_at timestamp, -- pg-billing-audit-ignore ${RULE}: one of two
  seen_at timestamp
);
create table payout (id bigint primary key, paid_at timestamp not null);
create table refund (id bigint primary key, made_at timestamp not null);
comment on table refund is 'Old. pg-billing-audit-ignore: ${RULE} kept as it is';
-- pg-billing-audit-ignore ${RULE}: nothing here
create table clean (id bigint primary key, made_at timestamptz);
create table shipment (id bigint primary key, sent_at timestamptz);
create table visit (id bigint primary key, seen_at timestamptz);
`,
    )
    result = await audit({
      source: { kind: 'files', paths: [join(folder, 'schema.sql')] },
      rules: [RULE],
      prove: false,
      startedAt: new Date('2026-11-22T10:00:00Z'),
    })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('sets aside what comments suppress, and loses none of it', () => {
    expect(result.findings.map(({ address }) => address)).toEqual(['public.half', 'public.payout'])
    expect(result.suppressed.map(({ finding, by }) => [finding.address, by.reason])).toEqual([
      ['public.charge', 'cents'],
      ['public.plan', 'the whole table is old'],
      ['public.refund', 'kept as it is'],
    ])
    expect(result.suppressionProblems).toMatchObject([{ kind: 'unused', location: { line: 17 } }])
  })
})
