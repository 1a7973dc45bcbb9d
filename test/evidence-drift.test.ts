import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findDrift } from '../src/evidence/catalog/drift.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import type { Catalog } from '../src/evidence/catalog/model.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import { loadParser } from '../src/kit.js'
import type { EmbeddedServer } from '../src/source/embedded/server.js'
import { openLiveSession } from '../src/source/live/session.js'
import { startScratch, withSchema } from './scratch.js'
import { startServer } from './servers.js'

const SCHEMA = readFileSync(new URL('../fixtures/valueverse/schema.sql', import.meta.url), 'utf8')

let embedded: EmbeddedServer
let files: Catalog
beforeAll(async () => {
  await loadParser()
  embedded = await startScratch()
  files = await withSchema(embedded, SCHEMA, (catalog) => catalog)
})
afterAll(() => embedded.close())

async function driftOf(major: 14 | 15, changes: string) {
  const server = await startServer(major)
  const session = await openLiveSession(await server.createDatabase(`${SCHEMA};\n${changes}`))
  try {
    return findDrift(files, linkCatalog(await readCatalog(session)))
  } finally {
    await session.close()
  }
}

it('sees no drift between two versions that made the same schema', async () => {
  expect(await driftOf(14, '')).toEqual([])
})

it('names every difference once', async () => {
  const drift = await driftOf(
    15,
    `alter table invoices alter column currency drop default, add column extra text;
     drop table webhook_deliveries;
     drop index usage_events_recent_idx;
     create table hotfix (id int primary key, note text);
     alter table subscriptions alter column status type varchar(20)`,
  )
  expect(drift.map(({ kind, address, change }) => `${change}: ${kind} ${address}`)).toEqual(
    expect.arrayContaining([
      'only in the database: table public.hotfix',
      'only in the database: column public.invoices.extra',
      'only in the files: table public.webhook_deliveries',
      'only in the files: index public.usage_events.usage_events_recent_idx',
      'different: column public.subscriptions.status',
    ]),
  )
  expect(drift.filter(({ address }) => /hotfix\.|webhook_deliveries\./.test(address))).toEqual([])
  expect(drift.find(({ address }) => address === 'public.subscriptions.status')?.details).toEqual([
    { what: 'type', files: 'text', database: 'character varying(20)' },
  ])
})
