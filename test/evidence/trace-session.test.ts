import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { timeoutIn, traceSession } from '../../src/evidence/migrations/trace-session.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import type { TransactionMode } from '../../src/source/files/runners.js'
import { startScratch } from '../scratch.js'

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

const trace = (script: string, options?: Parameters<typeof traceSession>[1]) =>
  traceSession(
    script.split(';').flatMap((text) => (text.trim() === '' ? [] : [{ text: text.trim() }])),
    options,
  )
const transactionsOf = (script: string, transaction: TransactionMode = 'none') =>
  trace(script, { transaction })
    .states.map(({ transaction, openedBy }) => `${transaction}${openedBy?.[0] ?? ''}`)
    .join(' ')

const SETTINGS = ['lock_timeout', 'statement_timeout'] as const
const setting = fc.constantFrom(...SETTINGS)
const value = fc.constantFrom("'2s'", '1500', "'1min'", '0', "'1.5s'", "' 3 h '", 'default')
/** `*` stands for a savepoint that is open. */
const blocks = fc.constantFrom(
  'begin',
  'begin',
  'start transaction',
  'commit',
  'end',
  'rollback',
  'abort',
  'commit and chain',
  'rollback and chain',
  'savepoint a',
  'savepoint "A"',
  'savepoint a',
  'release *',
  'rollback to *',
  'rollback to savepoint *',
)
const settings = fc.oneof(
  fc
    .tuple(fc.constantFrom('set', 'set local', 'set session'), setting, fc.constantFrom('=', 'to'), value)
    .map((words) => words.join(' ')),
  fc.constantFrom('reset all', 'reset lock_timeout', 'select 1'),
  fc
    .tuple(setting, fc.constantFrom("'700'", "'4min'"), fc.constantFrom('true', 'false', "'t'"))
    .map((call) => `select pg_catalog.set_config('${call[0]}', ${call[1]}, ${call[2]})`),
)

/** Runs what makes sense where it stands, each command followed by `after`. */
async function runScript(
  script: readonly string[],
  after: (place: number) => Promise<string>,
): Promise<readonly string[]> {
  await server.execute('rollback')
  await server.execute('reset all')
  const run: string[] = []
  let open: string[] = []
  let inBlock = false
  for (const written of script) {
    const needsSavepoint = written.includes('*')
    if ((needsSavepoint && open.length === 0) || (written.startsWith('savepoint') && !inBlock)) continue
    if (written.endsWith('and chain') && !inBlock) continue
    const text = written.replace('*', () => open.at(-1)!)
    expect(await server.execute(text), text).toBe(null)
    if (written.startsWith('savepoint')) open.push(text.replace('savepoint ', ''))
    if (written.startsWith('release')) open = open.slice(0, open.lastIndexOf(open.at(-1)!))
    if (/^(?:begin|start)/.test(written)) inBlock = true
    if (/^(?:commit|end|rollback|abort)(?! to)/.test(written)) {
      open = []
      inBlock = written.endsWith('chain')
    }
    run.push(text, await after(run.length + 1))
  }
  return run
}

interface Seen {
  readonly transaction: string
  readonly lock_timeout: number
  readonly statement_timeout: number
}

const LOOK = `select pg_catalog.pg_current_xact_id()::text as transaction,
  (select setting::int from pg_catalog.pg_settings where name = 'lock_timeout') as lock_timeout,
  (select setting::int from pg_catalog.pg_settings where name = 'statement_timeout') as statement_timeout`

