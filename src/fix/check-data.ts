import type { Catalog } from '../evidence/catalog/model.js'
import type { Statistics } from '../evidence/statistics/model.js'
import type { Row, Session } from '../source/session.js'
import { findAffectedTables, listTables } from './affected.js'
import type { DataCheck } from './data-check.js'
import { listCounted } from './listing.js'
import type { Step } from './step.js'

/** How many keys are named. */
const NAMED = 10

/** Where rows may be looked at, and for how long in all, in milliseconds. */
export interface Looking {
  readonly session: Session
  readonly catalog: Catalog
  readonly statistics: Statistics | null
  readonly budget: number
}

/**
 * Counts the rows in the way of every step that has a pre-check, small tables first. What takes too long, is locked or may
 * not be read is not checked, and says why. Gives the checks by the SELECT that counts.
 */
export async function checkData(
  steps: readonly Step[],
  { session, catalog, statistics, budget }: Looking,
): Promise<ReadonlyMap<string, DataCheck>> {
  const before = listTables(catalog)
  const counts = new Map(steps.flatMap((step) => (step.precheck ? [[step.precheck, step] as const] : [])))
  const sized = [...counts].map(([count, step]) => {
    const bytes = findAffectedTables(count, before).map((address) => {
      const table = catalog.tables.find((one) => one.address === address)
      return (table && statistics?.table(table)?.sizeBytes) ?? 0
    })
    return { count, step, bytes: bytes.reduce((sum, one) => sum + one, 0) }
  })
  const end = Date.now() + budget
  const checks = new Map<string, DataCheck>()
  for (const { count, step } of sized.toSorted((a, b) => a.bytes - b.bytes))
    checks.set(
      count,
      Date.now() < end
        ? await check(step, count, session, catalog)
        : notChecked(count, step, catalog, `The ${budget / 1000} s for looking at rows were used up.`),
    )
  return checks
}

/** A check that was not made. */
export function notChecked(count: string, step: Step, catalog: Catalog, reason: string): DataCheck {
  const listing = step.listing ?? listCounted(count, catalog)
  return {
    count,
    listing: listing?.sql ?? null,
    outcome: 'not checked',
    rows: null,
    keyColumns: listing?.columns ?? [],
    keys: [],
    reason,
  }
}

async function check(step: Step, count: string, session: Session, catalog: Catalog): Promise<DataCheck> {
  const unchecked = notChecked(count, step, catalog, '')
  try {
    const [row = {}] = await session.query(count)
    const rows = Number(Object.values(row)[0] ?? 0)
    if (rows === 0) return { ...unchecked, outcome: 'clear', rows, reason: null }
    const keys = await listKeys(session, unchecked.listing)
    return {
      ...unchecked,
      outcome: 'in the way',
      rows,
      keys: keys.map((key) => printKey(unchecked.keyColumns.map((column) => key[column]))),
      reason: null,
    }
  } catch (error) {
    return { ...unchecked, reason: explain(error) }
  }
}

/** None where they cannot be listed in time. */
async function listKeys(session: Session, listing: string | null): Promise<readonly Row[]> {
  if (listing === null) return []
  return session.query(`${listing} limit ${NAMED}`).catch(() => [])
}

function printKey(values: readonly unknown[]): string {
  const printed = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
  return printed.length === 1 ? printed.join() : `(${printed.join(', ')})`
}

function explain(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message: string }
  // An earlier step of the same fix makes the column or the table.
  if (code === '42703' || code === '42P01') return 'It can be counted only when an earlier statement has run.'
  return /[.!?]$/.test(message) ? message : `${message}.`
}
