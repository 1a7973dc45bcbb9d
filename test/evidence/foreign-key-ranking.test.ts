import { afterAll, beforeAll, expect, it } from 'vitest'
import { judge } from '../../src/engine/judge.js'
import { loadRules } from '../../src/engine/load-rules.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { readFixture, startScratch, withSchema } from '../scratch.js'

const SCHEMA = `
  create table tenant (id bigint primary key);
  create table plan (id bigint primary key, tenant_id bigint, unique (id, tenant_id));
  create table country (code text primary key);
  create table usage (id bigint primary key, tenant_id bigint references tenant, country text references country);
  create table setting (id bigint primary key, tenant_id bigint references tenant);
  create table price (id bigint primary key, plan_id bigint, tenant_id bigint, foreign key (plan_id, tenant_id) references plan (id, tenant_id));
  create index on price (plan_id);
  -- statistics: public.tenant {"inserted": 9000, "deleted": 500, "updated": 10}
  -- statistics: public.country {"inserted": 200}
  -- statistics: public.usage {"rows": 50000000, "liveRows": 50000000, "sizeBytes": 9000000000, "totalSizeBytes": 9000000000}
  -- statistics: public.setting {"rows": 90, "liveRows": 90, "sizeBytes": 8192, "totalSizeBytes": 8192}
  -- statistics: public.price {"rows": 100000, "liveRows": 100000, "sizeBytes": 8000000, "totalSizeBytes": 8000000}`

let server: EmbeddedServer
beforeAll(async () => void (server = await startScratch()))
afterAll(() => server.close())

it('weighs a missing index by how often the referenced table is deleted from, and how much is read then', async () => {
  const rules = (await loadRules()).filter(({ id }) => id === 'indexes/missing-foreign-key-index')
  const fixture = readFixture(SCHEMA)
  await withSchema(server, fixture.schema, (catalog) => {
    const found = judge(rules, fixture.evidence(catalog)).judged.map(({ finding }) => finding)
    expect(found.map(({ address, severity, impact }) => [address.replace('public.', ''), severity, impact])).toEqual([
      ['price.price_plan_id_tenant_id_fkey', 'info', 'low'],
      ['setting.setting_tenant_id_fkey', 'info', 'low'],
      ['usage.usage_country_fkey', 'info', 'low'],
      ['usage.usage_tenant_id_fkey', 'warning', 'high'],
    ])
    expect(found[0]?.message).toContain('only partly served')
    expect(found.at(-1)?.message).toContain('(about 50000000 rows)')
  })
})
