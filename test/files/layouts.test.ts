import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { LAYOUTS } from '../../src/source/files/layouts/index.js'
import { loadSqlFiles } from '../../src/source/files/load.js'

const ROOT = 'fixtures/layouts'

interface Expectation {
  /** Below the folder of the layout. */
  readonly path?: string
  readonly layout: string
  readonly applied: readonly string[]
  /** File → reason. */
  readonly leftOut?: Readonly<Record<string, string>>
  readonly relations: readonly string[]
  /** `kind name`. */
  readonly standIns?: readonly string[]
  readonly skipped?: readonly string[]
}

const TABLES = ['public.organizations', 'public.subscriptions']

const EXPECTED: Readonly<Record<string, Expectation>> = {
  flyway: {
    layout: 'flyway',
    applied: [
      'sql/V1__organizations.sql',
      'sql/V1.1__subscriptions.sql',
      'sql/V1_2__ended.sql',
      'sql/V1.10__canceled.sql',
      'sql/R__active_subscriptions.sql',
    ],
    leftOut: { 'sql/U1.10__canceled.sql': 'undoes a migration' },
    relations: ['public.organizations', 'public.subscriptions', 'schema.active_subscriptions'],
    standIns: ['other schema', 'schema schema'],
  },
  'flyway-baseline': {
    layout: 'flyway',
    applied: ['B2__baseline.sql', 'V3__subscriptions.sql'],
    leftOut: {
      'V1__old.sql': 'is summed up by a baseline',
      'V2__older.sql': 'is summed up by a baseline',
    },
    relations: TABLES,
  },
  'golang-migrate': {
    layout: 'golang-migrate',
    applied: ['1_organizations.up.sql', '2_subscriptions.up.sql', '10_canceled.up.sql'],
    leftOut: {
      '10_canceled.down.sql': 'undoes a migration',
      '1_organizations.down.sql': 'undoes a migration',
      '2_subscriptions.down.sql': 'undoes a migration',
    },
    relations: TABLES,
  },
  sqlx: {
    layout: 'sqlx',
    applied: ['migrations/20260101000000_organizations.sql', 'migrations/20260102000000_subscriptions.sql'],
    relations: TABLES,
  },
  goose: {
    layout: 'goose',
    applied: ['00001_organizations.sql', '00002_subscriptions.sql', '00010_index.sql'],
    relations: TABLES,
  },
  'sql-migrate': {
    layout: 'sql-migrate',
    applied: ['1_organizations.sql', '2_subscriptions.sql', '11_index.sql'],
    relations: TABLES,
  },
  dbmate: {
    layout: 'dbmate',
    applied: ['db/migrations/20260101000000_organizations.sql', 'db/migrations/20260102000000_subscriptions.sql'],
    leftOut: { 'db/schema.sql': 'sums up the migrations' },
    relations: TABLES,
  },
  diesel: {
    layout: 'diesel',
    applied: [
      'migrations/00000000000000_diesel_initial_setup/up.sql',
      'migrations/2025-12-31-101500_organizations/up.sql',
      'migrations/20260102000000_subscriptions/up.sql',
      'migrations/2026-02-01-000000_index/up.sql',
      'migrations/2026-03-01-000000_guard/up.sql',
    ],
    leftOut: {
      'migrations/00000000000000_diesel_initial_setup/down.sql': 'undoes a migration',
      'migrations/2025-12-31-101500_organizations/down.sql': 'undoes a migration',
      'migrations/2026-02-01-000000_index/down.sql': 'undoes a migration',
      'migrations/2026-03-01-000000_guard/down.sql': 'undoes a migration',
      'migrations/20260102000000_subscriptions/down.sql': 'undoes a migration',
    },
    relations: TABLES,
    standIns: ['table __diesel_schema_migrations'],
  },
  folders: {
    layout: 'folders',
    applied: ['0-organizations/up.sql', '1-subscriptions/up.sql', '10-canceled/up.sql'],
    leftOut: { '10-canceled/up_tests_after.sql': 'is no migration' },
    relations: TABLES,
  },
  hasura: {
    layout: 'hasura',
    applied: [
      'migrations/default/1735689600000_organizations/up.sql',
      'migrations/default/1735776000000_subscriptions/up.sql',
    ],
    leftOut: {
      'migrations/default/1735689600000_organizations/down.sql': 'undoes a migration',
      'migrations/default/1735776000000_subscriptions/down.sql': 'undoes a migration',
    },
    relations: TABLES,
  },
  prisma: {
    layout: 'prisma',
    applied: ['migrations/20260101000000_init/migration.sql', 'migrations/20260102000000_subscriptions/migration.sql'],
    relations: ['public.Organization', 'public.Subscription'],
  },
  drizzle: {
    layout: 'drizzle',
    applied: ['0000_zesty_organizations.sql', '0001_brave_subscriptions.sql'],
    leftOut: { '0001_discarded_draft.sql': 'is not in the journal' },
    relations: TABLES,
  },
  sqitch: {
    layout: 'sqitch',
    applied: [
      'deploy/organizations.sql',
      'deploy/billing/subscriptions.sql',
      'deploy/status_view@v1.0.sql',
      'deploy/status_view.sql',
    ],
    leftOut: Object.fromEntries(
      ['revert', 'verify'].flatMap((folder) =>
        ['billing/subscriptions', 'organizations', 'status_view'].map((name) => [
          `${folder}/${name}.sql`,
          'is no deploy script',
        ]),
      ),
    ),
    relations: ['public.organizations', 'public.status_counts', 'public.subscriptions'],
  },
  liquibase: {
    layout: 'liquibase',
    applied: ['changes/organizations.sql', 'changes/billing.sql'],
    relations: TABLES,
  },
  rails: {
    layout: 'rails',
    applied: ['db/structure.sql'],
    leftOut: { 'db/views/slugs_v01.sql': 'is part of structure.sql already' },
    relations: ['public.organizations', 'public.schema_migrations'],
  },
  supabase: {
    layout: 'supabase',
    applied: ['supabase/migrations/20260101000000_profiles.sql', 'supabase/migrations/20260102000000_avatars.sql'],
    leftOut: { 'supabase/seed.sql': 'is no migration' },
    relations: ['public.profiles'],
    standIns: [
      'other publication supabase_realtime',
      'other supabase platform',
      ...'anon authenticated authenticator dashboard_user service_role supabase_admin supabase_auth_admin supabase_storage_admin'
        .split(' ')
        .map((role) => `role ${role}`),
    ],
  },
  'node-pg-migrate': {
    layout: 'node-pg-migrate',
    applied: ['1767225600000_organizations.sql', '1767312000000_subscriptions.sql'],
    relations: TABLES,
  },
  knex: {
    layout: 'knex',
    applied: ['20260101000000_organizations.js', '20260102000000_subscriptions.js'],
    relations: TABLES,
  },
  typeorm: {
    layout: 'typeorm',
    applied: ['1767225600000-Organizations.ts', '1767312000000-Subscriptions.ts'],
    relations: TABLES,
  },
  sequelize: { layout: 'sequelize', applied: ['20260101000000-organizations.js'], relations: TABLES },
  kysely: { layout: 'kysely', applied: ['2026_01_01-organizations.ts'], relations: TABLES },
  'mikro-orm': { layout: 'mikro-orm', applied: ['Migration20260101000000.ts'], relations: TABLES },
  'db-migrate': {
    layout: 'db-migrate',
    applied: ['20260101000000-organizations.js'],
    leftOut: { 'sqls/20260101000000-organizations-up.sql': 'is read where the code names it' },
    relations: TABLES,
  },
  atlas: {
    layout: 'atlas',
    applied: ['20260102000000_checkpoint.sql', '20260103000000_subscriptions.sql'],
    leftOut: { '20260101000000_organizations.sql': 'is summed up by a checkpoint' },
    relations: TABLES,
  },
  tern: { layout: 'tern', applied: ['001_organizations.sql', '002_subscriptions.sql'], relations: TABLES },
  mybatis: { layout: 'mybatis', applied: ['20260101000000_organizations.sql'], relations: ['public.organizations'] },
  play: { layout: 'play', applied: ['1.sql', '2.sql'], relations: TABLES },
  'graphile-migrate': {
    layout: 'graphile-migrate',
    applied: ['committed/000001.sql', 'current.sql'],
    relations: TABLES,
  },
  postgrator: {
    layout: 'golang-migrate',
    applied: ['001.do.organizations.sql', '002.do.subscriptions.sql'],
    leftOut: { '001.undo.organizations.sql': 'undoes a migration' },
    relations: TABLES,
  },
  listed: {
    layout: 'listed',
    applied: ['organizations.sql', 'accounts.sql', 'billing.sql'],
    leftOut: { 'scratch.sql': 'is not in the list' },
    relations: ['public.accounts', 'public.organizations', 'public.subscriptions'],
  },
  'plain/dump': {
    layout: 'plain',
    applied: ['schema.sql'],
    relations: ['billing.plans'],
    standIns: ['role billing_owner', 'role reporting', 'tablespace fast'],
  },
  'plain/modules': {
    layout: 'plain',
    applied: ['a_foreign_keys.sql', 'tables.sql', 'data.sql'],
    leftOut: {
      'drop_all.sql': 'removes what other files make',
      'mysql/tables.sql': 'is for another database: mysql',
    },
    relations: ['public.plans', 'public.subscriptions'],
  },
  'plain/versions': { layout: 'plain', applied: ['v1.9.sql', 'v1.10.sql'], relations: ['public.plans'] },
  'plain/included': {
    layout: 'plain',
    applied: ['all.sql'],
    leftOut: {
      'parts/tables.sql': 'is included by all.sql',
      'parts/views.sql': 'is included by all.sql',
    },
    relations: ['public.plan_names', 'public.plans'],
  },
}

