import { describe, expect, it } from 'vitest'
import { linkCatalog } from '../../src/evidence/catalog/link.js'
import { readCatalog } from '../../src/evidence/catalog/read.js'
import { openLiveSession } from '../../src/source/live/session.js'
import { findContainerEngine, startContainer, startServer } from '../servers.js'

const engine = await findContainerEngine()
const rung = engine ? 'a container' : 'npm or system, for no container engine answers here'
console.log(`  test/live/container.test.ts: PostgreSQL from ${rung}${engine ? `, by ${engine}` : ''}.`)

describe(`PostgreSQL from ${rung}`, () => {
  it('is read like every other', async () => {
    const server = engine ? await startContainer() : await startServer(15)
    console.log(`  rung «${server.rung}», PostgreSQL ${server.major}`)
    expect(server.rung === 'container').toBe(engine !== null)
    const url = await server.createDatabase(
      'create table customers (id int primary key); create table invoices (id int primary key, customer_id int references customers)',
    )
    const session = await openLiveSession(url)
    try {
      expect(Math.floor(session.version / 10000)).toBe(server.major)
      const { tables } = linkCatalog(await readCatalog(session))
      expect(tables.map(({ address }) => address)).toEqual(['public.customers', 'public.invoices'])
    } finally {
      await session.close()
    }
    await server.stop()
    await expect(openLiveSession(url)).rejects.toThrow(/./)
  }, 300_000)
})
