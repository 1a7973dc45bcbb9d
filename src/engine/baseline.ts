import { ConfigError } from '../errors.js'
import { compareFindings, type Comparison, identityOf, type PastFinding } from './compare.js'
import { compare } from './judge.js'
import type { AuditResult } from './result.js'

/** A finding that is accepted for now. The file holds one entry a line, sorted, so that branches merge. */
export interface BaselineEntry extends PastFinding {
  /** `2026-11-22` */
  readonly firstSeen: string
}

export const BASELINE_VERSION = 1
const SEVERITIES = ['error', 'warning', 'info']
const DATE = /^\d{4}-\d{2}-\d{2}$/

/** The entries of a baseline file. Throws ConfigError with the line of what is wrong. */
export function parseBaseline(text: string, name: string): readonly BaselineEntry[] {
  const { version, entries } = parseJson(text, name)
  if (version !== BASELINE_VERSION) {
    throw new ConfigError(
      `${name} is a baseline of version ${String(version)}; this program reads ${BASELINE_VERSION}.`,
      {
        hint: 'Take the program that wrote it, or write it anew: delete the file and scan with --update-baseline.',
      },
    )
  }
  if (!Array.isArray(entries)) throw new ConfigError(`${name} has no list of entries.`, { hint: REPAIR })
  const lines = text.split('\n')
  return entries.map((entry: unknown, at) => {
    const complaint = complainAbout(entry)
    if (complaint === null) return readEntry(entry as Record<string, string>)
    const line = lines.findIndex((one) => one.includes(JSON.stringify(entry).slice(1, 40))) + 1
    throw new ConfigError(`${name}${line > 0 ? `:${line}` : ''}: entry ${at + 1} ${complaint}.`, { hint: REPAIR })
  })
}

const REPAIR = 'Mend the line, or take it away and scan with --update-baseline.'

/** The text of a baseline file. */
export function renderBaseline(entries: readonly BaselineEntry[]): string {
  const lines = entries
    .toSorted((a, b) => compare(a.address, b.address) || compare(a.rule, b.rule) || compare(a.severity, b.severity))
    .map(({ rule, address, severity, firstSeen, reason, owner, expires }) =>
      JSON.stringify({ object: address, rule, severity, firstSeen, reason, owner, expires }),
    )
  return `{\n  "version": ${BASELINE_VERSION},\n  "entries": [${lines.map((line) => `\n    ${line}`).join(',')}${lines.length > 0 ? '\n  ' : ''}]\n}\n`
}

/** A scan beside its baseline. */
export function compareWithBaseline(result: AuditResult, entries: readonly BaselineEntry[], name: string): Comparison {
  const today = result.startedAt.slice(0, 10)
  const holds = ({ expires }: BaselineEntry) => expires === undefined || expires >= today
  return compareFindings({
    name,
    findings: result.findings,
    past: entries.filter(holds),
    expired: entries.filter((entry) => !holds(entry)),
    looked: hasLooked(result),
  })
}

/**
 * The entries that accept every finding of a scan: what is known keeps its reason and owner, what is resolved goes, and what
 * this scan did not look at stays.
 */
export function updateBaseline(result: AuditResult, entries: readonly BaselineEntry[]): readonly BaselineEntry[] {
  const today = result.startedAt.slice(0, 10)
  const looked = hasLooked(result)
  const before = new Map<string, BaselineEntry[]>()
  for (const entry of entries) before.set(identityOf(entry), [...(before.get(identityOf(entry)) ?? []), entry])
  const accepted = result.findings.map(({ rule, address, severity }): BaselineEntry => {
    const entry = before.get(identityOf({ rule, address }))?.shift()
    if (!entry) return { rule, address, severity, firstSeen: today }
    const expires = entry.expires !== undefined && entry.expires < today ? undefined : entry.expires
    return { ...entry, severity, expires }
  })
  const hidden = new Set(result.suppressed.map(({ finding }) => identityOf(finding)))
  const unseen = (entry: BaselineEntry) => !looked(entry) && !hidden.has(identityOf(entry))
  return [...accepted, ...[...before.values()].flat().filter(unseen)]
}

/**
 * Whether a finding that is absent is resolved: its rule looked again, and nobody suppressed it. Where SQL could not be
 * applied, only what became of tables that are there is known.
 */
export function hasLooked({
  rules,
  suppressed,
  load,
  catalog,
}: Pick<AuditResult, 'rules' | 'suppressed' | 'load' | 'catalog'>): (past: PastFinding) => boolean {
  const ran = new Set(rules.filter(({ outcome }) => outcome === 'found' || outcome === 'passed').map(({ id }) => id))
  const hidden = new Set(suppressed.map(({ finding }) => identityOf(finding)))
  const whole = !load || load.problems.length === 0
  const isThere = (address: string) =>
    [...catalog.tables, ...catalog.views].some((one) => `${address}.`.startsWith(`${one.address}.`))
  return (past) => ran.has(past.rule) && !hidden.has(identityOf(past)) && (whole || isThere(past.address))
}

function parseJson(text: string, name: string): { readonly version?: unknown; readonly entries?: unknown } {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch (cause) {
    const conflict = text.split('\n').findIndex((line) => /^(?:<{7}|={7}|>{7})/.test(line)) + 1
    throw new ConfigError(
      conflict > 0 ? `${name}:${conflict}: a merge conflict stands in the baseline.` : `${name} is no JSON.`,
      {
        hint: conflict > 0 ? 'Keep the lines of both sides; their order does not matter.' : (cause as Error).message,
        cause,
      },
    )
  }
  throw new ConfigError(`${name} is no baseline.`, { hint: 'A baseline is written by `scan --update-baseline`.' })
}

function complainAbout(entry: unknown): string | null {
  if (typeof entry !== 'object' || entry === null) return 'is no object'
  const { object, rule, severity, firstSeen, expires } = entry as Record<string, unknown>
  if (typeof object !== 'string' || typeof rule !== 'string') return 'has no object and rule'
  if (typeof severity !== 'string' || !SEVERITIES.includes(severity)) return 'has no severity'
  if (firstSeen !== undefined && typeof firstSeen !== 'string') return 'has a firstSeen that is no date'
  if (expires !== undefined && !(typeof expires === 'string' && DATE.test(expires)))
    return 'has an expires that is no date such as 2027-01-31'
  return null
}

function readEntry({
  object = '',
  rule = '',
  severity,
  firstSeen = '',
  reason,
  owner,
  expires,
}: Record<string, string>): BaselineEntry {
  return { address: object, rule, severity: severity as BaselineEntry['severity'], firstSeen, reason, owner, expires }
}
