import {
  checkOf,
  grantsToOthers,
  guardColumnsOf,
  isConstantTrue,
  isEndUser,
  rule,
  type Catalog,
  type Table,
} from '../../src/kit.js'

/** So many tables that are guarded by a column make it the key of a tenant or a user. */
const ENOUGH = 2

export default rule({
  severity: 'error',
  tier: 'inferred',
  complexity: 'medium',
  docs: {
    summary: 'Enable row level security on every table that end users can reach, as its neighbours have it.',
    why: 'One table that was forgotten gives away the rows of every tenant, however well the others are guarded.',
    bad: `create table project (id bigint primary key, tenant_id bigint not null); alter table project enable row level security;
      create policy own on project using (tenant_id = current_setting('app.tenant')::bigint);
      create table task (id bigint primary key, tenant_id bigint not null); alter table task enable row level security;
      create policy own on task using (tenant_id = current_setting('app.tenant')::bigint);
      create table invoice (id bigint primary key, tenant_id bigint not null);`,
    good: `create table project (id bigint primary key, tenant_id bigint not null); alter table project enable row level security;
      create policy own on project using (tenant_id = current_setting('app.tenant')::bigint);
      create table task (id bigint primary key, tenant_id bigint not null); alter table task enable row level security;
      create policy own on task using (tenant_id = current_setting('app.tenant')::bigint);
      create table currency (code text primary key);`,
    unless: 'Only services that see all tenants may read the table; then take the privileges of the others away.',
    references: ['https://www.postgresql.org/docs/current/ddl-rowsecurity.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const guards = guardsOf(catalog)
    const partitions = new Map<Table, Table[]>()
    for (const table of catalog.tables) {
      if (table.rowSecurity || table.policies.length > 0 || table.variety === 'foreign') continue
      const reached = grantsToOthers(table, catalog).filter(({ privilege }) => privilege !== 'REFERENCES')
      const root = rootOf(table)
      if (root !== table) {
        if (root.rowSecurity && root.policies.length > 0 && reached.length > 0)
          partitions.set(root, [...(partitions.get(root) ?? []), table])
        continue
      }
      const changers = reached.filter(
        ({ grantee, privilege }) => isEndUser(grantee) && grantee !== 'PUBLIC' && /UPDATE|DELETE/.test(privilege),
      )
      const guard = guards.find(
        ({ column, type, schema, readers }) =>
          schema === table.schema.name &&
          table.column(column)?.type.name === type &&
          (readers.size === 0 || reached.some(({ grantee }) => grantee === 'PUBLIC' || readers.has(grantee))),
      )
      if (changers.length > 0 && table.schema.grants.some(({ grantee }) => isEndUser(grantee))) {
        const roles = [...new Set(changers.map(({ grantee }) => grantee))]
        yield { on: table, facts: { kind: 'exposed', names: roles }, assessment: { tier: 'declared' } }
      } else if (guard) {
        yield {
          on: table,
          related: guard.tables,
          facts: { kind: 'unlike its neighbours', names: [guard.column, ...guard.tables.map(String)] },
        }
      }
    }
    for (const [root, bare] of partitions) {
      const names = bare.map(String)
      yield { on: root, related: bare, facts: { kind: 'partitions', names }, assessment: { tier: 'declared' } }
    }
  },

  message: ({ on, facts: { kind, names } }) => {
    if (kind === 'exposed') return `${names.join(' and ')} may change every row of ${on}: it has no row level security.`
    if (kind === 'partitions')
      return `The policies of ${on} do not hold for who reads a partition directly, as privileges on ${some(names)} allow.`
    const [column, ...tables] = names
    return `${on} has no row level security, though ${some(tables)} ${tables.length === 1 ? 'is' : 'are'} guarded by ${column}, which it has too.`
  },

  advice: ({ facts: { kind } }) =>
    kind === 'partitions'
      ? 'Take the privileges on the partitions away (reading through the parent does not need them), or enable row level security on each of them.'
      : 'Enable row level security and write the policies that its neighbours have; or take away the privileges of whoever must not read all of it.',
})

interface Guard {
  readonly schema: string
  readonly column: string
  readonly type: string
  readonly tables: readonly Table[]
  /** Who may read the guarded tables, apart from owners; empty when no grants are known. */
  readonly readers: ReadonlySet<string>
}

/** Columns by which at least two tables of a schema are guarded for everybody who is not trusted. */
function guardsOf(catalog: Catalog): readonly Guard[] {
  const guards = new Map<string, { schema: string; column: string; type: string; tables: Table[] }>()
  for (const table of catalog.tables) {
    if (!table.rowSecurity || table.partitionOf || isReadable(table)) continue
    for (const column of new Set(table.policies.flatMap(guardColumnsOf))) {
      const type = table.column(column)?.type.name
      if (!type || column === 'id') continue
      const key = JSON.stringify([table.schema.name, column, type])
      const guard = guards.get(key) ?? { schema: table.schema.name, column, type, tables: [] }
      guard.tables.push(table)
      guards.set(key, guard)
    }
  }
  return [...guards.values()]
    .filter(({ tables }) => tables.length >= ENOUGH)
    .map((guard) => ({
      ...guard,
      readers: new Set(guard.tables.flatMap((table) => grantsToOthers(table, catalog).map(({ grantee }) => grantee))),
    }))
}

/** Everybody may read all of it: the guard is about writes alone. */
function isReadable({ policies }: Table): boolean {
  return policies.some(
    (policy) =>
      policy.permissive &&
      ['select', 'all'].includes(policy.command) &&
      (isConstantTrue(policy.using) || (policy.using === null && checkOf(policy) === null)),
  )
}

function rootOf(table: Table): Table {
  return table.partitionOf ? rootOf(table.partitionOf) : table
}

function some(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${names.length - 2} others`
}
