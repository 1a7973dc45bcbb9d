import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Catalog } from '../../src/evidence/catalog/model.js'
import { proveFixes } from '../../src/fix/prove.js'
import type { Step } from '../../src/fix/step.js'
import { statement } from '../../src/fix/steps/statement.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { EmbeddedServerEnded } from '../../src/source/embedded/thread.js'
import type { ScratchSession, ServerError } from '../../src/source/session.js'
import { emptyDatabase, startScratch } from '../scratch.js'

const FULL: ServerError = {
  message: 'could not extend file "base/5/16384": No space left on device',
  code: '53100',
  detail: null,
  hint: 'Check free disk space.',
  position: null,
}

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

/** Two fixes, a column each, on two tables; what the server does about the second one's statement is given. */
async function proveTwo(answer: () => ServerError) {
  const openScratch = async (): Promise<ScratchSession> => {
    await emptyDatabase(server)
    await server.execute('create table public.one (id int); create table public.two (id int)')
    await server.execute('set search_path to pg_catalog')
    const transact: ScratchSession['transact'] = async (sql, questions) =>
      sql.startsWith('alter table public.two add')
        ? { error: answer(), atCommit: false, before: [], behind: [] }
        : server.transact(sql, questions)
    const { version, query, execute } = server
    return { version, query, execute, transact, close: async () => undefined }
  }
  const candidates = ['one', 'two'].map((name) => ({
    id: name,
    table: `public.${name}`,
    steps: [
      statement(`alter table public.${name} add a int`, `alter table public.${name} drop a`, { phase: 'expand' }),
    ],
  }))
  const judge = ({ tables }: Catalog) =>
    tables.flatMap(({ name, address, columns }) =>
      columns.length === 1 ? [{ id: name, rule: 'r', address, table: address }] : [],
    )
  const proofs = await proveFixes(
    { openScratch, judge },
    candidates.map((one) => ({ candidates: [one] })),
  )
  return [...proofs].map(([id, { refused, ran }]) => ({ id, refused, ran }))
}

it('refuses a fix for which the scratch server has no space, and proves the others', async () => {
  expect(await proveTwo(() => FULL)).toEqual([
    { id: 'one', refused: null, ran: true },
    { id: 'two', refused: `It fails: ${FULL.message}.`, ran: false },
  ])
})

it('refuses what was not settled when the scratch server crashed, and keeps what was', async () => {
  const crash = () => {
    throw new EmbeddedServerEnded('crash', 'The embedded PostgreSQL crashed: out of memory.')
  }
  expect(await proveTwo(crash)).toEqual([
    { id: 'one', refused: null, ran: true },
    { id: 'two', refused: 'The proof was broken off: The embedded PostgreSQL crashed: out of memory.', ran: false },
  ])
})

it('refuses only the last of what brings something new together', async () => {
  const names = ['one', 'two', 'three']
  const openScratch = async (): Promise<ScratchSession> => {
    await emptyDatabase(server)
    await server.execute(names.map((name) => `create table public.${name} (id int)`).join('; '))
    await server.execute('set search_path to pg_catalog')
    const { version, query, execute, transact } = server
    return { version, query, execute, transact, close: async () => undefined }
  }
  const candidates = names.map((name) => ({
    id: name,
    table: `public.${name}`,
    steps: [
      statement(`alter table public.${name} add a int`, `alter table public.${name} drop a`, { phase: 'expand' }),
    ],
  }))
  // Something elsewhere is seen once one and three are both as they should be.
  const judge = ({ tables }: Catalog) => {
    const done = new Set(tables.filter(({ columns }) => columns.length > 1).map(({ name }) => name))
    const open = names.filter((name) => !done.has(name)).map((name) => ({ id: name, table: `public.${name}` }))
    const elsewhere = done.has('one') && done.has('three') ? [{ id: 'elsewhere', table: 'public.six' }] : []
    return [...open, ...elsewhere].map(({ id, table }) => ({ id, table, rule: 'r', address: table }))
  }
  const proofs = await proveFixes({ openScratch, judge }, [{ candidates }])
  expect(Object.fromEntries([...proofs].map(([id, { refused }]) => [id, refused]))).toEqual({
    one: null,
    two: null,
    three: 'The fix would bring a new finding: r on public.six.',
  })
})

it('says of a fix that fails beside another that it does not by itself', async () => {
  const openScratch = async (): Promise<ScratchSession> => {
    await emptyDatabase(server)
    await server.execute('create table public.one (id int, note text)')
    await server.execute('set search_path to pg_catalog')
    return { ...server, close: async () => undefined }
  }
  const viewed = statement('create view public.noted as select id, note from public.one', 'drop view public.noted')
  const retyped = statement(
    'alter table public.one alter column id type bigint',
    'alter table public.one alter column id type int',
    { phase: 'switch' },
  )
  const candidate = (id: string, ...steps: readonly Step[]) => ({ id, table: 'public.one', steps })
  const judge = ({ views, tables }: Catalog) => [
    ...(views.length === 0 ? [{ id: 'view', rule: 'r', address: 'a', table: null }] : []),
    ...(tables[0]?.column('id')?.type.name === 'int4' ? [{ id: 'type', rule: 'r', address: 'a', table: null }] : []),
  ]
  const proofs = await proveFixes({ openScratch, judge }, [
    { candidates: [candidate('view', viewed), candidate('type', retyped)] },
  ])
  expect(proofs.get('view')).toMatchObject({ refused: null, ran: true })
  expect(proofs.get('type')).toMatchObject({
    refused:
      'It fails: cannot alter type of a column used by a view or rule. It does so beside the other fixes, not by itself: scan again once these are applied.',
    ran: true,
  })
})

it('holds nothing against a fix that was said of the whole schema before', async () => {
  const openScratch = async (): Promise<ScratchSession> => {
    await emptyDatabase(server)
    await server.execute('create table public.one (id int); create table public.two (id int)')
    await server.execute('set search_path to pg_catalog')
    const { version, query, execute, transact } = server
    return { version, query, execute, transact, close: async () => undefined }
  }
  const steps = [statement('alter table public.one add a int', 'alter table public.one drop a', { phase: 'expand' })]
  // What is said of the schema while no table is as it should be, is said of one table afterwards.
  const judge = ({ tables }: Catalog) => {
    const isDone = tables.some(({ columns }) => columns.length > 1)
    return isDone
      ? ['habit', 'other'].map((rule) => ({ id: rule, rule, address: 'public.two', table: 'public.two' }))
      : [
          { id: 'one', rule: 'r', address: 'public.one', table: 'public.one' },
          { id: 'all', rule: 'habit', address: 'public', table: null },
        ]
  }
  const proofs = await proveFixes({ openScratch, judge }, [{ candidates: [{ id: 'one', table: 'public.one', steps }] }])
  expect(proofs.get('one')?.refused).toBe('The fix would bring a new finding: other on public.two.')
})
