import { existsSync, readFileSync } from 'node:fs'
import {
  type BaselineEntry,
  compareWithBaseline,
  hasLooked,
  parseBaseline,
  renderBaseline,
  updateBaseline,
} from '../engine/baseline.js'
import { compareFindings, type PastFinding } from '../engine/compare.js'
import { compareWorkloads, type PastWorkload } from '../engine/compare-workload.js'
import type { AuditResult } from '../engine/result.js'
import { ConfigError } from '../errors.js'
import type { Configuration } from './configuration.js'
import { checkOutput, writeOutput } from './output.js'

const DEFAULT_FILE = 'pg-billing-audit.baseline.json'

/** What the command line says about earlier scans. */
export interface ComparisonFlags {
  readonly baseline?: string | undefined
  readonly 'no-baseline'?: boolean
  readonly 'update-baseline'?: boolean
  readonly since?: string | undefined
}

/** What a scan is compared with, read before it begins, so that a broken file costs no time. */
export interface Comparisons {
  readonly baseline: { readonly file: string; readonly entries: readonly BaselineEntry[] } | null
  readonly since: Earlier | null
  /** The baseline is to accept what this scan finds. */
  readonly update: boolean
}

/** An earlier report or snapshot. */
interface Earlier {
  readonly file: string
  /** Null of a snapshot, which holds none. */
  readonly findings: readonly PastFinding[] | null
  readonly workload: PastWorkload | null
}

/** Reads the baseline and the earlier report. Throws ConfigError. */
export async function readComparisons(flags: ComparisonFlags, { config, path }: Configuration): Promise<Comparisons> {
  const update = flags['update-baseline'] ?? false
  const { since } = flags
  return {
    baseline: flags['no-baseline'] ? null : readBaseline(flags.baseline, config.baseline, path, update),
    since: since === undefined ? null : await readEarlier(since),
    update,
  }
}

/** The result with its comparisons; writes the baseline anew when that was asked for. */
export function compareResult(result: AuditResult, { baseline, since, update }: Comparisons): AuditResult {
  const beside = since?.findings && {
    name: since.file,
    findings: result.findings,
    past: since.findings,
    looked: hasLooked(result),
  }
  const { workload } = result
  const queriesSince = since?.workload && workload ? compareWorkloads(since.file, since.workload, workload) : null
  const entries = baseline && update ? updateBaseline(result, baseline.entries) : (baseline?.entries ?? [])
  if (baseline && update) writeOutput(baseline.file, renderBaseline(entries))
  return {
    ...result,
    baseline: baseline && compareWithBaseline(result, entries, baseline.file),
    since: beside ? compareFindings(beside) : null,
    ...(queriesSince ? { queriesSince } : {}),
  }
}

async function readEarlier(file: string): Promise<Earlier> {
  const text = readText(file)
  const { isSnapshot, readPastSnapshot } = await import('../audit/past-snapshot.js')
  if (isSnapshot(text)) return { file, findings: null, workload: await readPastSnapshot(text, file) }
  const { readJsonReport } = await import('../report/read-json.js')
  return { file, ...readJsonReport(text, file) }
}

function readBaseline(
  named: string | undefined,
  configured: string | false | undefined,
  path: Configuration['path'],
  update: boolean,
): Comparisons['baseline'] {
  if (named === undefined && configured === false) {
    if (update) throw new ConfigError('The configuration wants no baseline.', { hint: 'Name a file with --baseline.' })
    return null
  }
  const file = named ?? path(configured || DEFAULT_FILE)
  if (update) checkOutput(file)
  if (existsSync(file)) return { file, entries: parseBaseline(readText(file), file) }
  if (update) return { file, entries: [] }
  if (named === undefined && configured === undefined) return null
  throw new ConfigError(`${file}: no such baseline.`, { hint: 'Write one: scan with --update-baseline.' })
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigError(`${file} cannot be read.`, { hint: (cause as Error).message, cause })
  }
}
