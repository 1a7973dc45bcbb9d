import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { EvidenceError } from '../../src/errors.js'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import { linkCatalog } from '../../src/evidence/catalog/link.js'
import type { RawCatalog } from '../../src/evidence/catalog/raw.js'
import { linkStatistics } from '../../src/evidence/statistics/link.js'
import type { RawStatistics } from '../../src/evidence/statistics/raw.js'
import { addShards, type ShardRow } from '../../src/evidence/statistics/shards.js'
import type { Row } from '../../src/source/session.js'

/**
 * What Citus 13.0 on PostgreSQL 15 gave: two tables of four shards on two nodes, and a reference table. The rows of
 * `withoutNode` were read when one of the nodes was stopped.
 */
interface Recorded {
  readonly catalog: RawCatalog
  readonly statistics: RawStatistics
  readonly rows: readonly ShardRow[]
  readonly withoutNode: readonly ShardRow[]
}

const recorded = JSON.parse(readFileSync('fixtures/distribution/recorded.json', 'utf8')) as Recorded
const { catalog, statistics } = recorded

function answering(rows: readonly ShardRow[]) {
  const query = <T extends Row>() => Promise.resolve(rows as readonly Row[] as readonly T[])
  return { query }
}

/** Counters as rules see them. */
async function counted(session: Parameters<typeof addShards>[2]) {
  const raw = await addShards(statistics, catalog, session)
  const linked = linkCatalog(catalog)
  const read = linkStatistics(raw, catalog)
  const table = (name: string) => linked.table('public', name)!
  const index = (name: string) => linked.indexes().find((one) => one.name === name)!
  return { raw, read, table, index }
}

beforeAll(loadParser)

describe('a cluster of Citus', () => {
  it('is read as distributed and reference tables', () => {
    const { tables } = linkCatalog(catalog)
    expect(
      tables.map(({ name, distribution }) => [name, distribution?.kind, distribution?.column?.name ?? null]),
    ).toEqual([
      ['plan', 'reference', null],
      ['tenant', 'distributed', 'id'],
      ['usage_event', 'distributed', 'tenant_id'],
    ])
    const [, tenant, event] = tables
    expect(tenant?.distribution?.colocation).toBe(event?.distribution?.colocation)
  })

  it('has the counters of its shards added up, which the coordinator does not have', async () => {
    const own = statistics.tables.find(({ relation }) => relation === recorded.rows.at(-1)!.relation)
    expect(own).toMatchObject({ rows: 0, inserted: '0' })
    const { raw, read, table, index } = await counted(answering(recorded.rows))
    expect(raw.notSeen).toEqual([])
    expect(read.table(table('usage_event'))).toMatchObject({ rows: 5000, inserted: 5000, updated: 100, liveRows: 5000 })
    expect(read.table(table('tenant'))).toMatchObject({ rows: 50, inserted: 50 })
    expect(read.index(index('usage_event_time_idx'))?.scans).toBe(2)
    const shards = read.shards(table('usage_event'))
    expect(shards.map(({ shard, node }) => `${shard} ${node}`)).toEqual([
      '102013 127.0.0.1:55502',
      '102014 127.0.0.1:55503',
      '102015 127.0.0.1:55502',
      '102016 127.0.0.1:55503',
    ])
    expect(shards.reduce((sum, { rows }) => sum + rows, 0)).toBe(5000)
  })

  it('that has lost a node is scanned without the counters of what lies there, and says so', async () => {
    const { raw, read, table, index } = await counted(answering(recorded.withoutNode))
    expect(raw.notSeen).toEqual([
      {
        what: 'Counters of shards',
        reason:
          'Shard 102010 on 127.0.0.1:55503 and 3 more did not answer: failed to connect to 127.0.0.1:55503. Tables with such shards have no counters.',
      },
    ])
    expect(read.table(table('usage_event'))).toBeUndefined()
    expect(read.index(index('usage_event_time_idx'))).toBeUndefined()
    expect(read.table(table('plan'))).toBeDefined()
  })

  it('that does not let its shards be asked is scanned without them', async () => {
    const refusing = {
      query: () => Promise.reject(new EvidenceError('permission denied for function run_command_on_shards')),
    }
    const { raw, read, table } = await counted(refusing)
    expect(raw.notSeen).toEqual([
      {
        what: 'Counters of shards',
        reason:
          'run_command_on_shards failed: permission denied for function run_command_on_shards Distributed tables have no counters.',
      },
    ])
    expect(read.table(table('tenant'))).toBeUndefined()
  })

  it('hides no bug of ours behind that', async () => {
    await expect(addShards(statistics, catalog, { query: () => Promise.reject(new TypeError('x')) })).rejects.toThrow(
      TypeError,
    )
  })
})
