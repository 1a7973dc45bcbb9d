import { expect, it } from 'vitest'
import { makeParts } from '../../src/fix/parts.js'
import { planSteps } from '../../src/fix/plan.js'
import type { Step } from '../../src/fix/step.js'
import { makeFinding, makeFix } from '../report/result.js'

const step: Step = {
  sql: 'alter table public.invoice rename column total to total_legacy',
  undo: null,
  phase: 'switch',
  transactional: true,
  lock: 'ACCESS EXCLUSIVE',
  rewrites: false,
  scans: false,
  alters: ['public.invoice.total'],
  note: 'Renames only.',
}

it('says in the file which views and queries see the change', () => {
  const location = { file: 'queries.sql', line: 3, column: 1 }
  const finding = makeFinding({
    fix: makeFix({
      dependents: [
        { kind: 'view', name: 'public.sums', location: null, columns: ['public.invoice.total'] },
        { kind: 'query', name: 'read_total', location, columns: ['public.invoice.total'] },
        { kind: 'function', name: 'public.dynamic()', location: null, columns: [] },
      ],
    }),
  })
  const [part] = makeParts([{ step, owners: [finding.fingerprint], group: 'public.invoice' }], [finding], 'statements')
  const comments = part?.up.flatMap((statement) => statement.comments) ?? []
  expect(comments).toContain(
    'It changes what these see: views: public.sums; queries: read_total (queries.sql:3:1); functions: public.dynamic() (perhaps: it puts SQL together)',
  )
  expect(comments).toContain('Renames only.')
})

it('says in the file what a statement locked and read, and how much that is by estimate', () => {
  const finding = makeFinding({})
  const address = 'public.invoice'
  const commentsOn = (more: Partial<Step>) => {
    const planned = [{ step: { ...step, alters: [], ...more }, owners: [finding.fingerprint], group: address }]
    return makeParts(planned, [finding], 'statements')[0]?.up.flatMap(({ comments }) => comments)
  }
  const observed = { locks: { [address]: 'SHARE' }, rewrites: [], scans: [address], watched: true } as const
  const tables = [{ address, rows: 1_200_000, bytes: 240e6 }]
  expect(commentsOn({ observed, duration: { class: 'scan', tables, basis: 'statistics of 2026-01-31' } })).toContain(
    'Lock: SHARE on public.invoice (observed); reads the whole table, by estimate public.invoice (1,200,000 rows, 240 MB; statistics of 2026-01-31)',
  )
  const noWork = { observed: { ...observed, scans: [] } }
  expect(
    commentsOn({ ...noWork, duration: { class: 'instant', tables: [], basis: 'statistics of 2026-01-31' } }),
  ).toContain(
    'Lock: SHARE on public.invoice (observed); instant once it has the lock, by estimate (statistics of 2026-01-31)',
  )
  expect(commentsOn({ ...noWork, duration: { class: 'instant', tables: [], basis: null } })).toContain(
    'Lock: SHARE on public.invoice (observed)',
  )
  expect(commentsOn({ rewrites: true, duration: { class: 'rewrite', tables, basis: null } })).toContain(
    'Lock: ACCESS EXCLUSIVE; writes the table anew',
  )
})

it('puts rows right before another fix forbids to change them', () => {
  const plain = { ...step, alters: [], phase: 'expand' } as const
  const guard = { ...plain, sql: 'create trigger guard' }
  const repair: Step = { ...plain, sql: 'update public.invoice set total = 0', alone: true }
  const check = { ...plain, sql: 'alter table public.invoice add constraint c check (total >= 0) not valid' }
  const planned = planSteps([
    { id: 'guard', table: 'public.invoice', steps: [guard] },
    { id: 'check', table: 'public.invoice', steps: [repair, check] },
  ])
  expect(planned.map(({ step: { sql } }) => sql)).toEqual([repair.sql, guard.sql, check.sql])
})
