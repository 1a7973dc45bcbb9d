import { createHash } from 'node:crypto'
import type { Column, Subject } from '../evidence/catalog/model.js'
import type { MigrationStatement } from '../evidence/migrations/model.js'
import type { Evidence, EvidenceKind } from '../evidence/model.js'
import { type Target, targetOf } from '../evidence/target.js'
import type { Step } from '../fix/step.js'
import { daysCounted } from '../evidence/statistics/age.js'
import { assess } from './assess.js'
import type { Finding, ObjectReference, RuleOutcome } from './result.js'
import { findPlatformSchemas, schemaOf, tableOf, toolOf } from './platforms.js'
import type { Grounds, GroundTier } from '../evidence/sample/model.js'
import type { Detection, Rewrite, Rule, Tier } from './rule.js'

/** A finding together with the steps of its cure, before any proof. */
export interface Judged {
  readonly finding: Finding
  readonly steps: readonly Step[]
  /** Rules whose findings the cure may bring to light. */
  readonly reveals: readonly string[]
  /** A statement in place of the query that the finding is about, and what it must equal; null for none. */
  readonly rewrite: (Required<Pick<Rewrite, 'text' | 'instead'>> & Pick<Rewrite, 'joined'>) | null
  /** The statement of a new migration that the finding is about, and that the steps replace; null for all else. */
  readonly statement: MigrationStatement | null
}

export interface Judgement {
  /** Sorted by address and rule. */
  readonly judged: readonly Judged[]
  readonly outcomes: readonly RuleOutcome[]
}

/** Why a rule was skipped, by the evidence that was not there. */
const MISSING: Record<EvidenceKind, string> = {
  catalog: 'The catalog could not be read.',
  statistics: 'No statistics: they are read from a live server or a snapshot.',
  workload: 'No queries were given.',
  advice: 'No queries with statistics of the tables that they read: a planner needs both.',
  plans: 'No plans of queries: --explain asks a live server for them, and logs of auto_explain hold them.',
  sample: 'No rows were looked at: --data asks for it.',
  source: 'The schema did not come from SQL files.',
  migrations: 'No new migrations were named: --after and --changed name them.',
}

/**
 * Puts the evidence before every rule; schemas that belong to platforms and tables of migration tools are left out. A rule that throws is reported as crashed
 * while the others go on. Cures are written for `target`.
 */
export function judge(rules: readonly Rule[], evidence: Evidence, target: Target = targetOf(evidence)): Judgement {
  const judged: Judged[] = []
  const platforms = findPlatformSchemas(evidence)
  const isOurs = ({ on }: Detection) => {
    const table = tableOf(on)
    return !platforms.has(schemaOf(on) ?? '') && (table === null || toolOf(table) === null)
  }
  const outcomes = rules.map((rule): RuleOutcome => {
    const lacks = rule.needs.find((need) => evidence[need] === null)
    if (lacks) return { id: rule.id, outcome: 'skipped', reason: MISSING[lacks], lacks }
    const young = describeYouth(rule, evidence)
    if (young !== null) return { id: rule.id, outcome: 'skipped', reason: young, lacks: 'statistics' }
    try {
      const found = [...rule.detect({ ...evidence, options: rule.options ?? {} } as never)]
        .filter(isOurs)
        .map((detection) => describe(rule, detection, evidence, target))
      judged.push(...found)
      return { id: rule.id, outcome: found.length > 0 ? 'found' : 'passed', reason: null }
    } catch (error) {
      return { id: rule.id, outcome: 'crashed', reason: (error as Error).stack ?? String(error) }
    }
  })
  judged.sort((a, b) => compare(a.finding.address, b.finding.address) || compare(a.finding.rule, b.finding.rule))
  const heard = withoutYielding(judged, rules)
  const speaking = new Set(heard.map(({ finding }) => finding.rule))
  return {
    judged: heard,
    outcomes: outcomes.map((one) =>
      one.outcome === 'found' && !speaking.has(one.id) ? { ...one, outcome: 'passed' } : one,
    ),
  }
}

/** The findings without those on objects of which a rule speaks that says more. */
function withoutYielding(judged: readonly Judged[], rules: readonly Rule[]): readonly Judged[] {
  const yielding = new Map(rules.flatMap(({ id, yieldsTo }) => (yieldsTo ? [[id, yieldsTo] as const] : [])))
  const said = new Set(judged.map(({ finding: { rule, address } }) => `${rule} ${address}`))
  return judged.filter(
    ({ finding: { rule, address } }) => !yielding.get(rule)?.some((other) => said.has(`${other} ${address}`)),
  )
}

