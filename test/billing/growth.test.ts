import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listCitusCalls } from '../../src/billing/growth/citus.js'
import { planDistribution, type DistributionPlan } from '../../src/billing/growth/distribution.js'
import { adviseGrowth, growthOf } from '../../src/billing/growth/growth.js'
import { routeQuery } from '../../src/billing/growth/routing.js'
import type { Catalog } from '../../src/evidence/catalog/model.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { readWorkload } from '../../src/evidence/workload/read.js'
import { readFixture, startScratch, withFixture, withSchema } from '../scratch.js'

const FOLDER = 'fixtures/distribution'
const schema = readFileSync(`${FOLDER}/schema.sql`, 'utf8')
const labelled = [
  ...readFileSync(`${FOLDER}/queries.sql`, 'utf8').matchAll(/-- name: (\S+)\n-- route: (\S+)\n([^;]+;)/g),
].map(([, name = '', route = '', sql = '']) => ({ name, route, sql }))

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

describe('the plan of a distribution', () => {
  const placements = ({ tables }: DistributionPlan) =>
    Object.fromEntries(
      tables.map(({ table, placement, column }) => [table.name, column ? `by ${column.name}` : placement]),
    )

  it('distributes what belongs to a tenant, copies what that refers to, and leaves the rest', async () => {
    await withSchema(server, schema, (catalog) => {
      const plan = planDistribution(catalog)!
      expect(placements(plan)).toEqual({
        invoice: 'by tenant_id',
        job: 'local',
        payment: 'by tenant_id',
        plan: 'reference',
        subscription: 'by tenant_id',
        tenant: 'by id',
        usage_event: 'by tenant_id',
      })
      expect(plan.obstacles).toEqual([])
    })
  })

  it('takes foreign keys between distributed tables away and brings them back', async () => {
    await withSchema(server, schema, (catalog) => {
      const calls = listCitusCalls(planDistribution(catalog)!)
      const kinds = calls.map((call) => /drop|reference_table|distributed_table|add/.exec(call)?.[0])
      expect(kinds.join(' ')).toBe(
        `${'drop '.repeat(6)}reference_table ${'distributed_table '.repeat(5)}${'add '.repeat(6)}`.trim(),
      )
      expect(calls).toContain(
        "select create_distributed_table('public.payment', 'tenant_id', colocate_with => 'public.tenant');",
      )
    })
  })

  it('names every key that stands in the way, with its cure', async () => {
    const sql = `
      create table "Mandant" (id bigint primary key, firma text not null);
      create table kunde (id bigint primary key, mandant_id bigint not null references "Mandant", nummer text not null unique);
      create table rechnung (id bigint primary key, mandant_id bigint not null references "Mandant", kunde_id bigint not null references kunde);
      create table posten (rechnung_id bigint not null references rechnung, nr integer not null, primary key (rechnung_id, nr));
      create table zahlung (id bigint, mandant_id bigint not null references "Mandant", primary key (mandant_id, id));
      create table gutschrift (mandant_id bigint not null references "Mandant", id bigint, primary key (mandant_id, id));
      create table land (code char(2) primary key, groesster_kunde_id bigint references kunde);
      alter table kunde add land char(2) references land;`
    await withSchema(server, sql, (catalog) => {
      const plan = planDistribution(catalog)!
      expect(placements(plan)).toMatchObject({ posten: 'distributed', land: 'reference', zahlung: 'by mandant_id' })
      expect(plan.obstacles.map(({ on, cure }) => `${on.name}: ${cure}`)).toEqual([
        'kunde_nummer_key: Make it (mandant_id, nummer); nummer alone is then unique within one mandant_id only.',
        'kunde_pkey: Make it (mandant_id, id); id alone is then unique within one mandant_id only.',
        'land_groesster_kunde_id_fkey: Drop the foreign key, or give public.land the column mandant_id so that it is distributed too.',
        'posten: Add mandant_id, fill it from public.rechnung by (rechnung_id), make it NOT NULL, and carry it in that foreign key.',
        'posten_pkey: Make it (mandant_id, rechnung_id, nr); rechnung_id, nr alone is then unique within one mandant_id only.',
        'posten_rechnung_id_fkey: Make it FOREIGN KEY (mandant_id, rechnung_id) REFERENCES public.rechnung (mandant_id, id).',
        'rechnung_pkey: Make it (mandant_id, id); id alone is then unique within one mandant_id only.',
        'rechnung_kunde_id_fkey: Make it FOREIGN KEY (mandant_id, kunde_id) REFERENCES public.kunde (mandant_id, id).',
      ])
    })
  })

  it('is none where nobody owns most rows', async () => {
    const sql =
      'create table book (id bigint primary key); create table page (id bigint primary key, book_id bigint references book);'
    await withSchema(server, sql, (catalog) => expect(planDistribution(catalog)).toBeNull())
  })
})

