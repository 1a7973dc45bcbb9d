import type { Catalog, Subject, Table } from '../evidence/catalog/model.js'
import type { Evidence, NotSeen } from '../evidence/model.js'

/** A schema that a platform or library made for itself: its name, and tables that tell it from a user's schema of that name. */
interface Platform {
  readonly name: string
  readonly schema: RegExp
  readonly tables: readonly string[]
}

const PLATFORMS: readonly Platform[] = [
  { name: 'Supabase Auth', schema: /^auth$/, tables: ['users', 'identities', 'refresh_tokens'] },
  { name: 'Supabase Storage', schema: /^storage$/, tables: ['buckets', 'objects'] },
  { name: 'Supabase Realtime', schema: /^_?realtime$/, tables: [] },
  {
    name: 'Supabase',
    schema: /^(supabase_migrations|supabase_functions|vault|graphql|graphql_public|pgbouncer|pgsodium)$/,
    tables: [],
  },
  { name: 'pg_cron', schema: /^cron$/, tables: ['job'] },
  { name: 'pg_partman', schema: /^partman$/, tables: [] },
  { name: 'TimescaleDB', schema: /^_?timescaledb_/, tables: [] },
  { name: 'Citus', schema: /^citus(_internal)?$/, tables: [] },
  { name: 'Graphile Worker', schema: /^graphile_worker$/, tables: [] },
  { name: 'pg-boss', schema: /^pgboss/, tables: ['job'] },
  { name: 'Hasura', schema: /^hdb_(catalog|views)$/, tables: [] },
  { name: 'Drizzle', schema: /^drizzle$/, tables: ['__drizzle_migrations'] },
  { name: 'PostGIS topology', schema: /^(topology|tiger|tiger_data)$/, tables: [] },
]

/** Tables in which migration tools note what was applied, and a column that tells them from a user's table of that name. */
const LEDGERS: readonly { readonly tool: string; readonly name: RegExp; readonly column: string }[] = [
  { tool: 'Rails', name: /^ar_internal_metadata$/, column: 'key' },
  { tool: 'a migration tool', name: /^schema_migrations$/, column: 'version' },
  { tool: 'Prisma', name: /^_prisma_migrations$/, column: 'migration_name' },
  { tool: 'Flyway', name: /^flyway_schema_history$/, column: 'installed_rank' },
  { tool: 'Alembic', name: /^alembic_version$/, column: 'version_num' },
  { tool: 'Knex', name: /^knex_migrations$/, column: 'migration_time' },
  { tool: 'Knex', name: /^knex_migrations_lock$/, column: 'is_locked' },
  { tool: 'Sequelize', name: /^SequelizeMeta$/, column: 'name' },
  { tool: 'TypeORM', name: /^typeorm_metadata$/, column: 'type' },
  { tool: 'node-pg-migrate', name: /^pgmigrations$/, column: 'run_on' },
  { tool: 'goose', name: /^goose_db_version$/, column: 'is_applied' },
  { tool: 'sql-migrate', name: /^gorp_migrations$/, column: 'applied_at' },
  { tool: 'Liquibase', name: /^databasechangelog$/, column: 'orderexecuted' },
  { tool: 'Liquibase', name: /^databasechangeloglock$/, column: 'lockgranted' },
  { tool: 'Drizzle', name: /^__drizzle_migrations$/, column: 'hash' },
  { tool: 'Diesel', name: /^__diesel_schema_migrations$/, column: 'run_on' },
  { tool: 'SQLx', name: /^_sqlx_migrations$/, column: 'checksum' },
  { tool: 'Django', name: /^django_migrations$/, column: 'app' },
  { tool: 'Entity Framework', name: /^__EFMigrationsHistory$/, column: 'MigrationId' },
]

/** The migration tool whose table it is; null for a user's own. */
export function toolOf(table: Table): string | null {
  const ledger = LEDGERS.find(({ name, column }) => name.test(table.name) && table.column(column) !== undefined)
  return ledger?.tool ?? null
}

/** The table that an object is or belongs to; null for others. */
export function tableOf(on: Subject): Table | null {
  if (on.kind === 'table') return on
  return 'table' in on && on.table.kind === 'table' ? on.table : null
}

/** Schemas of platforms in this catalog, by name. Where there is nothing else, the platform itself is what is reviewed. */
export function findPlatformSchemas({ catalog }: Pick<Evidence, 'catalog'>): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const { name } of catalog.schemas) {
    const platform = PLATFORMS.find(
      ({ schema, tables }) => schema.test(name) && tables.every((table) => catalog.table(name, table)),
    )
    if (platform) found.set(name, platform.name)
  }
  return catalog.tables.some(({ schema }) => !found.has(schema.name)) ? found : new Map()
}

/** The schema that an object is in, or is. */
export function schemaOf(on: Subject): string | null {
  if (on.kind === 'schema') return on.name
  if (on.kind === 'statement' || on.kind === 'query') return on.relation?.schema ?? null
  if ('table' in on) return on.table.schema.name
  return 'schema' in on ? (typeof on.schema === 'string' ? on.schema : on.schema.name) : null
}

/** A line for every platform schema and every table of a migration tool that was left out. */
export function describeLeftOut(catalog: Catalog, platforms: ReadonlyMap<string, string>): readonly NotSeen[] {
  return [
    ...[...platforms].map(([schema, platform]) => {
      const tables = catalog.tables.filter((table) => table.schema.name === schema).length
      return { what: `schema ${schema} (${tables} tables)`, reason: `It belongs to ${platform}.`, deliberate: true }
    }),
    ...catalog.tables.flatMap((table) => {
      const tool = platforms.has(table.schema.name) ? null : toolOf(table)
      return tool ? { what: `table ${table.address}`, reason: `It belongs to ${tool}.`, deliberate: true } : []
    }),
  ]
}
