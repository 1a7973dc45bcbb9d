import {
  addKey,
  afterReview,
  type Catalog,
  type Column,
  documentNumberOf,
  dropConstraint,
  dropIndex,
  dropPlainIndexes,
  type Index,
  issuerOf,
  ownRolesOf,
  rule,
  type Table,
  type Tenancy,
  tenancyOf,
  wordsOf,
} from '../../src/kit.js'

/** Keys that a client makes up, so that two tenants will make up the same. */
const MADE_UP = /^(?:idempotency|idempotence|dedup|deduplication|dedupe)$/

/** Words that say of a value only that something is known by it. */
const VAGUE = /^(?:id|uid|uuid|key|ref|reference|token|hash|value)$/

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
    const tables = catalog.tables.filter((table) => tenancy?.columnOf(table) !== undefined)
    const scoped = new Set(
      tables
        .flatMap(({ indexes }) => indexes)
        .flatMap((index) => (tenancy ? (scopedNameOf(index, tenancy) ?? []) : [])),
    )
    const numbers = new Map(
      ownRolesOf(catalog)
        .tablesIn('invoice', 'credit')
        .flatMap((table): readonly (readonly [Column, Column])[] => {
          const [number, issuer] = [documentNumberOf(table), issuerAbove(table, catalog)]
          return number && issuer ? [[number, issuer]] : []
        }),
    )
    const documents = [...numbers.keys()].map(({ table }) => table).filter((table) => !tables.includes(table))
    for (const table of [...tables, ...documents]) {
      const index = table.indexes.find((each) => {
        const column = loneColumnOf(each)
        return column && (isMadeUp(column) || numbers.has(column) || scoped.has(kindOf(column)))
      })
      const column = index && loneColumnOf(index)
      if (!index || !column) continue
      yield {
        on: index.constraint ?? index,
        related: [column],
        facts: {
          column: column.name,
          tenant: (tenancy?.columnOf(table) ?? numbers.get(column))?.name ?? '',
          carried: tenancy?.columnOf(table) !== undefined || numbers.get(column)?.table === table,
          because: isMadeUp(column) ? 'made up' : numbers.has(column) ? 'document' : 'others',
        },
      }
    }
  },

  message: ({ on, facts: { column, tenant, because } }) =>
    because === 'made up'
      ? `${on} makes ${column} unique across all tenants, although each client makes up its own.`
      : because === 'document'
        ? `${on} makes ${column} unique for all, although each ${tenant} issues documents with numbers of its own.`
        : `${on} makes ${column} unique across all tenants, where other tables make theirs unique within ${tenant}.`,

  advice: ({ on, facts: { column, tenant, carried } }) =>
    !carried
      ? `Let ${on.table.address} carry who issues it, as what it belongs to does, with a foreign key over both, and make ${column} unique within that.`
      : `If each tenant has its own, make (${tenant}, ${column}) unique instead; statements with ON CONFLICT (${column}) have to follow.`,

  fix: ({ on, facts: { column: name, tenant: owner, carried } }) => {
    const table = on.table.kind === 'table' ? on.table : undefined
    const [tenant, column] = [table?.column(owner), table?.column(name)]
    if (!carried || !tenant?.notNull || !column) return []
    return afterReview(
      `Has each ${owner} of ${on.table.address} its own ${name}, and does nothing say ON CONFLICT (${name}) any more?`,
      [
        ...addKey([tenant, column], 'unique', 'none'),
        ...(on.kind === 'index' ? dropIndex(on) : dropConstraint(on)),
        ...dropPlainIndexes([tenant]),
      ],
    )
  },
})

/** The column of who issues the rows, in the table or in what they must belong to. */
function issuerAbove(table: Table, catalog: Catalog): Column | undefined {
  const parents = table.foreignKeys.filter(({ columns }) => columns.every(({ notNull }) => notNull))
  return [table, ...parents.map(({ referencedTable }) => referencedTable)]
    .filter((each) => ownRolesOf(catalog).of(each)?.role === 'invoice' || each === table)
    .flatMap((each) => issuerOf(each, catalog))[0]
}

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
  return column.type.typcategory === 'S' ? kindOf(column) : null
}

/** What its value is, by its last word; `id` and `key` tell that only with the word before. */
function kindOf({ name }: Column): string {
  const words = wordsOf(name)
  return words.slice(VAGUE.test(words.at(-1) ?? '') ? -2 : -1).join(' ')
}

function isMadeUp({ name }: Column): boolean {
  return wordsOf(name).some((word) => MADE_UP.test(word))
}
