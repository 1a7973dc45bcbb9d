import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderMarkdown } from '../../src/report/markdown.js'
import { code, sqlBlock, text, textWithCode } from '../../src/report/markdown/escape.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { startScratch, withSchema } from '../scratch.js'
import { HOSTILE, makeFinding, makeFix, makeResult } from './result.js'

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

const SCHEMA = `
  create table organizations (id uuid primary key, slug text not null unique);
  create table invoices (
    id uuid primary key,
    organization_id uuid not null references organizations (id) on delete restrict,
    replaces uuid unique references invoices (id),
    total numeric(14, 2) not null check (total >= 0),
    status text not null check (status in ('open', 'paid')),
    pk int, "2nd" int
  );
  create index on invoices (organization_id) where status = 'open';`

/** Lines outside code blocks, and the blocks. */
function dissect(markdown: string): { readonly lines: readonly string[]; readonly blocks: readonly string[] } {
  const lines: string[] = []
  const blocks: string[] = []
  let fence: string | null = null
  let block: string[] = []
  for (const line of markdown.split('\n')) {
    const [mark] = /^`{3,}/.exec(line) ?? []
    if (fence !== null && line === fence) {
      blocks.push(block.join('\n'))
      fence = null
    } else if (fence !== null) block.push(line)
    else if (mark) {
      fence = mark
      block = []
    } else lines.push(line)
  }
  expect(fence).toBeNull()
  return { lines, blocks }
}

function checkTables(lines: readonly string[]): void {
  for (const [at, line] of lines.entries()) {
    if (!/^\|(?: --- \|)+$/.test(line)) continue
    const bars = line.split('|').length
    for (let row = at - 1; lines[row]?.startsWith('|'); row++) expect(lines[row]?.split('|')).toHaveLength(bars)
  }
}

/** The lines that Mermaid's grammar of entity relationship diagrams takes, as far as we write them. */
const MERMAID = [
  /^erDiagram$/,
  /^ {2}"[^"%\r\n\v\\]+"(?: \{)?$/,
  /^ {2}\}$/,
  /^ {4}(?![pfu]k\b)[A-Za-z_\u00c0-\u024f][\w\u00c0-\u024f]* (?![pfu]k\b)[A-Za-z_\u00c0-\u024f][\w\u00c0-\u024f]*(?: (?:PK|FK|UK)(?:, (?:PK|FK|UK))*)?$/i,
  /^ {2}"[^"%\r\n\v\\]+" (?:\|\||\|o)--(?:o\||o\{) "[^"%\r\n\v\\]+" : "[^"%\r\n\v\\]+"$/,
]

function checkMermaid(source: string | undefined): void {
  for (const line of source?.split('\n') ?? [])
    expect(MERMAID.some((pattern) => pattern.test(line)) ? '' : line).toBe('')
}

it('writes the parts of a review in their order', async () => {
  const findings = [
    makeFinding({ address: 'public.invoices.total', fix: makeFix() }),
    makeFinding({ address: 'public.invoices', rule: 'keys/missing-foreign-key', severity: 'error', priority: 'now' }),
    makeFinding({ address: 'public.invoices.id', rule: 'novel-things/odd', priority: 'later' }),
  ]
  const markdown = await withSchema(server, SCHEMA, (catalog) => renderMarkdown(makeResult({ catalog, findings })))
  const { lines, blocks } = dissect(markdown)
  expect(lines.filter((line) => /^##? /.test(line))).toEqual([
    '# Database review: db',
    '## Summary',
    '## Entity relationships',
    '## Normalization',
    '## Integrity constraints',
    '## Redundancy',
    '## Missing relationships',
    '## Indexes',
    '## Queries',
    '## Consistency',
    '## Novel things',
    '## Impact, complexity, priority',
    '## Roadmap',
    '## What was not looked at',
  ])
  checkTables(lines)
  checkMermaid(blocks[0])
  expect(blocks[0]).toContain('"organizations" ||--o{ "invoices" : "organization_id"')
  expect(blocks[0]).toContain('"invoices" |o--o| "invoices" : "replaces"')
  expect(blocks[0]).toContain('int4 _pk\n')
  expect(blocks[0]).toContain('int4 _2nd\n')
  expect(markdown).toContain('`organization_id → organizations (on delete restrict)`')
  expect(markdown).toContain("`status in ('open', 'paid')`".replace("'open', 'paid'", "'open', 'paid'"))
})

it('says which parts of billing are kept where, which are missing, and what proven fixes wait for', async () => {
  const schema = `
    create table customer (id bigint primary key, email text not null, billing_address text);
    create table bill (id bigint primary key, customer_id bigint not null references customer, number text not null unique,
      state text not null check (state in ('draft', 'open', 'paid')), lines jsonb not null default '[]', total numeric(12, 2) not null, currency char(3) not null, due_date date not null);
    create table credit_note (id bigint primary key, bill_id bigint not null references bill, amount numeric(12, 2) not null, reason text not null);`
  const question = 'Is it so?'
  const fix = makeFix({ status: 'decision', reason: question })
  const findings = [
    makeFinding({ address: 'public.bill.lines', rule: 'normalization/records-in-jsonb', fix }),
    makeFinding({ address: 'public.customer.email', rule: 'normalization/records-in-jsonb', fix }),
    makeFinding({ address: 'public.bill.total', rule: 'redundancy/odd', fix: makeFix() }),
  ]
  const markdown = await withSchema(server, schema, (catalog) => renderMarkdown(makeResult({ catalog, findings })))
  expect(markdown).toContain('| lines of an invoice | `public.bill.lines` | `public.bill.lines` (1) |')
  expect(markdown).toContain('| credit notes and refunds | `public.credit_note` | – |')
  expect(markdown).toContain('| audit trail | nowhere | nothing shows that it is needed |')
  expect(markdown).not.toContain('tiers of a price')
  expect(markdown).toContain(`- ${question} (1, 2)`)
})

it('gives every finding its object, place, evidence, SQL, undo and locks', () => {
  const markdown = renderMarkdown(makeResult({ findings: [makeFinding({ fix: makeFix() })] }))
  expect(markdown).toContain('#### 1. `public.invoices.amount_due`')
  expect(markdown).toContain('`db/schema.sql:203:3`')
  expect(markdown).toContain('inferred from names and shape, confidence 80 %')
  expect(markdown).toContain('**Fix:** proven')
  expect(markdown).toContain('ACCESS EXCLUSIVE on public.invoices')
  const { blocks } = dissect(markdown)
  expect(blocks).toContain(
    'alter table public.invoices add constraint c check (amount_due = total - amount_paid) not valid;',
  )
  expect(blocks).toContain('alter table public.invoices drop constraint c;')
})

it('tells «nothing found» from «not looked at»', () => {
  const markdown = renderMarkdown(
    makeResult({
      rules: [
        { id: 'redundancy/a', outcome: 'passed', reason: null },
        { id: 'queries/b', outcome: 'skipped', reason: 'No queries were given.' },
      ],
    }),
  )
  expect(markdown).toContain('## Redundancy\n\nNothing found; 1 rule looked.')
  expect(markdown).toContain('## Queries\n\nNot looked at by 1 rule: No queries were given.')
  expect(markdown).toContain('## Indexes\n\nNot looked at: no rule ran for this.')
  expect(markdown).toContain('| 1 rule not run: queries/b | No queries were given. |')
})

it('lets no name of a database break it', async () => {
  const quoted = `"${HOSTILE.replaceAll('"', '""')}"`
  const sql = `
    create table ${quoted} (${quoted} int primary key, "pk" int, "a b" int references ${quoted}, "a|b" int);
    create table "%%{init}" ("" || 'x' int);`.replace(`"" || 'x'`, '"<script>"')
  await withSchema(server, sql, (catalog) => {
    const [table] = catalog.tables.filter(({ name }) => name.startsWith('a'))
    const address = table?.address ?? ''
    const finding = makeFinding({
      address,
      related: [`${address}.${HOSTILE}`],
      object: { kind: 'table', schema: 'public', table: HOSTILE, name: HOSTILE, columns: [] },
      rule: 'types/x',
      message: HOSTILE,
      advice: `- ${HOSTILE}`,
      location: { file: HOSTILE, line: 1, column: 1 },
      evidence: { tier: 'declared', facts: { [HOSTILE]: [HOSTILE] } },
      fix: makeFix({ up: [HOSTILE, '`````'], down: ['```'], locks: { [address]: 'SHARE' }, reason: HOSTILE }),
    })
    const markdown = renderMarkdown(
      makeResult({
        catalog: { ...catalog, declaredRoles: new Map([[address, 'plan']]) },
        findings: [finding],
        notSeen: [{ what: HOSTILE, reason: HOSTILE }],
        normalForms: [
          { table: address, normalForm: '1NF', basis: HOSTILE, issues: [HOSTILE], recommendation: HOSTILE },
        ],
        target: { kind: 'files', name: HOSTILE, serverVersion: 180_000, productionVersion: null, files: [HOSTILE] },
      }),
    )
    const { lines, blocks } = dissect(markdown)
    checkTables(lines)
    checkMermaid(blocks[0])
    expect(blocks).toHaveLength(3)
    expect(
      lines.filter((line) => /^#{1,3} /.test(line)).every((line) => /^#{1,3} [A-Z][\w ,]*(?::|$)/.test(line)),
    ).toBe(true)
    const tags = lines
      .join('\n')
      .replace(/`[^`\n]*`/g, '')
      .match(/<\/?\w+/g)
    expect([...new Set(tags)].toSorted()).toEqual(
      ['</code', '</details', '</summary', '<br', '<code', '<details', '<summary']
        .filter((tag) => tags?.includes(tag as never))
        .toSorted(),
    )
    // eslint-disable-next-line no-control-regex
    expect(markdown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
  })
})

describe('escapes', () => {
  const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\\`|<>&*_\n\r[\]~$#. a-c-]*$/))

  it('keep any text on one line, out of HTML and out of the next cell', () => {
    fc.assert(
      fc.property(anything, (value) => {
        for (const escaped of [text(value), textWithCode(value, new Set(['a']))]) {
          expect(escaped).not.toMatch(/[\n\r|<]|^\s*(?:\d+[.)]|[-+#=>])/)
        }
      }),
    )
  })

  it('keep any code in one span', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(code(value)).toMatch(/^(?:`[^`|\n\r]+`|<code>[^`|<>\n\r]*<\/code>)$/)
      }),
    )
  })

  it('close a block of SQL with a fence that its content does not have', () => {
    fc.assert(
      fc.property(fc.array(anything, { minLength: 1 }), (statements) => {
        expect(dissect(sqlBlock(statements)).blocks).toHaveLength(1)
        expect(dissect(sqlBlock(statements)).lines).toHaveLength(0)
      }),
    )
  })

  it('guard only the beginning of a sentence', () => {
    expect(text('1. a')).toBe('1\\. a')
    expect(text('> a - b > c')).toBe('\\> a - b > c')
    expect(textWithCode('a_b = total - c_d', new Set(['a_b', 'c_d']))).toBe('`a_b` = total - `c_d`')
  })

  it('leave names readable', () => {
    expect(text('public.invoices.amount_due holds 5 items.')).toBe('public.invoices.amount_due holds 5 items.')
    expect(textWithCode('public.a_b is 1, public.a_bc is not.', new Set(['public.a_b']))).toBe(
      '`public.a_b` is 1, public.a_bc is not.',
    )
  })
})