describe('transactions and settings', () => {
  it('are what a server says, after any sequence of commands', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(blocks, settings), { minLength: 1, maxLength: 20 }), async (script) => {
        const seen: Seen[] = []
        const run = await runScript(script, async () => {
          seen.push((await server.query<Seen & Record<string, unknown>>(LOOK))[0]!)
          return 'select 1'
        })
        const { states } = traceSession(run.map((text) => ({ text })))
        const traced = states.filter((_, index) => index % 2 === 1)
        const groups = (numbers: readonly unknown[]) => numbers.map((number) => numbers.indexOf(number))
        expect(groups(traced.map(({ transaction }) => transaction))).toEqual(
          groups(seen.map(({ transaction }) => transaction)),
        )
        for (const timeout of SETTINGS) {
          expect(traced.map(({ settings }) => timeoutIn(settings, timeout) ?? 0)).toEqual(
            seen.map((one) => one[timeout]),
          )
        }
      }),
      { numRuns: 150 },
    )
    await server.execute('rollback')
    await server.execute('reset all')
  })

  it('say what is rolled back, as a server keeps it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(blocks, { minLength: 2, maxLength: 16 }), async (script) => {
        await server.execute('rollback')
        await server.execute('drop table if exists public.kept')
        await server.execute('create table public.kept (place int)')
        const run = await runScript(script, async (place) => {
          const insert = `insert into public.kept values (${place})`
          await server.execute(insert)
          return insert
        })
        await server.execute('commit')
        const rows = await server.query<{ place: number }>('select place from public.kept order by place')
        const { states } = traceSession(run.map((text) => ({ text })))
        const kept = states.flatMap(({ undoneBy }, index) => (index % 2 === 1 && undoneBy === null ? [index] : []))
        expect(rows.map(({ place }) => place)).toEqual(kept)
      }),
      { numRuns: 60 },
    )
    await server.execute('rollback')
    await server.execute('drop table if exists public.kept')
  })

  it('of one query are what a server makes of them', async () => {
    const log = `insert into public.log select pg_catalog.pg_current_xact_id(), pg_catalog.current_setting('lock_timeout')`
    const parts = fc.constantFrom(
      'begin',
      'commit',
      'rollback',
      `set local lock_timeout = '700ms'`,
      `set lock_timeout = '2s'`,
    )
    await server.execute(
      'create table public.log (transaction xid8, timeout text, place int generated always as identity)',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { maxLength: 8 }), async (script) => {
        await server.execute('rollback')
        await server.execute('reset all')
        await server.execute('truncate public.log restart identity')
        const run = [log, ...script.flatMap((text) => [text, log])]
        expect(await server.execute(run.join(';'))).toBe(null)
        await server.execute('commit')
        const { states } = traceSession(
          run.map((text) => ({ text })),
          { transaction: 'query' },
        )
        const kept = states.filter(({ undoneBy }, index) => index % 2 === 0 && undoneBy === null)
        const rows = await server.query<{ transaction: string; timeout: string }>(
          'select * from public.log order by place',
        )
        const groups = (numbers: readonly unknown[]) => numbers.map((number) => numbers.indexOf(number))
        expect(groups(kept.map(({ transaction }) => transaction))).toEqual(groups(rows.map((row) => row.transaction)))
        const readable = new Map([
          [0, '0'],
          [700, '700ms'],
          [2000, '2s'],
        ])
        expect(kept.map(({ settings }) => readable.get(timeoutIn(settings, 'lock_timeout') ?? 0))).toEqual(
          rows.map(({ timeout }) => timeout),
        )
      }),
      { numRuns: 100 },
    )
    await server.execute('reset all')
    await server.execute('drop table public.log')
  })

  it('are told apart by who opened the block', () => {
    expect(transactionsOf('create table t (); begin; select 1; commit; select 2')).toBe('1 2s 2s 2s 3')
    expect(transactionsOf('select 1; commit; select 2; select 3', 'each')).toBe('0r 0r 1 2')
    expect(transactionsOf('begin; select 1; commit; select 2', 'all')).toBe('0r 0r 0r 1')
  })

  it('say which commands do not do what they seem to', () => {
    expect(trace('begin; begin; commit; commit; set local lock_timeout = 1').irregularities).toEqual([
      { statement: 1, kind: 'begin-in-transaction' },
      { statement: 3, kind: 'end-without-transaction' },
      { statement: 4, kind: 'local-without-transaction' },
    ])
    expect(trace('select 1; commit', { transaction: 'each' }).irregularities).toEqual([
      { statement: 1, kind: 'ends-runner-transaction' },
    ])
    expect(trace('select 1; begin; select 2').irregularities).toEqual([{ statement: 1, kind: 'left-open' }])
    expect(trace("prepare transaction 'x'; select 1", { transaction: 'each' }).states[1]?.openedBy).toBe(null)
  })

  it('begin with what the runner set, and give nothing for what the text does not tell', () => {
    const settings = new Map([['lock_timeout', '5s']])
    const lockTimeouts = (script: string) =>
      trace(script, { settings, transaction: 'each' }).states.map((state) => timeoutIn(state.settings, 'lock_timeout'))
    expect(lockTimeouts("select 1; set lock_timeout = '1s'; reset lock_timeout; select 2")).toEqual([
      5000, 5000, 1000, 5000,
    ])
    expect(lockTimeouts("select set_config('lock_timeout', (select '1s'), true); select 1")).toEqual([5000, undefined])
    expect(lockTimeouts('do $$ begin set local lock_timeout to 100\n; end $$; select 1').at(-1)).toBe(undefined)
    expect(timeoutIn(new Map(), 'lock_timeout')).toBe(null)
  })
})
