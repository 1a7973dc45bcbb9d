import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import prettier from 'prettier'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit } from '../src/audit/audit.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import { parseSnapshot, renderSnapshotSchema } from '../src/evidence/snapshot.js'
import { takeSnapshot } from '../src/audit/take-snapshot.js'
import { startServer } from './servers.js'

const SCHEMA = 'fixtures/valueverse/schema.sql'
const startedAt = new Date('2026-01-01T00:00:00Z')

let folder: string
let file: string
let url: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-test-'))
  file = join(folder, 'snapshot.json')
  const server = await startServer(15)
  url =
    await server.createDatabase(`${readFileSync(SCHEMA, 'utf8')}; insert into organizations (name, slug, billing_email, country_code)
    select 'secret name ' || g, 'secret-slug-' || g, 'secret@example.com', 'DE' from generate_series(1, 20) g; analyze`)
  writeFileSync(file, await takeSnapshot({ connection: url, takenAt: startedAt }))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a snapshot', () => {
  it('gives the findings of the server that it was taken of', async () => {
    const withoutData = ({ findings }: Awaited<ReturnType<typeof audit>>) =>
      findings.map(({ rule, address, message, fix }) => ({ rule, address, message, fix: fix && { ...fix, data: [] } }))
    const live = await audit({ source: { kind: 'server', connection: url }, startedAt })
    const saved = await audit({ source: { kind: 'snapshot', path: file }, startedAt })
    expect(withoutData(saved)).toEqual(withoutData(live))
    expect(saved.findings.length).toBeGreaterThan(0)
  })

  // `npx vitest run test/snapshot.test.ts -u` writes it anew.
  it('is described by the published schema, which is not stale', async () => {
    const generated = await prettier.format(renderSnapshotSchema(), { parser: 'json', printWidth: 120 })
    await expect(generated).toMatchFileSnapshot('../schema/snapshot.json')
  })

  it('is valid by the published schema, which has no place for values of rows', () => {
    const validate = new Ajv2020({ strict: false }).compile(
      JSON.parse(readFileSync('schema/snapshot.json', 'utf8')) as object,
    )
    const read = () =>
      JSON.parse(readFileSync(file, 'utf8')) as { version: number; statistics: { columns: Record<string, unknown>[] } }
    const taken = read()
    expect(validate(taken), JSON.stringify(validate.errors)).toBe(true)
    expect(taken.statistics.columns.length).toBeGreaterThan(0)
    expect(validate({ ...taken, catalog: {} })).toBe(false)
    Object.assign(taken.statistics.columns[0] ?? {}, { mostCommonValues: ['secret'] })
    expect(validate(taken)).toBe(false)
  })

  it('holds no row', () => {
    expect(readFileSync(file, 'utf8')).not.toMatch(/secret/)
  })

  it('holds values of rows only when asked to', async () => {
    const text = await takeSnapshot({ connection: url, withValues: true, takenAt: startedAt })
    expect(text).toMatch(/secret name 1/)
    expect(parseSnapshot(text, 'x.json').statistics?.columns.length).toBeGreaterThan(0)
  })

  it('takes positions from files, and sees no drift from them', async () => {
    const result = await audit({ source: { kind: 'snapshot', path: file, files: [SCHEMA] }, startedAt, prove: false })
    expect(result.drift).toEqual([])
    const inFiles = result.findings.filter(({ object }) => object.kind !== 'database')
    expect(inFiles.length).toBeGreaterThan(5)
    for (const { location } of inFiles) expect(location?.file).toBe(SCHEMA)
  })

  it.each([
    ['not json', 'it is not JSON'],
    ['{"format": "other"}', 'is not a snapshot'],
    [
      () => readFileSync(file, 'utf8').replace('"version":1', '"version":99'),
      'is a snapshot of version 99; this tool reads up to 1',
    ],
  ])('is refused when it is damaged or from the future', (text, message) => {
    expect(() => parseSnapshot(typeof text === 'string' ? text : text(), 'x.json')).toThrow(message)
  })
})

describe('a catalog of Citus', () => {
  it('tells distributed, reference and local tables apart', () => {
    const { catalog } = parseSnapshot(readFileSync(file, 'utf8'), file)
    const oidOf = (name: string) => catalog.relations.find((relation) => relation.name === name)?.oid ?? 0
    const { tables } = linkCatalog({
      ...catalog,
      distribution: [
        { relation: oidOf('invoices'), method: 'h', colocation: 7, column: 'organization_id' },
        { relation: oidOf('subscription_plans'), method: 'n', colocation: 3, column: null },
        { relation: oidOf('organizations'), method: 'n', colocation: 0, column: null },
      ],
    })
    const distributionOf = (name: string) => {
      const { kind, column, colocation } = tables.find((table) => table.name === name)?.distribution ?? {}
      return { kind, column: column?.address, colocation }
    }
    expect(distributionOf('invoices')).toEqual({
      kind: 'distributed',
      column: 'public.invoices.organization_id',
      colocation: 7,
    })
    expect(distributionOf('subscription_plans')).toEqual({ kind: 'reference', column: undefined, colocation: 3 })
    expect(distributionOf('organizations').kind).toBeUndefined()
  })
})
