import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import type { Readable } from 'node:stream'
import { EvidenceError } from '../../../errors.js'
import { shownPath } from '../../../source/files/find.js'
import type { NotSeen } from '../../model.js'
import type { LoggedPlan } from '../../plans/model.js'
import { readJsonPlan } from '../../plans/read-json.js'
import { readTextPlan } from '../../plans/read-text.js'
import type { QuerySequence, Workload, WorkloadQuery } from '../model.js'
import { type ParsedQuery, parseQuery } from '../parse-query.js'
import { createCsvReader } from './csv.js'
import type { LogEntry, LogReader } from './entry.js'
import { createJsonReader } from './json.js'
import type { Loop } from './loops.js'
import { createStderrReader } from './stderr.js'
import { startTally, type Tallied, type Tally } from './tally.js'

const WORDLESS =
  'No message of it tells of a statement; log_min_duration_statement logs them, in English with lc_messages = C.'
const ELSEWHERE =
  'No message of it tells of a statement in this database; log_min_duration_statement logs them, in English with lc_messages = C.'

/** Bytes; larger pieces do not stay in the processor's cache. */
const PIECE = 1 << 18

export interface LogOptions {
  /** The server's `log_line_prefix`; inferred from the lines when not given. */
  readonly linePrefix?: string
  /** Name of the database whose messages count; all when not given. */
  readonly database?: string
  /** Told after each piece: bytes on disk that are read, and their number in all. */
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/**
 * Reads server logs (`stderr`, `csvlog`, `jsonlog`, each gzipped or not) in the order given, in memory that does not grow
 * with them. The parser must be loaded. Throws EvidenceError for a file that is no log.
 */
export async function readServerLogs(
  paths: readonly string[],
  options: LogOptions = {},
): Promise<{ readonly workload: Workload; readonly notSeen: readonly NotSeen[] }> {
  const tally = startTally(options.database ?? null)
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const notSeen: NotSeen[] = []
  const failures: EvidenceError[] = []
  let done = 0
  for (const path of paths) {
    const before = tally.messages
    const onRead = (bytes: number) => options.onProgress?.((done += bytes), total)
    const { unread, failure } = await readLog(path, tally, options, onRead)
    for (const [reason, lines] of unread)
      notSeen.push({
        what: `${lines} ${lines === 1 ? 'line' : 'lines'} of ${shownPath(path)}`,
        reason: `Lines ${reason} cannot be read.`,
      })
    if (failure) {
      failures.push(failure)
      notSeen.push({
        what: tally.messages > before ? `the rest of ${shownPath(path)}` : `the log ${shownPath(path)}`,
        reason: [failure.message, failure.hint ?? ''].join(' ').trim(),
      })
    } else if (tally.messages === before)
      notSeen.push({ what: `queries in ${shownPath(path)}`, reason: options.database ? ELSEWHERE : WORDLESS })
  }
  const [failure] = failures
  if (failure && tally.messages === 0) throw failure
  const loops = tally.finish()
  return summarize(tally, loops, paths.map(shownPath), notSeen)
}

async function readLog(
  path: string,
  tally: Tally,
  { linePrefix, signal }: LogOptions,
  onRead: (bytes: number) => void,
): Promise<{ readonly unread: LogReader['unread']; readonly failure: EvidenceError | null }> {
  const file = createReadStream(path, { highWaterMark: PIECE, ...(signal ? { signal } : {}) })
  file.on('data', (piece) => onRead(piece.length))
  const content: Readable = /\.gz$/i.test(path) ? file.pipe(createGunzip()) : file
  file.on('error', (error) => content.destroy(error))
  let reader: LogReader | null = null
  try {
    for await (const piece of content) {
      const text = (piece as Buffer).toString('latin1')
      reader ??= chooseReader(shownPath(path), text, linePrefix, (entry) => tally.add(entry))
      reader.push(text)
    }
    reader?.end()
  } catch (cause) {
    signal?.throwIfAborted()
    if (cause instanceof EvidenceError) return { unread: new Map(), failure: cause }
    if (!(cause instanceof Error && 'code' in cause)) throw cause
    const failure = new EvidenceError(`${shownPath(path)} cannot be read: ${cause.message}.`, { cause })
    if (!isUnpacking(cause.code)) throw failure
    try {
      reader?.end()
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error
    }
    return { unread: reader?.unread ?? new Map(), failure }
  }
  return { unread: reader?.unread ?? new Map(), failure: null }
}

/** A gzipped log may be cut off, and what stands before holds. */
function isUnpacking(code: unknown): boolean {
  return typeof code === 'string' && code.startsWith('Z_')
}

function chooseReader(
  name: string,
  beginning: string,
  linePrefix: string | undefined,
  emit: (entry: LogEntry) => void,
): LogReader {
  if (/^\s*\{"timestamp":/.test(beginning)) return createJsonReader(emit)
  if (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [^,\s]+,(?:"|,)/.test(beginning)) return createCsvReader(emit)
  return createStderrReader(name, linePrefix, emit)
}

function summarize(tally: Tally, loops: readonly Loop[], names: readonly string[], notSeen: NotSeen[]) {
  const queries = new Map<number, WorkloadQuery>()
  const unparsed = { count: 0, first: '' }
  for (const tallied of tally.shapes.values()) {
    const parsed = parseQuery(tallied.sql)
    if (typeof parsed === 'string') {
      unparsed.count++
      unparsed.first ||= parsed
    } else if (parsed) queries.set(tallied.shape, { ...describe(tallied), ...parsed })
  }
  if (unparsed.count > 0)
    notSeen.push({
      what: `${unparsed.count} ${unparsed.count === 1 ? 'statement' : 'statements'} of the log`,
      reason: `They cannot be parsed; the first: ${unparsed.first}.`,
    })
  if (tally.uncounted > 0)
    notSeen.push({
      what: `${tally.uncounted} executions in the log`,
      reason: 'The log holds more different statements than are kept.',
    })
  const sequences = loops.flatMap(({ parent, child, ...seen }): readonly QuerySequence[] => {
    const [before, looped] = [parent === null ? undefined : queries.get(parent), queries.get(child)]
    return looped ? [{ parent: before?.fingerprint ?? null, child: looped.fingerprint, ...seen }] : []
  })
  if (tally.valueless > 0)
    notSeen.push({
      what: `which of ${tally.valueless} executions are loops`,
      reason:
        'The log does not hold the values of their parameters, by which a loop is told from a query that is tried again; log_parameter_max_length = -1 keeps them.',
    })
  const plans = [...tally.shapes.values()].flatMap(({ shape, slowest }): readonly LoggedPlan[] => {
    const query = queries.get(shape)
    const root = slowest && (readJsonPlan(slowest.plan) ?? readTextPlan(slowest.plan))
    return query && root ? [{ fingerprint: query.fingerprint, root }] : []
  })
  const span = tally.span?.map((time) => new Date(time).toISOString()) ?? [null, null]
  return {
    workload: {
      queries: [...queries.values()],
      sequences,
      plans,
      sources: [{ kind: 'log' as const, name: names.join(', '), from: span[0] ?? null, to: span[1] ?? null }],
    },
    notSeen,
  }
}

/** With both kinds of message in one log, an execution may stand in it twice; the more frequent kind counts. */
function describe(tallied: Tallied): Omit<WorkloadQuery, keyof ParsedQuery> {
  const isFromPlans = tallied.plans > tallied.calls
  const calls = isFromPlans ? tallied.plans : tallied.calls
  return {
    sql: tallied.sql,
    location: null,
    name: null,
    tags: {},
    measured: {
      calls,
      milliseconds: isFromPlans ? tallied.planMilliseconds : tallied.timed === 0 ? null : tallied.milliseconds,
      longestMilliseconds: tallied.longest || null,
      preparations: tallied.preparations || null,
      preparationMilliseconds: tallied.preparations === 0 ? null : tallied.preparationMilliseconds,
      rows: null,
      blocksHit: null,
      blocksRead: null,
      temporaryBlocks: null,
    },
  }
}
