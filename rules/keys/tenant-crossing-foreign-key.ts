import {
  afterReview,
  carriesTenant,
  type Catalog,
  type ForeignKey,
  isKeyOf,
  rule,
  type Table,
  tenanciesOf,
  type Tenancy,
  widenForeignKey,
} from '../../src/kit.js'

/** So many tables are a decision of the whole house, and one finding. */
const FEW = 4

export default rule({
  severity: 'info',
  tier: 'inferred',
  docs: {
    summary: 'Let a foreign key between rows of tenants carry the tenant along.',
    why: "Each row says whose it is, and a key over the id alone lets it point to another tenant's row: one wrong id in a request, and an invoice is collected from somebody else's card. Row security does not help, for foreign keys see every row.",
    bad: `create table tenant (id bigint primary key);
      create table plan (id bigint primary key, tenant_id bigint not null references tenant);
      create table card (id bigint primary key, tenant_id bigint not null references tenant);
      create table invoice (id bigint primary key, tenant_id bigint not null references tenant, card_id bigint references card);
      create table usage (id bigint primary key, tenant_id bigint not null references tenant);`,
    good: `create table tenant (id bigint primary key);
      create table plan (id bigint primary key, tenant_id bigint not null references tenant);
      create table card (id bigint primary key, tenant_id bigint not null references tenant, unique (tenant_id, id));
      create table invoice (id bigint primary key, tenant_id bigint not null references tenant, card_id bigint,
        foreign key (tenant_id, card_id) references card (tenant_id, id));
      create table usage (id bigint primary key, tenant_id bigint not null references tenant);`,
    unless: 'Rows are shared between tenants on purpose.',
    references: [
      'https://www.postgresql.org/docs/current/ddl-rowsecurity.html',
      'https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK',
    ],
  },
  needs: ['catalog'],
  reveals: ['indexes/redundant-index'],
  complexity: 'high',

  *detect({ catalog }) {
    const seen = new Set<ForeignKey>()
    for (const tenancy of tenanciesOf(catalog)) {
      const { open, carried } = crossingsOf(tenancy, catalog, seen)
      const [first] = open
      if (!first) continue
      for (const key of open) seen.add(key)
      const tables = [...new Set(open.map(({ table }) => table))]
      const houseWide = tables.length > FEW && carried.length === 0
      const groups = tables.map((table) => open.filter((foreignKey) => foreignKey.table === table))
      const found: readonly { readonly on: Table | ForeignKey; readonly keys: readonly ForeignKey[] }[] = houseWide
        ? [{ on: tenancy.tenants, keys: open }]
        : groups.map((keys) => ({ on: keys[0] ?? first, keys }))
      for (const { on, keys } of found) {
        yield {
          on,
          related: keys.filter((key) => key !== on),
          facts: {
            tenants: tenancy.tenants.address,
            keys: keys.map((key) => describe(key, tenancy)),
          },
          // Where other keys take the tenant along, this one was forgotten.
          assessment: carried.length > 0 ? { severity: 'warning' } : {},
        }
      }
    }
  },

  message: ({ on, facts: { keys, tenants } }) =>
    on.kind === 'table'
      ? `None of the ${keys.length} foreign keys between tables of ${tenants} takes the tenant along, so a row may point to another tenant's.`
      : `${on} ${keys.length > 1 ? `and ${keys.length - 1} more of its table do` : 'does'} not take ${keys[0]?.columns[0] ?? 'the tenant'} along: a row may point to a row of another one of ${tenants}.`,

  advice: ({ facts: { keys } }) => {
    const [key] = keys
    if (!key) return ''
    const unique = key.ready ? '' : `Add UNIQUE on ${key.target} first, then `
    return `${unique}${key.ready ? 'Declare' : 'declare'} FOREIGN KEY (${key.columns.join(', ')}) REFERENCES ${key.target} with an index on the same columns, and drop ${key.address}.${key.empties ? ` ON DELETE SET NULL has to name ${key.empties}, or the tenant goes too: PostgreSQL 15 and newer.` : ''}${keys.length > 1 ? ' Likewise the others, those between money and its owner first.' : ''}`
  },

  fix: ({ on, catalog, target, facts: { tenants, keys } }) => {
    const tenancy = tenanciesOf(catalog).find((each) => each.tenants.address === tenants)
    if (!tenancy || on.kind === 'table') return []
    const addresses = keys.map(({ address }) => address)
    const crossing = catalog.foreignKeys().filter(({ address }) => addresses.includes(address))
    const steps = crossing.map((key) => {
      const [own, other] = [tenancy.columnOf(key.table), tenancy.columnOf(key.referencedTable)]
      return own && other ? widenForeignKey(key, own, other, target) : []
    })
    if (steps.some((each) => each.length === 0)) return []
    return afterReview(
      `Does a row of ${crossing[0]?.table ?? on} never point to a row of another one of ${tenants} on purpose?`,
      steps.flat(),
    )
  },
})

/** Keys between rows that each name an owner: those that take it along, and those that do not. */
function crossingsOf(tenancy: Tenancy, catalog: Catalog, seen: ReadonlySet<ForeignKey>) {
  const between = catalog
    .foreignKeys()
    .filter(
      ({ table, referencedTable, inherited }) =>
        !inherited &&
        table !== referencedTable &&
        tenancy.columnOf(table) !== undefined &&
        tenancy.columnOf(referencedTable) !== undefined,
    )
  const carried = between.filter((foreignKey) => carriesTenant(tenancy, foreignKey))
  const open = between.filter((key) => !carried.includes(key) && !seen.has(key) && !isSecond(key, carried))
  return { open, carried }
}

function describe(
  { address, table, columns, referencedTable, referencedColumns, onDelete }: ForeignKey,
  tenancy: Tenancy,
) {
  const target = [tenancy.columnOf(referencedTable), ...referencedColumns].flatMap((column) => column ?? [])
  return {
    address,
    columns: [tenancy.columnOf(table), ...columns].flatMap((column) => column?.name ?? []),
    target: `${referencedTable} (${target.map(({ name }) => name).join(', ')})`,
    empties: onDelete === 'set null' ? columns.map(({ name }) => name).join(', ') : null,
    ready: isKeyOf(referencedTable, target),
  }
}

/** Another key of the table takes the same reference and the tenant along. */
function isSecond({ table, columns, referencedTable }: ForeignKey, carried: readonly ForeignKey[]): boolean {
  return carried.some(
    (other) =>
      other.table === table &&
      other.referencedTable === referencedTable &&
      columns.every((column) => other.columns.includes(column)),
  )
}
