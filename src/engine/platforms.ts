import type { Catalog, Subject } from '../evidence/catalog/model.js'
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

/** A line for every platform schema that was left out. */
export function describeLeftOut(catalog: Catalog, platforms: ReadonlyMap<string, string>): readonly NotSeen[] {
  return [...platforms].map(([schema, platform]) => {
    const tables = catalog.tables.filter((table) => table.schema.name === schema).length
    return { what: `schema ${schema} (${tables} tables)`, reason: `It belongs to ${platform}.`, deliberate: true }
  })
}
