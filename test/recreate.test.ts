import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { compareCatalogs, describeCatalog } from '../src/evidence/catalog/describe.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import type { Catalog } from '../src/evidence/catalog/model.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import { recreateCatalog } from '../src/fix/recreate.js'
import { quoteIdentifier } from '../src/quote.js'
import { startScratch } from './scratch.js'

const SCHEMAS = ['../fixtures/valueverse/schema.sql', '../fixtures/recreate.sql']

it.each(SCHEMAS)('makes the catalog of %s again', async (file) => {
  const [original, copy] = await Promise.all([startScratch(), startScratch()])
  try {
    await original.execute('reset search_path')
    expect(await original.execute(readFileSync(new URL(file, import.meta.url), 'utf8'))).toBeNull()
    await original.execute('set search_path to pg_catalog')
    const before = linkCatalog(await readCatalog(original))
    const { roles, statements } = recreateCatalog(before)
    for (const role of roles) await copy.execute(`create role ${quoteIdentifier(role)}`)
    let pending = statements
    for (let round = 0; round < 3; round++) {
      const failed: string[] = []
      for (const statement of pending) if (await copy.execute(statement)) failed.push(statement)
      pending = failed
    }
    expect(pending).toEqual([])
    const after = linkCatalog(await readCatalog(copy))
    expect(compareCatalogs(describeCatalog(before), describeCatalog(after))).toEqual([])
    const published = ({ tables }: Catalog) => tables.map(({ address, publications }) => [address, publications])
    expect(published(after)).toEqual(published(before))
  } finally {
    await Promise.all([original.close(), copy.close()])
  }
})
