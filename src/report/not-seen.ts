import type { AuditResult } from '../engine/result.js'
import { groupBy } from '../evidence/catalog/group.js'
import type { NotSeen } from '../evidence/model.js'
import { formatLocation, type Location } from '../errors.js'
import { count } from './summary.js'

/** How many places are named before the rest is counted. */
const NAMED = 3

/** Everything that was not looked at, and why: files and statements that were not applied, evidence that could not be read, rules that did not run. */
export function listNotSeen(result: Pick<AuditResult, 'notSeen' | 'rules' | 'load'>): readonly NotSeen[] {
  return [...result.notSeen, ...listUnloaded(result.load), ...listSkipped(result.rules), ...listCrashed(result.rules)]
}

/** What of the SQL files was not applied, replaced or left out. */
export function listUnloaded(load: AuditResult['load']): readonly NotSeen[] {
  if (!load) return []
  const { problems, standIns, skipped, layout } = load
  return [
    ...problems.map(({ location, message, excerpt, dependents }) => ({
      what: `${formatLocation(location)}: ${excerpt}`,
      reason: `${asSentence(message)}${dependents.length > 0 ? ` ${count(dependents.length, 'later statement')} failed in consequence.` : ''}`,
    })),
    ...standIns.map(({ kind, name, note, locations }) => ({
      what: `${kind} ${name}${describePlaces(locations)}`,
      reason: `The files rely on it and do not make it. ${asSentence(note)}`,
    })),
    ...skipped.map(({ what, reason, locations }) => ({ what: `${what}${describePlaces(locations)}`, reason })),
    ...layout.leftOut.map(({ file, reason }) => ({ what: file, reason })),
  ]
}

function listSkipped(rules: AuditResult['rules']): readonly NotSeen[] {
  const skipped = new Map<string, string[]>()
  for (const { id, outcome, reason } of rules) {
    if (outcome !== 'skipped') continue
    const key = reason ?? 'No reason is known.'
    skipped.set(key, [...(skipped.get(key) ?? []), id])
  }
  return [...skipped].map(([reason, ids]) => ({
    what: `${count(ids.length, 'rule')} not run: ${foldCategories(ids, rules).join(', ')}`,
    reason,
  }))
}

/** Rule ids; `category/*` in place of all that there are of one. */
function foldCategories(ids: readonly string[], rules: AuditResult['rules']): readonly string[] {
  const categoryOf = (id: string) => id.slice(0, id.indexOf('/'))
  return [...groupBy(ids, categoryOf)].flatMap(([category, group]) => {
    const isWhole = group.length > 1 && rules.filter(({ id }) => categoryOf(id) === category).length === group.length
    return isWhole ? [`${category}/*`] : group
  })
}

function listCrashed(rules: AuditResult['rules']): readonly NotSeen[] {
  return rules
    .filter(({ outcome }) => outcome === 'crashed')
    .map(({ id, reason }) => ({
      what: `rule ${id} crashed`,
      reason: `${asSentence(reason?.split('\n')[0] ?? '')} This is a bug; please report it.`.trimStart(),
    }))
}

function describePlaces(locations: readonly Location[]): string {
  if (locations.length === 0) return ''
  const more = locations.length - NAMED
  return ` (${locations.slice(0, NAMED).map(formatLocation).join(', ')}${more > 0 ? ` and ${more} more` : ''})`
}

function asSentence(text: string): string {
  const trimmed = text.trim()
  return trimmed === '' || /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`
}
