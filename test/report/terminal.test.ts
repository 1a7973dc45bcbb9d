import { expect, it } from 'vitest'
import { renderTerminal } from '../../src/report/terminal.js'
import { displayWidth } from '../../src/report/wrap.js'
import { HOSTILE, makeFinding, makeFix, makeResult } from './result.js'

const PLAIN = { color: 0, width: 100, verbose: false } as const
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/

const many = Array.from({ length: 20 }, (_, at) =>
  makeFinding({
    address: `public.table_${at % 4}.column_${at}`,
    rule: at < 15 ? 'types/inexact-money' : 'indexes/redundant-index',
    severity: at % 2 === 0 ? 'error' : 'info',
    priority: at % 2 === 0 ? 'now' : 'later',
    fix: at % 2 === 1 ? makeFix() : null,
  }),
)

it('says of a finding what it is, where, what it rests on, and how it is cured', () => {
  const report = renderTerminal(makeResult({ findings: [makeFinding({ fix: makeFix() })] }), PLAIN)
  expect(report).toContain('1 finding: 1 warning')
  expect(report).toContain('1 fix proven')
  expect(report).toContain('public.invoices\n')
  expect(report).toContain('db/schema.sql:203:3 · redundancy/unchecked-derived-amount · do next')
  expect(report.replace(/\s+/g, ' ')).toContain('inferred from names and shape, confidence 80 %')
  expect(report).toContain('Fix proven')
  expect(report).toContain('ACCESS EXCLUSIVE on public.invoices')
  expect(report).toContain('alter table public.invoices add constraint c')
})

it('shows a dozen that matter most and counts the rest by rule', () => {
  const report = renderTerminal(makeResult({ findings: many }), PLAIN)
  expect(report.match(/Rests on:/g)).toHaveLength(12)
  expect(report).toContain('And 8 more findings')
  expect(report).toMatch(/types\/inexact-money +info +5 +5 proven/)
  expect(report).toMatch(/indexes\/redundant-index +info +3/)
})

it('lets no rule push the others out of the dozen', () => {
  const wall = Array.from({ length: 30 }, (_, at) =>
    makeFinding({ address: `public.t${at}`, rule: 'indexes/redundant-index' }),
  )
  const hidden = makeFinding({
    address: 'public.z.amount',
    rule: 'types/inexact-money',
    severity: 'info',
    priority: 'later',
  })
  const report = renderTerminal(makeResult({ findings: [...wall, hidden] }), PLAIN)
  expect(report.match(/Rests on:/g)).toHaveLength(12)
  expect(report).toContain('public.z.amount')
  expect(report).toMatch(/indexes\/redundant-index +warning +19/)
})

it('shows all in the order of the review when verbose', () => {
  const report = renderTerminal(makeResult({ findings: many }), { ...PLAIN, verbose: true })
  expect(report.match(/Rests on:/g)).toHaveLength(20)
  expect(report.indexOf('Integrity constraints')).toBeLessThan(report.indexOf('\nIndexes'))
})

it('asks for the decision that a fix waits for, and says why one is not proven', () => {
  const findings = [
    makeFinding({ fix: makeFix({ status: 'decision', reason: 'Which time zone?' }) }),
    makeFinding({ fix: makeFix({ status: 'advice', reason: 'The statement failed.', up: [] }) }),
  ]
  const report = renderTerminal(makeResult({ findings }), PLAIN)
  expect(report).toContain('Which time zone?')
  expect(report).toContain('Fix not proven: The statement failed.')
})

it('always says what was not seen', () => {
  expect(renderTerminal(makeResult(), PLAIN)).toContain('Not seen\n  - Nothing:')
  const report = renderTerminal(
    makeResult({
      notSeen: [{ what: 'statistics of public.invoices', reason: 'No privilege.' }],
      rules: [
        { id: 'queries/a', outcome: 'skipped', reason: 'No queries were given.' },
        { id: 'queries/b', outcome: 'skipped', reason: 'No queries were given.' },
        { id: 'keys/c', outcome: 'crashed', reason: 'TypeError: x\n    at y' },
      ],
    }),
    PLAIN,
  )
  expect(report).toContain('statistics of public.invoices: No privilege.')
  expect(report).toContain('2 rules not run: queries/*: No queries were given.')
  expect(report).toContain('rule keys/c crashed: TypeError: x. This is a bug; please report it.')
})

it('colours only when told to', () => {
  const result = makeResult({ findings: many })
  expect(renderTerminal(result, PLAIN)).not.toMatch(CONTROL)
  expect(renderTerminal(result, { ...PLAIN, color: 1 })).toMatch(CONTROL)
})

it('stays within its width', () => {
  const findings = [
    makeFinding({ message: 'word '.repeat(60), fix: makeFix({ up: [`select ${'a, '.repeat(90)} b`] }) }),
  ]
  for (const width of [60, 100, 120])
    for (const line of renderTerminal(makeResult({ findings }), { ...PLAIN, width }).split('\n'))
      expect(displayWidth(line)).toBeLessThanOrEqual(width)
})

it('lets no name move the cursor or break a line', () => {
  const finding = makeFinding({
    address: `public.${HOSTILE}`,
    object: { kind: 'table', schema: 'public', table: HOSTILE, name: HOSTILE, columns: [] },
    message: HOSTILE,
    advice: HOSTILE,
    location: { file: HOSTILE, line: 1, column: 1 },
    evidence: { tier: 'declared', facts: { [HOSTILE]: [HOSTILE] } },
    fix: makeFix({ up: [HOSTILE], locks: { [HOSTILE]: 'SHARE' }, rewrites: [HOSTILE] }),
  })
  const result = makeResult({
    findings: [finding],
    target: { kind: 'files', name: HOSTILE, serverVersion: 180_000, productionVersion: null, files: [] },
    notSeen: [{ what: HOSTILE, reason: HOSTILE }],
    normalForms: [{ table: HOSTILE, normalForm: '1NF', basis: HOSTILE, issues: [HOSTILE], recommendation: HOSTILE }],
  })
  for (const verbose of [false, true])
    expect(renderTerminal(result, { ...PLAIN, verbose }).replaceAll('\t', '')).not.toMatch(CONTROL)
})

it("takes the documentation's word for a lock that could not be watched", () => {
  const sql = 'create index concurrently i on public.invoices (total)'
  const step = {
    sql,
    undo: null,
    phase: 'expand',
    transactional: false,
    lock: 'SHARE UPDATE EXCLUSIVE',
    rewrites: false,
    scans: true,
    observed: {
      locks: { 'public.invoices': 'SHARE UPDATE EXCLUSIVE' },
      rewrites: [],
      scans: ['public.invoices'],
      watched: false,
    },
  } as const
  const finding = makeFinding({ fix: makeFix({ steps: [step], up: [sql], locks: step.observed.locks }) })
  expect(renderTerminal(makeResult({ findings: [finding] }), PLAIN)).toContain(
    'Locks: SHARE UPDATE EXCLUSIVE on public.invoices (as documented)',
  )
})
