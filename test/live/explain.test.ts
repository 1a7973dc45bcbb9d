import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit } from '../../src/audit/audit.js'
import type { AuditResult } from '../../src/engine/result.js'
import { nodesOf } from '../../src/evidence/plans/conditions.js'
import type { PlanNode } from '../../src/evidence/plans/model.js'
import { readServerLogs } from '../../src/evidence/workload/log/read.js'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import { readJsonPlan } from '../../src/evidence/plans/read-json.js'
import { readTextPlan } from '../../src/evidence/plans/read-text.js'
import { asRole, type Major, startServer, type TestServer } from '../servers.js'

const folder = mkdtempSync(join(tmpdir(), 'explain-'))
const queries = join(folder, 'queries.sql')

/** Every second car is one of one make, and a model has one make; one state has nearly all rows. */
const SCHEMA = `
create table car (id bigint primary key, make int not null, model int not null, state text not null, padding text not null);
insert into car select n, n % 20, n % 20 + 20 * (n % 2), case when n % 1000 = 0 then 'failed' || n % 50000 else 'done' end, repeat('x', 40)
  from generate_series(1, 60000) n;
create index car_state_idx on car (state);
create table note (id bigint primary key, car_id bigint not null, body text not null);
insert into note select n, n, 'note ' || n from generate_series(1, 1500) n;
create table side_effect (at timestamptz not null);
create function leave_a_trace() returns int language sql volatile as 'insert into side_effect values (now()) returning 1';
create view traced as select id, leave_a_trace() as trace from note;
create role reader login password 'reader';
grant select on car to reader;
analyze;`

const QUERIES = `
-- name: by_model
select id from car where make = 3 and model = 23;
-- name: in_order
select padding, id from car order by padding, id desc;
-- name: pairs
select n.id from note n join note m on m.body like n.body || '%' || n.id;
-- name: found_by_padding
select id from car where padding = 'IBAN DE89';
-- name: by_state
select id, padding from car where state = $1;
-- name: traces
select id, trace from traced where id = 1;
-- name: written
update car set padding = 'gone' where id = 1;
-- name: written_by_with
with gone as (delete from note where id = 1 returning id) select id from gone;
-- name: gone
select id from car where colour = 'red';
-- name: no_query
truncate note;
vacuum note;
`

