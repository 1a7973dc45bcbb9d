import { carriesTenant, type Column, type ForeignKey, rule, type Table, tenancyOf } from '../../src/kit.js'

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
  complexity: 'high',

  *detect({ catalog }) {
    const tenancy = tenancyOf(catalog)
    if (!tenancy) return
    const between = catalog
      .foreignKeys()
      .filter(
        ({ table, referencedTable, inherited }) =>
          !inherited && tenancy.columnOf(table) !== undefined && tenancy.columnOf(referencedTable) !== undefined,
      )
    const carried = between.filter((foreignKey) => carriesTenant(tenancy, foreignKey))
    const open = between.filter((foreignKey) => !carried.includes(foreignKey) && !isSecond(foreignKey, carried))
    const [first] = open
    if (!first) return
    const tables = [...new Set(open.map(({ table }) => table))]
    const facts = (keys: readonly ForeignKey[]) => ({
      tenants: tenancy.tenants.address,
      keys: keys.map(({ address, table, columns, referencedTable, referencedColumns }) => ({
        address,
        columns: [tenancy.columnOf(table), ...columns].flatMap((column) => column?.name ?? []),
        target: `${referencedTable} (${[tenancy.columnOf(referencedTable), ...referencedColumns].map((column) => column?.name).join(', ')})`,
        ready: isUnique(referencedTable, [tenancy.columnOf(referencedTable), ...referencedColumns]),
      })),
    })
    const houseWide = tables.length > FEW && carried.length === 0
    const groups = tables.map((table) => open.filter((foreignKey) => foreignKey.table === table))
    const found: readonly { readonly on: Table | ForeignKey; readonly keys: readonly ForeignKey[] }[] = houseWide
      ? [{ on: tenancy.tenants, keys: open }]
      : groups.map((keys) => ({ on: keys[0] ?? first, keys }))
    for (const { on, keys } of found) {
      yield {
        on,
        related: keys.filter((key) => key !== on),
        facts: facts(keys),
        // Where other keys take the tenant along, this one was forgotten.
        assessment: carried.length > 0 ? { severity: 'warning' } : {},
      }
    }
  },

  message: ({ on, facts: { keys, tenants } }) =>
    on.kind === 'table'
      ? `None of the ${keys.length} foreign keys between tables of ${tenants} takes the tenant along, so a row may point to another tenant's.`
      : `${on} ${keys.length > 1 ? `and ${keys.length - 1} more of its table do` : 'does'} not take the tenant along: a row may point to a row of another one of ${tenants}.`,

  advice: ({ facts: { keys } }) => {
    const [key] = keys
    if (!key) return ''
    const unique = key.ready ? '' : `Add UNIQUE on ${key.target} first, then `
    return `${unique}${key.ready ? 'Declare' : 'declare'} FOREIGN KEY (${key.columns.join(', ')}) REFERENCES ${key.target} with an index on the same columns, and drop ${key.address}.${keys.length > 1 ? ' Likewise the others, those between money and its owner first.' : ''}`
  },
})

/** Another key of the table takes the same reference and the tenant along. */
function isSecond({ table, columns, referencedTable }: ForeignKey, carried: readonly ForeignKey[]): boolean {
  return carried.some(
    (other) =>
      other.table === table &&
      other.referencedTable === referencedTable &&
      columns.every((column) => other.columns.includes(column)),
  )
}

function isUnique({ primaryKey, uniques }: Table, columns: readonly (Column | undefined)[]): boolean {
  return [primaryKey, ...uniques].some(
    (key) =>
      key?.columns.length === columns.length && columns.every((column) => column && key.columns.includes(column)),
  )
}
