import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeLeftOut, findPlatformSchemas } from '../src/engine/platforms.js'
import type { EmbeddedServer } from '../src/source/embedded/server.js'
import { startScratch, withSchema } from './scratch.js'

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

const AUTH = `
  create schema auth;
  create table auth.users (id uuid primary key);
  create table auth.identities (id uuid primary key);
  create table auth.refresh_tokens (id bigint primary key);`

it('leaves a platform out beside a schema of the user', async () => {
  await withSchema(server, `${AUTH} create table public.invoice (id int primary key)`, (catalog) => {
    const platforms = findPlatformSchemas({ catalog })
    expect([...platforms]).toEqual([['auth', 'Supabase Auth']])
    expect(describeLeftOut(catalog, platforms)).toEqual([
      { what: 'schema auth (3 tables)', reason: 'It belongs to Supabase Auth.', deliberate: true },
    ])
  })
})

it('reviews the platform where there is nothing else', async () => {
  await withSchema(server, AUTH, (catalog) => {
    expect([...findPlatformSchemas({ catalog })]).toEqual([])
  })
})

it('keeps a schema of a user that is only called like a platform', async () => {
  const own = 'create schema auth; create table auth.users (id int primary key); create table public.a (id int)'
  await withSchema(server, own, (catalog) => {
    expect([...findPlatformSchemas({ catalog })]).toEqual([])
  })
})

it('leaves out tables in which migration tools note what was applied, not those that are only called so', async () => {
  const tables = `
    create table public._prisma_migrations (id text primary key, migration_name text, finished_at timestamptz);
    create table public.alembic_version (version_num text);
    create table public.schema_migrations (id int, name text);
    create table public.invoice (id int primary key);`
  await withSchema(server, tables, (catalog) => {
    expect(describeLeftOut(catalog, findPlatformSchemas({ catalog }))).toEqual([
      { what: 'table public._prisma_migrations', reason: 'It belongs to Prisma.', deliberate: true },
      { what: 'table public.alembic_version', reason: 'It belongs to Alembic.', deliberate: true },
    ])
  })
})
