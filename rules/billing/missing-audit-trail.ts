import {
  afterReview,
  AUDIT_SETTINGS,
  type Catalog,
  createAuditTrail,
  mentions,
  namedTable,
  rolesOf,
  rule,
  type Schema,
  type Table,
  tablesSurelyIn,
  wordsOf,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.75,
  complexity: 'medium',
  docs: {
    summary: 'Keep who changed what in the tables that money depends on.',
    why: 'An invoice, a price or a subscription that was changed looks as if it had always been so. When a customer disputes a bill, or an auditor asks, nobody can say what it was, who changed it and why.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table plan (id bigint primary key, code text not null unique, monthly_price numeric(12, 2) not null, currency char(3) not null);
      create table subscription (id bigint primary key, customer_id bigint not null references customer, plan_id bigint not null references plan,
        status text not null check (status in ('trialing', 'active', 'canceled')), current_period_start timestamptz not null, current_period_end timestamptz not null);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, number text not null unique, status text not null check (status in ('draft', 'open', 'paid', 'void')),
        total numeric(12, 2) not null, currency char(3) not null, due_date date not null);`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table plan (id bigint primary key, code text not null unique, monthly_price numeric(12, 2) not null, currency char(3) not null);
      create table subscription (id bigint primary key, customer_id bigint not null references customer, plan_id bigint not null references plan,
        status text not null check (status in ('trialing', 'active', 'canceled')), current_period_start timestamptz not null, current_period_end timestamptz not null);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, number text not null unique, status text not null check (status in ('draft', 'open', 'paid', 'void')),
        total numeric(12, 2) not null, currency char(3) not null, due_date date not null);
      create table audit_log (id bigint primary key, table_name text not null, row_id bigint not null, action text not null, old_row jsonb, new_row jsonb, actor text not null, at timestamptz not null default now());`,
    unless: 'Changes are kept outside of the database, as by logical decoding into an archive that nobody can change.',
    references: [
      'https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE',
      'https://www.postgresql.org/docs/current/plpgsql-trigger.html',
    ],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const kept = tablesSurelyIn(catalog, ...KEPT)
    const documents = new Set(tablesSurelyIn(catalog, ...DOCUMENTS).map((table) => rolesOf(catalog).of(table)?.role))
    if (documents.size < FEWEST || isAudited(catalog)) return
    const home = homeOf(catalog)
    if (!home) return
    const changed = kept.filter(({ columns }) => columns.some(isChanged))
    if (changed.length === 0) return
    yield {
      on: home,
      related: kept,
      facts: { changed: changed.map(({ address }) => address).slice(0, 3), tables: kept.length },
    }
  },

  message: ({ on, facts: { changed } }) =>
    `Nothing in ${on} keeps what was changed, when and by whom: rows of ${changed.join(', ')} change without a trace.`,

  advice: () =>
    'Keep the row before and after each change, with actor and request, in a table partitioned by month: its time is part of the primary key, partitions are made ahead, and what need not be kept any longer is detached and dropped. The number alone is unique by its sequence only, no longer by a constraint.',

  fix: ({ on, catalog }) => {
    const tables = tablesSurelyIn(catalog, ...KEPT).filter(({ primaryKey, partitionOf }) => primaryKey && !partitionOf)
    const [first] = tables.filter(({ schema }) => schema === on)
    if (!first) return []
    const taken = new Set(catalog.functions.filter(({ schema }) => schema === on).map(({ name }) => name))
    const trail = { schema: on, name: namedTable('audit trail', first, catalog), tables, taken }
    return afterReview(
      `How long must changes be kept, may the trail hold whole rows of ${tables.map(({ name }) => name).join(', ')} with what they tell of persons, and does the application say who acts (set local ${AUDIT_SETTINGS.actor}) and for which request (${AUDIT_SETTINGS.request})?`,
      createAuditTrail(trail),
    )
  },
})

/** Roles whose changes matter. */
const KEPT = [
  'plan',
  'price',
  'subscription',
  'subscription item',
  'invoice',
  'invoice line',
  'payment',
  'payment allocation',
  'credit',
  'tax',
  'coupon',
] as const

/** Roles of which a billing system has several; a database with one of them keeps a part of billing only. */
const DOCUMENTS = ['plan', 'subscription', 'invoice', 'payment'] as const
const FEWEST = 2

const EXTENSIONS =
  /^(?:pgaudit|pgmemento|temporal_tables|periods|supa_audit|supabase_audit|table_log|tablelog|emaj|pg_auditor|cyanaudit)$/
const TRAIL =
  /^(?:audit|audits|audited|history|histories|hist|log|logs|changelog|version|versions|revision|revisions|journal|transition|transitions|trail|bitacora|auditoria|historial|historico|historique|protokoll|aenderungsprotokoll|activity|activities)$/

/** Something keeps changes already: a table, a trigger or an extension. */
function isAudited(catalog: Catalog): boolean {
  return (
    rolesOf(catalog).tablesIn('audit log').length > 0 ||
    catalog.extensions.some(({ name }) => EXTENSIONS.test(name)) ||
    catalog.tables.some((table) => !table.partitionOf && isTrail(table)) ||
    catalog.tables.some(({ triggers }) => triggers.some(({ function: routine }) => keepsRows(routine?.source ?? '')))
  )
}

function isTrail({ name, columns }: Table): boolean {
  return (
    wordsOf(name).some((word) => TRAIL.test(word)) &&
    !wordsOf(name).some((word) =>
      /^(?:webhook|usage|email|mail|job|login|request|search|import|schema|migration|changeset)$/.test(word),
    ) &&
    columns.some(({ type }) => /^(?:timestamptz|timestamp|date)$/.test(type.name))
  )
}

/** A trigger's function writes whole rows somewhere else. */
function keepsRows(source: string): boolean {
  return (
    /\binsert\s+into\b/i.test(source) &&
    (/\b(?:to_jsonb?|row_to_json|hstore)\s*\(\s*(?:new|old)\b/i.test(source) ||
      (/\btg_op\b/i.test(source) && /\b(?:old|new)\.\*/i.test(source)))
  )
}

/** A column that says that rows are changed. */
function isChanged({ name }: Table['columns'][number]): boolean {
  const words = wordsOf(name)
  return (
    mentions(words, 'status', 'state') ||
    words.some((word) => /^(?:updated|modified|changed|actualizado|atualizado|geaendert)$/.test(word))
  )
}

/** The schema of invoices, or else of what comes before and after them: it stays the same when tables are added. */
function homeOf(catalog: Catalog): Schema | null {
  const [first] = (['invoice', 'payment', 'subscription', 'plan'] as const).flatMap((role) =>
    tablesSurelyIn(catalog, role),
  )
  return first?.schema ?? null
}
