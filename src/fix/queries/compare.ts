import type { Column } from '../../evidence/catalog/model.js'
import { quoteLiteral } from '../../quote.js'
import type { ScratchSession } from '../../source/session.js'
import { pick, type Random } from './random.js'

/** What running two queries with the same values came to. */
export interface Compared {
  /** Why they are not the same, or cannot be compared; null where every run gave the same rows. */
  readonly difference: string | null
  readonly runs: number
  /** Rows of all runs. */
  readonly rows: number
  /** Runs gave different numbers of rows, so that conditions had something to decide. */
  readonly varies: boolean
}

export interface Queries {
  readonly original: string
  readonly rewritten: string
  /** Values to try for a parameter, by its number from 1, as text; without any, those of its type. */
  readonly parameters: ReadonlyMap<number, readonly string[]>
}

const RUNS = 8

/** Values for parameters that no column tells of, by type. */
const OTHER_VALUES: Readonly<Record<string, readonly string[]>> = {
  integer: ['1', '2', '3', '100'],
  bigint: ['1', '2', '3', '100'],
  smallint: ['1', '2', '3'],
  numeric: ['1', '2.50', '10'],
  'double precision': ['1', '2.5'],
  boolean: ['true', 'false'],
  text: ['a', 'b', 'c d'],
  'character varying': ['a', 'b'],
  date: ['2026-01-01', '2026-01-31', '2026-02-01'],
  'timestamp without time zone': ['2026-01-31 00:00:00', '2026-02-01 00:00:00'],
  'timestamp with time zone': ['2026-01-31 00:00:00', '2026-02-01 00:00:00'],
  interval: ['1 day', '1 month'],
  'integer[]': ['{1,2}', '{3}'],
  'bigint[]': ['{1,2}', '{3}'],
  'text[]': ['{a,b}', '{}'],
}

/** Runs both queries with the same values, NULLs among them, and compares their rows regardless of order. Must run inside a transaction. */
export async function compareQueries(
  scratch: ScratchSession,
  { original, rewritten, parameters }: Queries,
  random: Random,
): Promise<Compared> {
  const none = { runs: 0, rows: 0, varies: false }
  for (const [name, text] of [
    ['original', original],
    ['rewritten', rewritten],
  ] as const) {
    // As JSON text, columns of one name stay apart.
    const error = await attempt(
      scratch,
      `prepare ${name} as select pg_catalog.row_to_json(q)::text as row from (${text}) as q`,
    )
    if (error) return { ...none, difference: `the ${name} query fails: ${error}` }
  }
  const types = await parameterTypes(scratch)
  const counts: number[] = []
  let runs = 0
  for (let run = 0; run < (types.length === 0 ? 1 : RUNS); run++) {
    const values = types.map((type, at) => chooseValue(type, parameters.get(at + 1) ?? [], run, random))
    if (values.includes(undefined)) return { ...none, difference: `nothing is known of values of ${types.join(', ')}` }
    const list = values.length === 0 ? '' : `(${values.join(', ')})`
    const [was, is] = [
      await rowsOf(scratch, `execute original ${list}`),
      await rowsOf(scratch, `execute rewritten ${list}`),
    ]
    if (typeof was === 'string' && typeof is === 'string') continue
    if (typeof was === 'string' || typeof is === 'string')
      return { ...none, difference: `one of both fails: ${typeof was === 'string' ? was : String(is)}` }
    runs++
    counts.push(was.length)
    if (!sameRows(was, is))
      return {
        ...none,
        difference: `it returns ${is.length} rows where the original returns ${was.length}, or other ones`,
      }
  }
  await scratch.execute('deallocate all')
  return {
    difference: null,
    runs,
    rows: counts.reduce((sum, count) => sum + count, 0),
    varies: new Set(counts).size > 1,
  }
}

/** A column that PostgreSQL gives no name may get one. */
function sameRows(was: readonly string[], is: readonly string[]): boolean {
  const unnamed = was[0]?.startsWith('{"?column?":') ?? false
  const plain = (row: string) => (unnamed ? row.replace(/^\{"[^"]*":/, '') : row)
  return was.length === is.length && was.every((row, at) => plain(row) === plain(is[at]!))
}

async function parameterTypes(scratch: ScratchSession): Promise<readonly string[]> {
  const prepared = await scratch.query<{ types: readonly string[] | null }>(
    `select parameter_types::text[] as types from pg_catalog.pg_prepared_statements where name in ('original', 'rewritten') order by name`,
  )
  const [original = [], rewritten = []] = prepared.map(({ types }) => types ?? [])
  return original.length >= rewritten.length ? original : rewritten
}

/** One run in eight has NULL. */
function chooseValue(type: string, known: readonly string[], run: number, random: Random): string | undefined {
  if (run === RUNS - 1) return 'null'
  const isList = type.endsWith('[]')
  if (isList && known.length > 0)
    return quoteLiteral(
      `{${known
        .slice(0, 1 + (run % 3))
        .map((value) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`)
        .join(',')}}`,
    )
  const value = pick(known.length > 0 ? known : (OTHER_VALUES[type] ?? []), random)
  return value === undefined ? undefined : quoteLiteral(value)
}

async function attempt(scratch: ScratchSession, sql: string): Promise<string | null> {
  await scratch.execute('savepoint compared')
  const error = await scratch.execute(sql)
  await scratch.execute(error ? 'rollback to savepoint compared' : 'release savepoint compared')
  return error?.message ?? null
}

/** Sorted rows as text, or why there are none. */
async function rowsOf(scratch: ScratchSession, sql: string): Promise<readonly string[] | string> {
  await scratch.execute('savepoint compared')
  try {
    const rows = await scratch.query<{ row: string }>(sql)
    await scratch.execute('release savepoint compared')
    return rows.map(({ row }) => row).toSorted()
  } catch (error) {
    await scratch.execute('rollback to savepoint compared')
    return (error as Error).message
  }
}

/** The values that columns hold in generated rows. */
export function valuesHeld(column: Column, rows: readonly ReadonlyMap<Column, string | null>[]): readonly string[] {
  return [...new Set(rows.flatMap((row) => row.get(column) ?? []))]
}
