import { describe, expect, it } from 'vitest'
import { startEmbeddedServer } from '../src/source/embedded/server.js'

describe('the embedded server', () => {
  it('runs statements and gives rows as a session promises', async () => {
    const server = await startEmbeddedServer({ extensions: ['btree_gist'] })
    try {
      expect(await server.execute('create table t (a int, b bigint, c timestamptz)')).toBeNull()
      expect(await server.execute(`insert into t values (1, 2, '2026-01-01 00:00Z')`)).toBeNull()
      expect(await server.query('select a, b, array[a]::text[] as c, true as d from t')).toEqual([
        { a: 1, b: '2', c: ['1'], d: true },
      ])
      expect(await server.execute('select 1/0')).toMatchObject({ code: '22012' })
      expect(server.version).toBeGreaterThanOrEqual(180000)
    } finally {
      await server.close()
    }
  })

  it('gives the same rows for a planned question', async () => {
    const server = await startEmbeddedServer()
    try {
      const sql = `
        select n, 9223372036854775807 - n as "big ""one""", n::oid as id, 4294967295::oid as last, array[1, 4294967295]::oid[] as oids,
          'r'::"char" as kind, 'x'::name as name, 1.10 as price, timestamptz '2026-01-01 00:00Z' as at, date '2026-01-01' as day,
          array[n, null]::int2[] as "array", array['a', null, '{"}']::text[] as texts, n > 1 as flag, null::int as nothing,
          json_build_object('a', array[n]) as json, jsonb '[1, "b"]' as jsonb, float8 'NaN' as nan, float4 '-Infinity' as least,
          1.5::float8 as half, E'é\\n"\\\\' as text, interval '1 day' as span
        from generate_series(3, 1, -1) n order by 1 desc`
      expect(await server.queryByName?.('all', sql)).toEqual(await server.query(sql))
      expect(await server.queryByName?.('none', `${sql} limit 0`)).toEqual([])
    } finally {
      await server.close()
    }
  })

  it('has timeouts that can be read, and is never ended by them', async () => {
    const server = await startEmbeddedServer()
    try {
      const names = ['statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout']
      for (const name of names) expect(await server.execute(`set ${name} = '1ms'`)).toBeNull()
      expect(await server.execute('begin')).toBeNull()
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(await server.query(`select current_setting('transaction_timeout') as set, pg_sleep(0.01)`)).toEqual([
        { set: '1ms', pg_sleep: '' },
      ])
      expect(await server.execute('commit')).toBeNull()
    } finally {
      await server.close()
    }
  })
})

it.each(['discard temp', 'deallocate all', 'discard all'])(
  'answers a planned question in a transaction after %s',
  async (sql) => {
    const server = await startEmbeddedServer()
    const ask = async () => (await server.queryByName?.('answer', 'select 42 as answer'))?.[0]
    expect(await ask()).toEqual({ answer: 42 })
    expect(await server.execute(sql)).toBeNull()
    await server.execute('begin')
    expect(await ask()).toEqual({ answer: 42 })
    expect(await server.execute('commit')).toBeNull()
    await server.close()
  },
)
