import type { Finding, RuleInfo } from '../engine/result.js'
import { groupBy } from '../evidence/catalog/group.js'
import { byImportance } from './order.js'

/** So many findings of a rule have each their own item in a list of what to do; more share one, with the rule's own words. */
const MOST_ITEMS = 4

/** Findings that one item of a list of what to do stands for. */
export interface Remedy<T> {
  readonly advice: string
  readonly members: readonly T[]
}

/** One item for all findings that have the same advice, and one for all of a rule whose advice differs from object to object. */
export function gatherRemedies<T extends { readonly finding: Finding }>(
  members: readonly T[],
  rulebook: readonly RuleInfo[],
): readonly Remedy<T>[] {
  const summaries = new Map(rulebook.map(({ id, docs }) => [id, docs.summary]))
  return [...groupBy(members, ({ finding }) => finding.rule)].flatMap(([rule, ofRule]) => {
    const items = [...groupBy(ofRule, ({ finding }) => finding.advice)].map(([advice, same]) => ({
      advice,
      members: same,
    }))
    const summary = summaries.get(rule)
    return items.length > MOST_ITEMS && summary !== undefined ? [{ advice: summary, members: ofRule }] : items
  })
}

/** What a list of what to do says of an advice: its first sentence; a question with what follows from it. */
export function shortOf(advice: string): string {
  const [first = '', ...more] = advice.split(/(?<=[^.][.?]) (?=[A-Z])/)
  return first.endsWith('?') && more.length > 0 ? advice : first
}

/** A finding that is shown first, and how many of the same rule are not. */
export interface First {
  readonly finding: Finding
  readonly more: number
}

/** What matters first: of each rule its most important finding, then what is most important of the rest, up to a number. */
export function chooseFirst(findings: readonly Finding[], most: number): readonly First[] {
  const sorted = findings.toSorted(byImportance)
  const byRule = groupBy(sorted, ({ rule }) => rule)
  const leaders = new Set([...byRule.values()].flatMap(([leader]) => leader ?? []))
  const chosen = [...leaders, ...sorted.filter((finding) => !leaders.has(finding))].slice(0, most)
  return chosen.toSorted(byImportance).map((finding) => {
    const same = byRule.get(finding.rule) ?? []
    const shown = chosen.filter(({ rule }) => rule === finding.rule)
    return { finding, more: finding === shown.at(-1) ? same.length - shown.length : 0 }
  })
}
