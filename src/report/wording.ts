import type { Finding, FindingQuery, Fix, Target } from '../engine/result.js'
import { describeGrounds } from '../evidence/sample/grounds.js'
import type { Facts, Json, Tier } from '../engine/rule.js'
import { describeRows } from '../fix/data-check.js'
import { describeSize } from '../fix/duration.js'
import type { LockMode } from '../fix/step.js'

const RESTS_ON: Record<Tier, string> = {
  declared: 'declared in the catalog',
  observed: 'observed when the migration ran on a scratch server',
  measured: "measured by the server's counters and statistics",
  sampled: 'sampled rows',
  verified: 'verified by a check of all rows',
  inferred: 'inferred from names and shape',
}

/** `inferred from names and shape, confidence 80 %`. */
export function describeEvidence({ object, evidence, confidence }: Finding): string {
  const basis =
    object.kind === 'statement' && evidence.tier === 'inferred'
      ? 'inferred from what the statement says'
      : RESTS_ON[evidence.tier]
  const rows = evidence.grounds ? `: ${describeGrounds(evidence.grounds)}` : ''
  return `${basis}${confidence < 1 ? `, confidence ${Math.round(confidence * 100)} %` : ''}${rows}`
}

/** Facts as `name: value` pairs, nested values as compact JSON. */
export function describeFacts(facts: Facts): readonly { readonly name: string; readonly value: string }[] {
  return Object.entries(facts)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => ({
      name: name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
      value: describeValue(value),
    }))
}

/** The facts that tell a reader more than the sentence above them: not what stands in it, nor that something is absent, nor what is nested. */
export function describeTellingFacts({
  message,
  evidence,
}: Pick<Finding, 'message' | 'evidence'>): ReturnType<typeof describeFacts> {
  const words = new Set(message.split(/[^\w.@>%-]+/).flatMap((word) => [word.replace(/\.$/, ''), ...word.split('.')]))
  const isSaid = (value: Json): boolean =>
    Array.isArray(value)
      ? value.every(isSaid)
      : words.has(String(value)) || (typeof value === 'string' && value.includes(' ') && message.includes(value))
  const isNested = (value: Json) =>
    typeof value === 'object' && value !== null && !(Array.isArray(value) && value.every(isShort))
  const telling = Object.entries(evidence.facts).filter(
    ([, value]) => value !== false && value !== 'none' && !isNested(value) && !isSaid(value),
  )
  return describeFacts(Object.fromEntries(telling))
}

function describeValue(value: Json): string {
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value) && value.every(isFlat)) return value.map(describeFlat).join(', ')
  return JSON.stringify(value)
}

/** A scalar, or an object of scalars. */
function isFlat(value: Json): boolean {
  return (
    typeof value !== 'object' ||
    value === null ||
    (!Array.isArray(value) && Object.values(value).every((part) => typeof part !== 'object'))
  )
}

/** A scalar, or a pair. */
function isShort(value: Json): boolean {
  return isFlat(value) && (typeof value !== 'object' || value === null || Object.keys(value).length <= 2)
}

function describeFlat(value: Json): string {
  return typeof value === 'object' && value !== null ? Object.values(value).join(' ') : String(value)
}

/** What may stand in a query's place, each with how far it is proven; empty where nothing is offered. */
export function listRewrites({ rewrite }: FindingQuery): readonly { readonly title: string; readonly text: string }[] {
  const proven = (rows: number) =>
    `proven: on generated data with NULLs and duplicates it returned the same ${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'} as`
  return [
    ...(rewrite?.status === 'proven' && rewrite.text !== null
      ? [{ title: `Rewrite, ${proven(rewrite.rows)} the query.`, text: rewrite.text }]
      : []),
    ...(rewrite?.joined
      ? [
          {
            title: `Joined to the query before, ${proven(rewrite.joined.rows)} both, row by row.`,
            text: rewrite.joined.text,
          },
        ]
      : []),
  ]
}

/** What is known of a fix, in one sentence. What stands in a migration is replaced there. */
export function describeFix(fix: Fix, { kind }: Pick<Finding['object'], 'kind'>): string {
  if (fix.status === 'proven' && kind === 'statement')
    return 'proven: in place of the statement it makes the same catalog, and the finding is gone.'
  if (fix.status === 'proven') return 'proven: applied to a copy of the schema, checked and undone.'
  if (fix.status === 'decision')
    return `proven on a copy of the schema, but a person must decide: ${fix.reason ?? 'see the SQL.'}`
  return `not proven: ${fix.reason ?? 'no reason is known.'}`
}

/**
 * The strongest lock on each table and what is read and written, e.g. `SHARE on public.invoices; reads public.invoices`. A
 * statement that runs outside a transaction may not have been watched, so that PostgreSQL's documentation speaks for it.
 * Null when nothing ran.
 */
export function describeLocks(fix: Fix): string | null {
  const { status, steps, locks, rewrites } = fix
  if (status === 'advice') return null
  const isDocumented = (table: string, mode: LockMode) => {
    const holders = steps.filter(({ observed }) => observed?.locks[table] === mode)
    return holders.length > 0 && holders.every(({ observed }) => !observed?.watched)
  }
  const held = Object.entries(locks).map(
    ([table, mode]) => `${mode} on ${table}${isDocumented(table, mode) ? ' (as documented)' : ''}`,
  )
  const anew = steps.length === 0 && rewrites.length > 0 ? [`writes ${rewrites.join(', ')} anew`] : describeWork(fix)
  return [held.join(', ') || 'none on tables that existed', ...anew].join('; ')
}

/** What present rows say to a fix: that none is in the way, how many are and how to list them, or why nobody looked. Null when there is nothing to say. */
export function describeData({ data }: Fix): string | null {
  const clear = data.filter(({ outcome }) => outcome === 'clear').length
  const inTheWay = data.filter(({ outcome }) => outcome === 'in the way')
  const reasons = new Set(data.flatMap(({ reason }) => reason ?? []))
  const sentences = [
    ...(clear > 0 && clear === data.length ? ['No row is in its way.'] : []),
    ...inTheWay.map((check) => `${describeRows(check)} in its way: ${check.listing ?? check.count};`),
    ...[...reasons].map((reason) => `Not checked: ${reason}`),
  ]
  return sentences.length > 0 ? sentences.join(' ') : null
}

/** What a fix reads and writes, e.g. `reads public.invoices (1,200,000 rows, 240 MB; statistics of 2026-01-31)`, with the lock meanwhile where that is not its strongest. */
function describeWork({ steps, locks }: Fix): readonly string[] {
  return (['rewrite', 'scan'] as const).flatMap((kind) => {
    const worked = new Map<string, string>()
    for (const { duration, observed } of steps)
      for (const table of duration?.class === kind ? duration.tables : []) {
        const lock = observed?.locks[table.address]
        const under = lock && lock !== locks[table.address] ? ` under ${lock}` : ''
        worked.set(table.address, `${describeSize(table, duration?.basis ?? null)}${under}`)
      }
    const named = [...worked.values()].join(', ')
    return named === '' ? [] : [kind === 'scan' ? `reads ${named}` : `writes ${named} anew`]
  })
}

/** `PostgreSQL 18.6`, or `PostgreSQL 18.6, judged for 14`. */
export function describeServer({
  serverVersion,
  productionVersion,
}: Pick<Target, 'serverVersion' | 'productionVersion'>): string {
  const major = Math.floor(serverVersion / 10_000)
  const judged = productionVersion !== null && productionVersion < major ? `, judged for ${productionVersion}` : ''
  return `PostgreSQL ${major}.${serverVersion % 10_000}${judged}`
}
