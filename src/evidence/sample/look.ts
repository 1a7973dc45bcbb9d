import { ConnectionError } from '../../errors.js'
import type { Row, RowSession } from '../../source/session.js'
import type { Obstacle } from './model.js'

/** How long rows may be looked at, in milliseconds. */
export interface Budget {
  readonly statement: number
  readonly table: number
  readonly run: number
}

export const BUDGET: Budget = { statement: 5000, table: 10_000, run: 300_000 }

/** What a look gave, or why it gave nothing. */
export type Look<T extends Row = Row> =
  | { readonly rows: readonly T[]; readonly milliseconds: number; readonly at: string }
  | { readonly obstacle: Obstacle; readonly reason: string }

/** Looks at rows of one table as long as its share of the time lasts. */
export type LookAt = <T extends Row>(sql: string) => Promise<Look<T>>

export function saw<T extends Row>(look: Look<T>): look is Extract<Look<T>, { rows: unknown }> {
  return 'rows' in look
}

/** Gives each table its share of the time of the run; what fails is a reason, and the next look goes on. */
export function createLooks(session: RowSession, budget: Budget = BUDGET, signal?: AbortSignal) {
  let left = budget.run
  let lost: string | null = null
  return {
    at(): LookAt {
      let ofTable = budget.table
      return async <T extends Row>(sql: string): Promise<Look<T>> => {
        signal?.throwIfAborted()
        if (lost !== null) return { obstacle: 'error', reason: lost }
        const time = Math.min(budget.statement, ofTable, left)
        if (time < 1)
          return left < 1
            ? { obstacle: 'budget', reason: `The ${budget.run / 1000} s for looking at rows were used up.` }
            : { obstacle: 'budget', reason: `The ${budget.table / 1000} s for the rows of one table were used up.` }
        const start = performance.now()
        try {
          const rows = await session.look<T>(sql, time)
          return { rows, milliseconds: Math.round(performance.now() - start), at: new Date().toISOString() }
        } catch (error) {
          signal?.throwIfAborted()
          if (error instanceof ConnectionError) lost = error.message
          return refuse(error)
        } finally {
          const spent = performance.now() - start
          ofTable -= spent
          left -= spent
        }
      }
    },
  }
}

const OBSTACLES: Readonly<Record<string, Obstacle>> = {
  '57014': 'timeout',
  '42501': 'no privilege',
  '55P03': 'locked',
  '40001': 'replica conflict',
  '40P01': 'replica conflict',
  '42883': 'no equality',
  '42704': 'no equality',
}

/** The server's refusal as a reason; anything that no server said is a bug. */
function refuse(error: unknown): { readonly obstacle: Obstacle; readonly reason: string } {
  const { code, message } = error as { readonly code?: string; readonly message: string }
  if (code === undefined && !(error instanceof ConnectionError)) throw error
  return { obstacle: OBSTACLES[code ?? ''] ?? 'error', reason: /[.!?]$/.test(message) ? message : `${message}.` }
}