beforeAll(async () => {
  await loadParser()
  writeFileSync(queries, QUERIES)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function summaryOf({ findings }: AuditResult): readonly string[] {
  return findings.map(({ rule, address, fix }) => `${rule} ${address}${fix ? ` (${fix.status})` : ''}`)
}

describe.each<Major>([14, 18])('plans of PostgreSQL %s', (major) => {
  let server: TestServer
  let url: string
  /** Fixes are proven by a server of its own, which is one for both. */
  const isProven = major === 18
  const explain = (analyze: boolean, { connection = url, prove = false, workload = queries } = {}) =>
    audit({
      prove,
      source: { kind: 'server', connection },
      workload: [workload],
      rules: [
        'queries/missing-extended-statistics',
        'queries/misestimated-scan',
        'queries/spill-to-disk',
        'queries/nested-loop-over-many-rows',
        'queries/rows-dropped-by-filter',
        'queries/generic-plan-hazard',
      ],
      explain: { analyze },
      startedAt: new Date(0),
    })

  beforeAll(async () => {
    server = await startServer(major, {
      settings: {
        log_statement: 'all',
        logging_collector: 'on',
        log_filename: 'all.log',
        log_line_prefix: '%m [%p] %q%u@%d ',
        lc_messages: 'C',
        shared_preload_libraries: 'auto_explain',
      },
    })
    url = await server.createDatabase(SCHEMA)
  })
  afterAll(() => server.stop())

  it('asks for plans, and runs nothing', async () => {
    const result = await explain(false)
    expect(summaryOf(result)).toEqual([
      'queries/rows-dropped-by-filter query by_model',
      'queries/generic-plan-hazard query by_state',
      'queries/rows-dropped-by-filter query found_by_padding',
      'queries/nested-loop-over-many-rows query pairs',
    ])
    expect(result.notSeen.filter(({ what }) => what.includes('plan'))).toEqual([
      { what: 'the plan of gone', reason: 'It was not explained: column "colour" does not exist.' },
    ])
    const said = JSON.stringify(result.findings)
    expect(said).not.toContain('DE89')
    const log = readFileSync(join(server.socketDirectory ?? '', 'data/log/all.log'), 'utf8')
    expect(log).toMatch(/explain \(/)
    expect(log).not.toMatch(/explain \(analyze/)
    // Only what a savepoint or EXPLAIN stands before was sent of the workload.
    expect(
      log
        .split('\n')
        .filter((line) => /(?:execute <unnamed>|statement): *(?:truncate|vacuum note|update car)/.test(line)),
    ).toEqual([])
    expect(await server.run('select count(*)::int as traces from side_effect', url)).toEqual([{ traces: 0 }])
  })

  it('measures what only reads, when it may run it', async () => {
    const result = await explain(true, { prove: isProven })
    expect(summaryOf(result)).toEqual([
      expect.stringMatching(/^queries\/missing-extended-statistics public.car/),
      'queries/rows-dropped-by-filter query by_model',
      'queries/generic-plan-hazard query by_state',
      'queries/rows-dropped-by-filter query found_by_padding',
      'queries/spill-to-disk query in_order',
      'queries/nested-loop-over-many-rows query pairs',
    ])
    const [statistics] = result.findings
    if (isProven) expect(statistics?.fix?.status).toBe('proven')
    expect(statistics?.evidence.facts).toEqual({
      sets: [
        {
          columns: ['make', 'model'],
          expected: expect.any(Number),
          returned: expect.any(Number),
          queries: ['by_model'],
        },
      ],
    })
    if (isProven)
      expect(statistics?.fix?.up[0]).toMatch(
        /^create statistics public\.car_make_model_stat \(ndistinct, dependencies, mcv\) on make, model from public\.car/,
      )
    expect(result.notSeen.filter(({ what }) => what.includes('plan'))).toEqual([
      { what: 'the plan of gone', reason: 'It was not explained: column "colour" does not exist.' },
      {
        what: 'measured plan of traces',
        reason: 'It was not run: it calls leave_a_trace(), which may change something.',
      },
      { what: 'measured plan of written and of 1 more', reason: 'It was not run: it changes rows.' },
    ])
    expect(await server.run('select count(*)::int as traces from side_effect', url)).toEqual([{ traces: 0 }])
    expect(await server.run(`select count(*)::int as notes from note`, url)).toEqual([{ notes: 1500 }])
  })

  it('says once what a role may not read', async () => {
    const { notSeen } = await explain(false, { connection: asRole(url, 'reader') })
    expect(notSeen.filter(({ what }) => what.includes('plan')).map(({ reason }) => reason)).toEqual(
      expect.arrayContaining([expect.stringContaining('permission denied')]),
    )
  })

  const TRICKY = [
    'select id from car where make = 3 and model = 23',
    'set enable_hashjoin = off; set enable_mergejoin = off; select c.id from car c left join note n on n.car_id = c.id where c.id < 300',
    'select count(*) from car where state = (select max(state) from car)',
    'with few as materialized (select * from note limit 10) select * from few s join car on car.id = s.car_id',
    'select state, count(*) from car group by state order by 2 desc limit 3',
    'select * from car where id in (select car_id from note) order by padding, id desc',
    `create table "Odd ""name""" ("a b" int primary key); insert into "Odd ""name""" select generate_series(1, 500); analyze; select * from "Odd ""name""" "x y" where "a b" = 7`,
    'select * from generate_series(1, 3) g, lateral (values (g), (g)) v',
    `update car set padding = 'z' where id = 3`,
  ]

  it('are read alike from text and JSON', async () => {
    for (const statements of TRICKY) {
      const [last, ...before] = statements.split('; ').toReversed()
      const plan = async (format: string) => {
        const rows = await server.run(
          `begin; ${before
            .toReversed()
            .map((one) => `${one};`)
            .join(' ')} explain (analyze, timing off, format ${format}) ${last}`,
          url,
        )
        return rows.map((row) => row['QUERY PLAN'])
      }
      const [text, [json]] = [await plan('text'), await plan('json')]
      const [read, other] = [readTextPlan(text.join('\n')), readJsonPlan(json)]
      expect(read).not.toBeNull()
      expect(comparable(read!)).toEqual(comparable(other!))
    }
  })

  it('are found in logs of auto_explain in both formats', async () => {
    for (const format of ['text', 'json'])
      for (const sql of [
        'select id from car where make = 3 and model = 23',
        'select padding, id from car order by padding, id desc',
      ])
        await server.run(sql, withOptions(url, `${EXPLAINED} -c auto_explain.log_format=${format}`))
    await sleep(300)
    const log = join(folder, `${major}.log`)
    const own = join(server.socketDirectory ?? '', 'data/log')
    writeFileSync(log, readFileSync(join(own, readdirSync(own).find((name) => name.endsWith('.log')) ?? '')))
    const { workload } = await readServerLogs([log], { database: new URL(url).pathname.slice(1) })
    const planned = new Map(workload.plans?.map(({ fingerprint, root }) => [fingerprint, root]))
    const root = workload.queries
      .filter(({ sql }) => sql.includes('model = 23'))
      .map(({ fingerprint }) => planned.get(fingerprint))
      .find((plan) => plan !== undefined)
    expect(nodesOf(root!).map(({ type }) => type)).toContain('Seq Scan')
    const result = await audit({
      source: { kind: 'server', connection: url },
      workload: [log],
      rules: ['queries/missing-extended-statistics', 'queries/spill-to-disk'],
      prove: false,
      startedAt: new Date(0),
    })
    expect(new Set(result.findings.map(({ rule }) => rule))).toEqual(
      new Set(['queries/missing-extended-statistics', 'queries/spill-to-disk']),
    )
  })

  it('has nothing to add once the statistics are there', async () => {
    const one = join(folder, 'by-model.sql')
    writeFileSync(one, QUERIES.slice(0, QUERIES.indexOf('-- name: in_order')))
    const told = async () => summaryOf(await explain(true, { workload: one }))
    const dropped = 'queries/rows-dropped-by-filter query by_model'
    expect(await told()).toEqual([expect.stringContaining('missing-extended-statistics public.car'), dropped])
    await server.run('create statistics car_stat on make, model from car; analyze car', url)
    expect(await told()).toEqual([dropped])
  })
})

it('needs a live server', async () => {
  await expect(
    audit({ source: { kind: 'files', paths: [queries] }, explain: { analyze: false }, startedAt: new Date(0) }),
  ).rejects.toThrow('--explain asks a live server how it runs queries, and none was named.')
})

/** For sessions that ask for it alone: the plans of what reads the catalog would take longer than all else. */
const EXPLAINED = '-c auto_explain.log_min_duration=0 -c auto_explain.log_analyze=on'

function withOptions(url: string, options: string): string {
  const other = new URL(url)
  other.searchParams.set('options', options)
  return other.href
}

/** Text rounds costs as JSON does; schemas stand in neither, unless asked for. */
function comparable({ children, conditions, ...node }: PlanNode): unknown {
  return { ...node, conditions, children: children.map(comparable) }
}
