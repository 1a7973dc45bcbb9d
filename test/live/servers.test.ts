import { describe, expect, it } from 'vitest'
import { MAJORS, startServer } from '../servers.js'

describe('the test servers', () => {
  it.each(MAJORS)('start PostgreSQL %i', async (major) => {
    const server = await startServer(major)
    const url = await server.createDatabase('create extension btree_gist; create table a (id int)')
    expect(await server.run(`select count(*)::int as tables from pg_class where relname = 'a'`, url)).toEqual([
      { tables: 1 },
    ])
    expect(await server.run(`select current_setting('server_version_num')::int / 10000 as major`)).toEqual([{ major }])
    await server.stop()
  })
})
