import { expect, it } from 'vitest'
import type { Facts } from '../../src/engine/rule.js'
import { describeTellingFacts } from '../../src/report/wording.js'

const told = (message: string, facts: Facts) =>
  describeTellingFacts({ message, evidence: { tier: 'declared', facts } }).map(({ name, value }) => `${name}: ${value}`)

it('tells what the sentence does not', () => {
  expect(
    told('public.invoices.amount_due repeats total - amount_paid, and nothing keeps them equal.', {
      formula: 'total - amount_paid',
      columns: ['amount_due', 'total', 'amount_paid'],
      table: 'public.invoices',
      rows: 12,
      sizeBytes: 8192,
    }),
  ).toEqual(['table: public.invoices', 'rows: 12', 'size bytes: 8192'])
})

it('takes a part of a word for nothing said', () => {
  expect(told('public.t.paid_at is never read.', { column: 'paid', days: 1 })).toEqual(['column: paid', 'days: 1'])
})

it('passes over what is absent, denied or nested', () => {
  expect(
    told('It is so.', { cure: 'none', open: false, unique: true, kept: null, others: [], searches: [{ keys: ['a'] }] }),
  ).toEqual(['unique: true'])
})