describe('what Citus does with a query', () => {
  let plan: DistributionPlan
  let catalog: Catalog
  beforeAll(() =>
    withSchema(server, schema, (read) => {
      catalog = read
      plan = planDistribution(read)!
    }),
  )

  it.each(labelled)('$name: $route', ({ route, sql }) => {
    const [query] = readWorkload(sql, 'queries.sql').workload.queries
    expect(routeQuery(query!.tree, plan, catalog).route).toBe(route)
  })
})

describe('growth', () => {
  const GIB = 2 ** 30
  const review = (statistics: object, queries: string) =>
    withFixture(
      server,
      readFixture(
        `${schema}\n-- statistics: public.usage_event ${JSON.stringify(statistics)}\n-- workload\n${queries}`,
      ),
      (catalog, _, evidence) => {
        const { statistics: counted, workload } = evidence(catalog)
        return growthOf(catalog, counted, workload).map((growth) => ({ growth, advice: adviseGrowth(growth) }))
      },
    )
  const large = {
    rows: 1_500_000_000,
    liveRows: 1_500_000_000,
    inserted: 730_000_000,
    sizeBytes: 110 * GIB,
    totalSizeBytes: 180 * GIB,
  }

  it('asks for partitions by time where rows are read and deleted by their age, and says what they cost', async () => {
    const [found] = await review(
      large,
      `select sum(quantity) from usage_event where tenant_id = $1 and occurred_at >= $2 and occurred_at < $3;
       delete from usage_event where occurred_at < $1;`,
    )
    expect(found?.growth).toMatchObject({
      rowsPerDay: 2_000_000,
      daysUntilLarge: 0,
      queries: { all: 2, byTime: 2, byTenant: 1, sums: 1, deletes: 1 },
    })
    expect(found?.advice.map(({ action }) => action)).toEqual(['partition by time', 'BRIN index', 'rollup table'])
    expect(found?.advice[0]?.costs).toContain('usage_event_pkey (tenant_id, id) must take occurred_at in')
  })

  it('asks for partitions by tenant where queries name the tenant and no time', async () => {
    const [found] = await review(large, 'select * from usage_event where tenant_id = $1 and id = $2;')
    expect(found?.advice.map(({ action }) => action)).toEqual(['partition by tenant'])
  })

  it('tells when a table will be large, and asks for nothing yet', async () => {
    const growing = {
      rows: 80_000_000,
      liveRows: 80_000_000,
      inserted: 7_300_000,
      sizeBytes: 8 * GIB,
      totalSizeBytes: 10 * GIB,
    }
    const [found] = await review(growing, 'select * from usage_event where tenant_id = $1 and id = $2;')
    expect(found?.growth).toMatchObject({ rowsPerDay: 20_000, daysUntilLarge: null })
    expect(found?.advice).toEqual([])
  })

  it('is silent about small tables', async () => {
    expect(
      await review({ rows: 1000, liveRows: 1000, sizeBytes: 81_920, totalSizeBytes: 163_840 }, 'select 1;'),
    ).toEqual([])
  })
})
