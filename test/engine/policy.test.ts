import { describe, expect, it } from 'vitest'
import { chooseRules, decide, DEFAULT_POLICY, ignoredBy, type Policy } from '../../src/engine/policy.js'
import { covers } from '../../src/engine/pattern.js'
import type { Rule } from '../../src/engine/rule.js'
import { loadRules } from '../../src/engine/load-rules.js'
import { makeFinding } from '../report/result.js'

const make = (id: string, optIn = false): Rule =>
  ({ id, category: id.split('/')[0], severity: 'warning', ...(optIn ? { optIn } : {}) }) as unknown as Rule
const book = [make('keys/a'), make('keys/b'), make('style/c', true), make('migrations/d')]
const chosen = (policy: Partial<Policy>, ids?: readonly string[]) =>
  chooseRules(book, ids, { ...DEFAULT_POLICY, ...policy }).map(({ id }) => id)
const severity = (policy: Partial<Policy>, rule = book[0] as Rule, asked = false) =>
  decide(makeFinding({ rule: rule.id }), rule, { ...DEFAULT_POLICY, ...policy }, asked)?.severity ?? 'off'

describe('a pattern', () => {
  it('covers an object and what belongs to it', () => {
    expect(covers('public.legacy_*', 'public.legacy_plan.price', '.')).toBe(true)
    expect(covers('public', 'public.plan', '.')).toBe(true)
    expect(covers('*.plan', 'public.plan', '.')).toBe(true)
    expect(covers('*', 'public.plan', '.')).toBe(true)
    expect(covers('public.pla', 'public.plan', '.')).toBe(false)
    expect(covers('db/old', 'db/old/1.sql', '/')).toBe(true)
    expect(covers('db/*.sql', 'db/old/1.sql', '/')).toBe(false)
    expect(covers('**/1.sql', 'db/old/1.sql', '/')).toBe(true)
    expect(covers('a+(b', 'a+(b', '.')).toBe(true)
  })
})

describe('rules', () => {
  it('are chosen by presets, which add up', () => {
    expect(chosen({})).toEqual(['keys/a', 'keys/b', 'migrations/d'])
    expect(chosen({ presets: ['style'] })).toEqual(['style/c'])
    expect(chosen({ presets: ['recommended', 'style'] })).toHaveLength(4)
    expect(chosen({ presets: ['migrations'] })).toEqual(['migrations/d'])
  })

  it('are switched by id, then category, then all', () => {
    expect(chosen({ rules: { 'keys/*': 'off', 'keys/b': 'on', 'style/c': 'info' } })).toEqual([
      'keys/b',
      'style/c',
      'migrations/d',
    ])
    expect(chosen({ rules: { '*': 'off' }, overrides: [{ tables: ['x'], rules: { 'keys/a': 'error' } }] })).toEqual([
      'keys/a',
    ])
    expect(chosen({ rules: { 'keys/a': 'off' } }, ['keys/a'])).toEqual(['keys/a'])
  })

  it('are handed their options', () => {
    const [rule] = chooseRules(book, ['keys/a'], {
      ...DEFAULT_POLICY,
      rules: { 'keys/a': { options: { most: 3 } } },
    })
    expect(rule?.options).toEqual({ most: 3 })
  })
})

describe('a finding', () => {
  it('has the severity that was decided for it, and its priority follows', () => {
    expect(severity({})).toBe('warning')
    expect(severity({ presets: ['strict'] })).toBe('error')
    expect(severity({ presets: ['billing'] })).toBe('warning')
    expect(severity({ rules: { 'keys/*': 'info' } })).toBe('info')
    expect(severity({ rules: { 'keys/a': { severity: 'error' } } })).toBe('error')
    expect(
      decide(makeFinding(), book[0] as Rule, { ...DEFAULT_POLICY, rules: { 'keys/a': 'error' } }, false)?.priority,
    ).toBe('now')
  })

  it('is decided for its schema, table, object and file, the last word counting', () => {
    const off = { 'keys/a': 'off' } as const
    expect(severity({ overrides: [{ schemas: ['public'], rules: off }] })).toBe('off')
    expect(severity({ overrides: [{ schemas: ['billing'], rules: off }] })).toBe('warning')
    expect(severity({ overrides: [{ tables: ['public.inv*'], files: ['db/**'], rules: off }] })).toBe('off')
    expect(severity({ overrides: [{ tables: ['public.inv*'], files: ['x/**'], rules: off }] })).toBe('warning')
    expect(
      severity({
        overrides: [
          { schemas: ['*'], rules: off },
          { objects: ['*.*.amount_due'], rules: { '*': 'info' } },
        ],
      }),
    ).toBe('info')
    expect(severity({ rules: off }, book[0], true), 'asked for on the command line').toBe('warning')
  })

  it('is ignored by schema, table and file', () => {
    const by = (ignore: Partial<Policy['ignore']>) =>
      ignoredBy(makeFinding(), { ...DEFAULT_POLICY, ignore: { ...DEFAULT_POLICY.ignore, ...ignore } })
    expect(by({})).toBeUndefined()
    expect(by({ schemas: ['pub*'] })).toBe('pub*')
    expect(by({ tables: ['public.invoices'] })).toBe('public.invoices')
    expect(by({ files: ['db/schema.sql'] })).toBe('db/schema.sql')
  })
})

describe('a preset', () => {
  const raised = (rule: Rule) =>
    decide(makeFinding({ severity: 'info' }), rule, { ...DEFAULT_POLICY, presets: ['billing'] }, false)?.severity

  it('billing weighs its category and what says of itself that it is about money', () => {
    expect(raised(make('billing/a'))).toBe('warning')
    expect(raised({ ...make('keys/a'), aboutMoney: true })).toBe('warning')
    expect(raised(make('keys/a'))).toBe('info')
  })

  it('billing weighs these rules of other categories', async () => {
    const rules = await loadRules()
    const weighed = rules.filter((rule) => raised(rule) === 'warning' && rule.category !== 'billing')
    expect(weighed.map(({ id }) => id)).toEqual([
      'consistency/amount-without-currency',
      'consistency/cascading-money-deletion',
      'consistency/changeable-issued-document',
      'consistency/contradictory-cancellation',
      'consistency/date-outside-period',
      'consistency/differing-currency',
      'consistency/differing-scale',
      'consistency/gapped-document-number',
      'consistency/overlapping-periods',
      'consistency/proration-outside-period',
      'consistency/reopened-status',
      'consistency/settled-beyond-amount',
      'consistency/several-defaults',
      'consistency/total-apart-from-lines',
      'consistency/unbalanced-ledger-transaction',
      'consistency/unbounded-allocation',
      'constraints/unchecked-percentage',
      'constraints/unchecked-usage-limit',
      'constraints/unchecked-usage',
      'constraints/unordered-period',
      'keys/nullable-unique-column',
      'keys/repeatable-document-number',
      'keys/repeatable-source-reference',
      'queries/float-money-arithmetic',
      'queries/inclusive-period-end',
      'queries/lost-update',
      'queries/sum-over-fan-out',
      'redundancy/flag-beside-status',
      'redundancy/stored-recurring-revenue',
      'redundancy/unchecked-derived-amount',
      'redundancy/unreconciled-total',
      'types/inexact-money',
      'types/precision-below-currency',
      'types/scale-below-currency',
    ])
  })
})
