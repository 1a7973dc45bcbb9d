import type { AuditResult, Finding, Fix } from '../../src/engine/result.js'
import type { Catalog } from '../../src/evidence/catalog/model.js'

/** A name with everything that a terminal, Markdown, HTML, Mermaid and JSON give a meaning to. */
export const HOSTILE = 'a"b|c`d``\n\r\t<b>x</b>\u001b[31m\u009b2J\u202e%%{}[]()*_~#$&;:\\\'-- --> é 表'

/** A finding with sensible defaults. */
export function makeFinding(parts: Partial<Finding> = {}): Finding {
  const { address = 'public.invoices.amount_due' } = parts
  const [schema = null, table = null, name = table ?? schema ?? ''] = address.split('.')
  return {
    rule: 'redundancy/unchecked-derived-amount',
    category: 'redundancy',
    severity: 'warning',
    address,
    object: { kind: 'column', schema, table, name, columns: [name] },
    related: [],
    message: `${address} is total - amount_paid, stored and unchecked.`,
    advice: 'Check the amount, or generate it.',
    location: { file: 'db/schema.sql', line: 203, column: 3 },
    evidence: { tier: 'inferred', facts: { expression: 'total - amount_paid' } },
    impact: 'medium',
    complexity: 'low',
    confidence: 0.8,
    priority: 'next',
    breaks: null,
    fix: null,
    query: null,
    fingerprint: 'f'.repeat(32),
    ...parts,
  }
}

/** A proven fix with one statement. */
export function makeFix(parts: Partial<Fix> = {}): Fix {
  return {
    status: 'proven',
    steps: [],
    up: ['alter table public.invoices add constraint c check (amount_due = total - amount_paid) not valid'],
    down: ['alter table public.invoices drop constraint c'],
    phases: ['expand'],
    locks: { 'public.invoices': 'ACCESS EXCLUSIVE' },
    rewrites: [],
    provenOn: 180_006,
    data: [],
    dependents: [],
    reason: null,
    ...parts,
  }
}

/** A result of an empty database, or of this catalog. */
export function makeResult(parts: Partial<AuditResult> = {}): AuditResult {
  const { findings = [] } = parts
  return {
    tool: { name: 'pg-billing-audit', version: '1.2.3' },
    target: { kind: 'files', name: 'db', serverVersion: 180_006, productionVersion: null, files: ['db/schema.sql'] },
    startedAt: '2026-05-04T10:11:12.000Z',
    catalog: emptyCatalog,
    statistics: null,
    workload: null,
    findings,
    suppressed: [],
    suppressionProblems: [],
    baseline: null,
    since: null,
    rulebook: [],
    normalForms: [],
    notSeen: [],
    drift: null,
    load: null,
    rules: [...new Set(findings.map(({ rule }) => rule))].map((id) => ({ id, outcome: 'found', reason: null })),
    ...parts,
  }
}

const emptyCatalog: Catalog = {
  serverVersion: 180_006,
  databaseName: 'db',
  schemas: [],
  tables: [],
  temporaryTables: [],
  views: [],
  sequences: [],
  types: [],
  functions: [],
  extensions: [],
  roles: [],
  database: { kind: 'database', address: '', name: '', comment: null },
  columns: () => [],
  constraints: () => [],
  indexes: () => [],
  foreignKeys: () => [],
  table: () => undefined,
}