/** Relations of the user that no extension owns. */
const RELATIONS = `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'v') and n.nspname not in ('pg_catalog', 'information_schema')
    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1`

describe('migration layouts', () => {
  it.each(Object.entries(EXPECTED))('%s', async (folder, expected) => {
    const below = `${ROOT}/${folder}/`
    const loaded = await loadSqlFiles([below])
    try {
      const { layout, problems, standIns, session, positions } = loaded
      expect(problems).toEqual([])
      expect(layout.name).toBe(expected.layout)
      expect(layout.evidence === null).toBe(expected.layout === 'plain')
      expect(layout.applied.map((file) => file.replace(below, ''))).toEqual(expected.applied)
      expect(Object.fromEntries(layout.leftOut.map(({ file, reason }) => [file.replace(below, ''), reason]))).toEqual(
        expected.leftOut ?? {},
      )
      const relations = (await session.query<{ name: string }>(RELATIONS)).map(({ name }) => name)
      expect(relations).toEqual(expected.relations)
      expect(relations.filter((name) => !positions.has(name))).toEqual([])
      expect(standIns.map(({ kind, name }) => `${kind} ${name}`).toSorted()).toEqual(expected.standIns ?? [])
    } finally {
      await loaded.session.close()
    }
  })

  it('has a folder for every layout, and an expectation for every folder', () => {
    const folders = readdirSync(ROOT)
    const tested = Object.keys(EXPECTED)
    expect(folders.filter((folder) => !tested.some((name) => name.split('/')[0] === folder))).toEqual([])
    const layouts = new Set(Object.values(EXPECTED).map(({ layout }) => layout))
    expect(LAYOUTS.map(({ name }) => name).filter((name) => !layouts.has(name))).toEqual([])
  })
})