/** Why counters are too young for a rule; null when they are not. */
function describeYouth({ countedDays }: Rule, { statistics }: Evidence): string | null {
  if (countedDays === undefined || statistics === null) return null
  const days = daysCounted(statistics)
  if (days === null) return `Since when the server counts is not known; the rule needs ${countedDays} days.`
  if (days >= countedDays) return null
  const counted = days < 1 ? 'less than a day' : `${Math.floor(days)} ${Math.floor(days) === 1 ? 'day' : 'days'}`
  return `The server has counted for ${counted}; the rule needs ${countedDays} days.`
}

function describe(rule: Rule, detection: Detection, evidence: Evidence, target: Target): Judged {
  const { on, facts, related = [], assessment, grounds } = detection
  const found = { ...evidence, on, facts, target } as never
  const rewrite = rewriteOf(rule, on, found)
  const query = on.kind === 'query' ? on.query : (rewrite?.of ?? null)
  const { tier, ...weight } = assess(rule, grounds ? { tier: TIER_OF[grounds.tier], ...assessment } : assessment)
  return {
    steps: suffices(grounds, evidence) ? (rule.fix?.(found) ?? []) : [],
    rewrite,
    reveals: rule.reveals ?? [],
    statement: on.kind === 'statement' ? on.statement : null,
    finding: {
      rule: rule.id,
      category: rule.category,
      ...weight,
      address: on.address,
      object: referTo(on),
      related: related.map(({ address }) => address),
      message: rule.message(found),
      advice: rule.advice?.(found) ?? rule.docs.summary,
      location: locate(on, related, evidence),
      evidence: { tier, facts, ...(grounds ? { grounds } : {}) },
      breaks: detection.breaks === undefined ? (rule.breaks ?? null) : detection.breaks,
      fix: null,
      query: query && { text: query.normalized, rewrite: null },
      fingerprint: fingerprint(rule.id, on.address),
    },
  }
}

/** What a finding rests on, by what its rows were. */
const TIER_OF: Readonly<Record<GroundTier, Tier>> = {
  names: 'inferred',
  catalog: 'declared',
  stats: 'measured',
  sample: 'sampled',
  verified: 'verified',
}

/** No statement above its tier: where rows were looked at, all of them must have been, unless a sample was accepted. */
function suffices(grounds: Grounds | undefined, { sample }: Evidence): boolean {
  if (!grounds || !sample) return true
  return grounds.tier === 'verified' || (grounds.tier === 'sample' && sample.acceptSample)
}

function rewriteOf(
  rule: Rule,
  on: Subject,
  found: never,
): (Required<Omit<Rewrite, 'joined'>> & Pick<Rewrite, 'joined'>) | null {
  const made = rule.rewrite?.(found) ?? null
  if (made === null) return null
  const { text, instead, of, joined }: Rewrite = typeof made === 'string' ? { text: made } : made
  const query = of ?? (on.kind === 'query' ? on.query : null)
  return query && { text, instead: instead ?? query.text, of: query, ...(joined ? { joined } : {}) }
}

/** Identity of a finding across runs: rule and object, never text or line numbers. */
export function fingerprint(rule: string, address: string): string {
  return createHash('sha256').update(`${rule}\0${address}`).digest('hex').slice(0, 32)
}

/** A finding that gathers parts of its object stands where the first of them does. */
function locate(on: Subject, related: readonly Subject[], { source }: Evidence) {
  if (on.kind === 'statement' || on.kind === 'query') return on.location
  const owner = 'table' in on ? on.table.address : on.address
  const [part] = related.every(({ address }) => address.startsWith(`${on.address}.`)) ? related : []
  return (part && source?.locate(part.address)) ?? source?.locate(on.address) ?? source?.locate(owner) ?? null
}

function referTo(on: Subject): ObjectReference {
  if (on.kind === 'statement') {
    const { kind, relation, name, columnNames } = on
    return { kind, schema: relation?.schema ?? null, table: relation?.name ?? null, name, columns: columnNames }
  }
  if (on.kind === 'query') {
    const { kind, relation, name } = on
    return { kind, schema: relation?.schema ?? null, table: relation?.name ?? null, name, columns: [] }
  }
  const owner = 'table' in on ? on.table : on.kind === 'table' || on.kind === 'view' ? on : null
  return { kind: on.kind, schema: schemaOf(on), table: owner?.name ?? null, name: on.name, columns: columnsOf(on) }
}

function columnsOf(on: Subject): readonly string[] {
  const named = (columns: readonly (Column | null)[]) => columns.flatMap((column) => column?.name ?? [])
  if (on.kind === 'column') return [on.name]
  if (on.kind === 'constraint') return named(on.columns)
  return on.kind === 'index' ? named(on.keys.map(({ column }) => column)) : []
}

/** Byte order, the same on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
