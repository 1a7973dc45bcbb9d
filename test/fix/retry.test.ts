import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { audit } from '../../src/audit/audit.js'
import type { AuditResult } from '../../src/engine/result.js'
import { planMigration } from '../../src/fix/migration.js'
import { makeParts, type MigrationPart, type OutsideTransaction } from '../../src/fix/parts.js'
import { startServer, type TestServer } from '../servers.js'
import { AT, BASE, RULES } from './projects.js'

let server: TestServer
let result: AuditResult
beforeAll(async () => {
  server = await startServer(15)
  result = await audit({
    source: { kind: 'server', connection: await server.createDatabase(BASE) },
    rules: RULES,
    startedAt: AT,
  })
})

const partsFor = (outside: OutsideTransaction) => {
  const { planned, fixes } = planMigration(result.findings)
  return makeParts(planned, fixes, outside)
}
const partNamed = (parts: readonly MigrationPart[], name: RegExp) => {
  const part = parts.find((one) => name.test(one.name))
  if (!part) throw new Error(parts.map((one) => one.name).join())
  return part
}

/** Runs a part as tools do, and gives the error. */
async function run(client: pg.Client, { transactional, up }: MigrationPart): Promise<pg.DatabaseError | null> {
  const statements = up.map(({ sql }) => sql)
  try {
    for (const sql of transactional ? ['begin', ...statements, 'commit'] : statements) await client.query(sql)
    return null
  } catch (error) {
    await client.query('rollback')
    return error as pg.DatabaseError
  }
}

async function withClients<T>(use: (first: pg.Client, second: pg.Client, url: string) => Promise<T>): Promise<T> {
  const url = await server.createDatabase(BASE)
  const [first, second] = [new pg.Client(url), new pg.Client(url)]
  await Promise.all([first.connect(), second.connect()])
  try {
    return await use(first, second, url)
  } finally {
    await Promise.all([first.end(), second.end()])
  }
}

const indexOf = async (client: pg.Client) =>
  (
    await client.query<{ indisvalid: boolean }>(
      `select indisvalid from pg_index where indexrelid = to_regclass('subscription_organization_id_idx')`,
    )
  ).rows.map(({ indisvalid }) => indisvalid)

/** Begins the part while a writer is at work, and cancels it when its build waits for the writer. */
async function failBuild(migrator: pg.Client, writer: pg.Client, part: MigrationPart): Promise<string | undefined> {
  await writer.query('begin; insert into organization values (1, $$a$$)')
  await writer.query(`insert into subscription values (1, 1, now(), now() + interval '1 day')`)
  const running = run(migrator, part)
  for (;;) {
    // A transaction keeps what it saw of other sessions.
    await writer.query('select pg_stat_clear_snapshot()')
    const { rows } = await writer.query<{ pid: number }>(
      `select pid from pg_stat_activity where query ilike 'create index concurrently%' and wait_event_type = 'Lock'`,
    )
    if (rows[0]) {
      await writer.query('select pg_cancel_backend($1)', [rows[0].pid])
      break
    }
  }
  const error = await running
  await writer.query('commit')
  return error?.code
}

describe('a file that failed', () => {
  it('builds its index when it is run again, over the invalid one that is left', async () => {
    const part = partNamed(partsFor('statements'), /^expand_.*(?:idx|indexes)$/)
    await withClients(async (migrator, writer) => {
      expect(await failBuild(migrator, writer, part)).toBe('57014')
      expect(await indexOf(writer)).toEqual([false])
      expect(await run(migrator, part)).toBeNull()
      expect(await indexOf(writer)).toEqual([true])
      expect(await run(migrator, part)).toBeNull()
      const { rows } = await migrator.query(`select current_setting('lock_timeout') as wait`)
      expect(rows).toEqual([{ wait: '0' }])
    })
  })

  it('builds it after the clearing one is run again, where a file holds one statement', async () => {
    const parts = partsFor('statement')
    const clearing = partNamed(parts, /^expand_clear_invalid_indexes$/)
    const part = partNamed(parts, /^expand_subscription_organization_id_idx$/)
    expect(part.up).toHaveLength(1)
    await withClients(async (migrator, writer) => {
      expect(await run(migrator, clearing)).toBeNull()
      expect(await failBuild(migrator, writer, part)).toBe('57014')
      expect((await run(migrator, part))?.code).toBe('42P07')
      expect(await run(migrator, clearing)).toBeNull()
      expect(await run(migrator, part)).toBeNull()
      expect(await run(migrator, clearing)).toBeNull()
      expect(await indexOf(writer)).toEqual([true])
    })
  })

  it('gives up its wait for a lock, has done nothing, and runs when the table is free', async () => {
    const part = partNamed(partsFor('statements'), /^expand_trial$/)
    await withClients(async (migrator, writer) => {
      await writer.query('begin; lock table trial in access share mode')
      expect((await run(migrator, part))?.code).toBe('55P03')
      await writer.query('commit')
      expect(await run(migrator, part)).toBeNull()
      const { rows } = await migrator.query(`select current_setting('lock_timeout') as wait`)
      expect(rows).toEqual([{ wait: '0' }])
    })
  })

  it('says how many rows are in the way, before it takes a lock', async () => {
    const part = partNamed(partsFor('statements'), /^expand_trial$/)
    await withClients(async (migrator, writer) => {
      await writer.query(`insert into organization values (1, 'a')`)
      await writer.query(
        `insert into trial select id, 1, now(), now() - interval '1 day' from generate_series(1, 3) id`,
      )
      await writer.query('begin; lock table trial in access share mode')
      const error = await run(migrator, part)
      expect(error?.message).toBe('3 rows are in the way')
      expect(error?.hint).toBe('Find them: select count(*) from public.trial where not (period_end > period_start)')
      await writer.query('rollback')
    })
  })
})

it('never lets a transaction take strong locks on two tables', async () => {
  for (const outside of ['statements', 'statement'] as const)
    for (const { transactional, up } of partsFor(outside))
      if (transactional) {
        const altered = up.flatMap(({ sql }) => /^alter table (\S+)/.exec(sql)?.[1] ?? [])
        expect(new Set(altered).size).toBeLessThanOrEqual(1)
      }
})
