import { expect, it } from 'vitest'
import { makeParts } from '../../src/fix/parts.js'
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
