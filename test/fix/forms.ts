import pg from 'pg'
import { compareCatalogs, describeCatalog } from '../../src/evidence/catalog/describe.js'
import type { Catalog } from '../../src/evidence/catalog/model.js'
import type { Target } from '../../src/evidence/target.js'
import { type Phase, PHASES, type Step } from '../../src/fix/step.js'
import { readLiveCatalog } from '../live-catalog.js'

/** A database on a real server, to which a fix is applied and from which it is taken back. */
export interface Workbench {
  readonly url: string
  query(sql: string): Promise<readonly Record<string, unknown>[]>
  catalog(): Promise<Catalog>
  /** Runs the steps of these phases in their order, each with its pre-check, and twice what may be run again. */
  apply(steps: readonly Step[], phases?: readonly Phase[]): Promise<void>
  undo(steps: readonly Step[]): Promise<void>
  /** What differs from another state of the catalog. */
  changedSince(before: Catalog): Promise<readonly string[]>
  close(): Promise<void>
}

/** Opens the workbench on an own database. */
export async function openWorkbench(url: string): Promise<Workbench> {
  const client = new pg.Client(url)
  await client.connect()
  const query = async (sql: string) => (await client.query<Record<string, unknown>>(sql)).rows
  const catalog = () => readLiveCatalog(url)
  return {
    url,
    query,
    catalog,
    async apply(steps, phases = PHASES) {
      for (const step of PHASES.flatMap((phase) => steps.filter((one) => one.phase === phase))) {
        if (!phases.includes(step.phase)) continue
        if (step.precheck) {
          const [row = {}] = await query(step.precheck)
          if (Number(Object.values(row)[0]) !== 0) throw new Error(`Rows are in the way: ${step.precheck}`)
        }
        await run(step.sql)
        if (!step.transactional && step.sql.startsWith('do ')) await run(step.sql)
      }
    },
    async undo(steps) {
      for (const { undo } of PHASES.flatMap((phase) => steps.filter((one) => one.phase === phase)).toReversed())
        if (undo !== null) await run(undo)
    },
    changedSince: async (before) => compareCatalogs(describeCatalog(before), describeCatalog(await catalog())),
    close: () => client.end(),
  }

  async function run(sql: string): Promise<void> {
    try {
      await client.query(sql)
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${sql}`, { cause: error })
    }
  }
}

/** Servers of one version, with tables that are as big as the test says. */
export function targetFor(major: number, bytes: number | null = null): Target {
  return { oldest: major * 10_000, newest: major * 10_000, sizeOf: () => bytes }
}
