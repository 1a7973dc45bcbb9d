import { type Column, type Index, rule, type Tenancy, tenancyOf, wordsOf } from '../../src/kit.js'

/** Keys that a client makes up, so that two tenants will make up the same. */
const MADE_UP = /^(?:idempotency|idempotence|dedup|deduplication|dedupe)$/

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.7,
  docs: {
    summary: 'Make what a tenant chooses unique within the tenant, not for everybody.',
    why: "The first tenant to use a number or a key takes it from all others: their insert fails with an error about a row that they must not know of, or an event is dropped as a repetition of somebody else's.",
    bad: `create table tenant (id bigint primary key);
      create table plan (id bigint primary key, tenant_id bigint not null references tenant, code text not null, unique (tenant_id, code));
      create table coupon (id bigint primary key, tenant_id bigint not null references tenant, code text not null unique);
      create table invoice (id bigint primary key, tenant_id bigint not null references tenant);
      create table usage (id bigint primary key, tenant_id bigint not null references tenant);`,
    good: `create table tenant (id bigint primary key);
      create table plan (id bigint primary key, tenant_id bigint not null references tenant, code text not null, unique (tenant_id, code));
      create table coupon (id bigint primary key, tenant_id bigint not null references tenant, code text not null, unique (tenant_id, code));
      create table invoice (id bigint primary key, tenant_id bigint not null references tenant);
      create table usage (id bigint primary key, tenant_id bigint not null references tenant);`,
    unless: 'The value is drawn from one series for all tenants, or stands in a public address.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-UNIQUE-CONSTRAINTS'],
  },
  needs: ['catalog'],
  complexity: 'medium',

  *detect({ catalog }) {
    const tenancy = tenancyOf(catalog)
    if (!tenancy) return
    const tables = catalog.tables.filter((table) => tenancy.columnOf(table) !== undefined)
    const scoped = new Set(
      tables.flatMap(({ indexes }) => indexes).flatMap((index) => scopedNameOf(index, tenancy) ?? []),
    )
    for (const table of tables) {
      const index = table.indexes.find((each) => {
        const column = loneColumnOf(each)
        return column && (isMadeUp(column) || scoped.has(lastWordOf(column)))
      })
      const column = index && loneColumnOf(index)
      if (!index || !column) continue
      yield {
        on: index.constraint ?? index,
        related: [column],
        facts: { column: column.name, tenant: tenancy.columnOf(table)?.name ?? '', madeUp: isMadeUp(column) },
      }
    }
  },

  message: ({ on, facts: { column, tenant, madeUp } }) =>
    madeUp
      ? `${on} makes ${column} unique across all tenants, although each client makes up its own.`
      : `${on} makes ${column} unique across all tenants, where other tables make theirs unique within ${tenant}.`,

  advice: ({ facts: { column, tenant } }) =>
    `If each tenant has its own, make (${tenant}, ${column}) unique instead; statements with ON CONFLICT (${column}) have to follow.`,
})

/** The only column of a whole unique index that no foreign key relies on. */
function loneColumnOf({ unique, valid, keys, predicate, supportsForeignKeys, constraint }: Index): Column | null {
  const [key, ...more] = keys
  if (!unique || !valid || more.length > 0 || supportsForeignKeys.length > 0 || predicate !== null) return null
  if (constraint?.type === 'primary key' || key?.column?.type.typcategory !== 'S') return null
  return key.column.notNull ? key.column : null
}

/** What a unique index of the form (tenant, name) makes unique within a tenant. */
function scopedNameOf({ unique, keys }: Index, tenancy: Tenancy): string | null {
  const columns = keys.flatMap(({ column }) => column ?? [])
  const [column, ...more] = columns.filter((each) => tenancy.columnOf(each.table) !== each)
  if (!unique || keys.length !== 2 || columns.length !== 2 || more.length > 0 || !column) return null
  return column.type.typcategory === 'S' ? lastWordOf(column) : null
}

function lastWordOf({ name }: Column): string {
  return wordsOf(name).at(-1) ?? name
}

function isMadeUp({ name }: Column): boolean {
  return wordsOf(name).some((word) => MADE_UP.test(word))
}
