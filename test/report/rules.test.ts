import { describe, expect, it } from 'vitest'
import { rule } from '../../src/engine/rule.js'
import type { Rule } from '../../src/engine/rule.js'
import { renderMigration } from '../../src/report/migration.js'
import { renderRuleList, renderRuleListJson } from '../../src/report/rule-list.js'
import { renderRulePage, renderRulePageJson } from '../../src/report/rule-page.js'
import { makeFinding, makeFix } from './result.js'

const PLAIN = { color: 0, width: 100, verbose: false } as const
const example: Rule = {
  ...(rule({
    severity: 'warning',
    docs: {
      summary: 'Do it.',
      why: 'It breaks.',
      bad: 'create table a (b int); create table c (d int);',
      good: 'select 1;',
      unless: 'You know better.',
      references: ['https://www.postgresql.org/docs/current/'],
    },
    needs: ['catalog', 'workload'],
    detect: () => [],
    message: () => '',
  }) as unknown as Rule),
  id: 'keys/odd-key',
  category: 'keys',
}

describe('a list of rules', () => {
  it('says of each one its severity, what it needs, whether there is a fix, and what it asks for', () => {
    const cured: Rule = { ...example, id: 'keys/cured-key', uses: ['sample'], optIn: true, fix: () => [] }
    expect(renderRuleList([example, cured], PLAIN))
      .toBe(`id              severity      needs                       fixable

keys/odd-key    warning       catalog, workload           no
    Do it.
keys/cured-key  warning, off  catalog, workload (sample)  yes
    Do it.

2 rules, 1 with a fix. \`pg-billing-audit explain <rule>\` says more.
`)
    expect(JSON.parse(renderRuleListJson([example]))).toEqual([
      {
        id: 'keys/odd-key',
        category: 'keys',
        severity: 'warning',
        needs: ['catalog', 'workload'],
        uses: [],
        fixable: false,
        optIn: false,
        summary: 'Do it.',
      },
    ])
    expect(JSON.parse(renderRuleListJson([cured]))).toMatchObject([{ uses: ['sample'], fixable: true, optIn: true }])
  })
})

describe('the page of a rule', () => {
  it('holds all of its documentation, a line for a statement', () => {
    const page = renderRulePage(example, PLAIN)
    for (const part of [
      'Do it.',
      'It breaks.',
      'You know better.',
      'https://www.postgresql.org',
      '  create table a (b int);\n  create table c',
    ])
      expect(page).toContain(part)
    expect(JSON.parse(renderRulePageJson(example))).toMatchObject({ id: 'keys/odd-key', why: 'It breaks.' })
  })
})

describe('a migration', () => {
  it('tells fixes from decisions and from what was refused', () => {
    const nothing = { fixes: [], decisions: [], refused: [], leftOut: [], before: [], notes: [], files: [] }
    const place = { format: 'goose', folder: 'db/migrations', run: 'goose -dir FOLDER up' }
    const text = renderMigration(
      {
        ...nothing,
        ...place,
        fixes: [makeFinding({ fix: makeFix() })],
        leftOut: [{ finding: makeFinding({ fix: makeFix() }), reason: 'It needs ACCESS EXCLUSIVE.' }],
        decisions: [makeFinding({ fix: makeFix({ status: 'decision', reason: 'Which zone?' }) })],
        refused: [makeFinding({ fix: makeFix({ status: 'advice', reason: 'It failed.' }) })],
        files: [
          { phase: 'expand', path: '003_expand_invoices.sql', role: 'both' },
          { phase: 'contract', path: '004_contract_invoices.sql', role: 'both' },
        ],
        before: ['validate'],
      },
      PLAIN,
    )
    const where = 'public.invoices.amount_due · redundancy/unchecked-derived-amount · db/schema.sql:203:3'
    expect(text).toBe(`1 proven fix
  ${where}

2 migrations in db/migrations (goose)
  expand    003_expand_invoices.sql
  contract  004_contract_invoices.sql

To run them, in this order
  goose -dir db/migrations up
  First the validate files of the same fixes must have run: they were not chosen.
  Run the contract files in a later release, when nothing uses what they take away.

1 fix left out
  ${where}
    It needs ACCESS EXCLUSIVE.

1 fix waiting for your decision
  ${where}
    Which zone?

1 fix that could not be proven
  ${where}
    It failed.
`)
    expect(renderMigration({ ...nothing, ...place }, PLAIN)).toBe('Nothing to fix.\n')
  })
})
