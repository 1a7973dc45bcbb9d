import { Chalk } from 'chalk'
import type { Rule } from '../engine/rule.js'
import type { ReportOptions } from './options.js'
import { groupBy } from '../evidence/catalog/group.js'
import { count } from './summary.js'
import { wrap } from './wrap.js'

/** The rules by category for a terminal: id, severity, whether there is a fix, and what each one asks for. */
export function renderRuleList(rules: readonly Rule[], { color, width }: ReportOptions): string {
  const chalk = new Chalk({ level: color })
  const name = Math.max(0, ...rules.map(({ id, category }) => id.length - category.length)) + 1
  const indent = 2 + name + 9 + 5
  const groups = [...groupBy(rules, ({ category }) => category)].map(([category, members]) => {
    const lines = members.map((rule) => {
      const needs = rule.needs.filter((need) => need !== 'catalog')
      const about = `${rule.docs.summary}${needs.length > 0 ? ` (needs ${needs.join(', ')})` : ''}`
      const start = `  ${rule.id.slice(category.length + 1).padEnd(name)}${rule.severity.padEnd(9)}${(rule.fix ? 'fix' : '').padEnd(5)}`
      return `${start}${wrap(about, Math.max(width - indent, 30)).join(`\n${' '.repeat(indent)}`)}`
    })
    return [chalk.bold(category), ...lines].join('\n')
  })
  const fixable = rules.filter(({ fix }) => fix).length
  return `${[...groups, `${count(rules.length, 'rule')}, ${fixable} with a fix. \`pg-billing-audit explain <rule>\` says more.`].join('\n\n')}\n`
}

/** The rules as JSON: an array of `{ id, category, severity, needs, fixable, summary }`. */
export function renderRuleListJson(rules: readonly Rule[]): string {
  const list = rules.map(({ id, category, severity, needs, fix, docs }) => ({
    id,
    category,
    severity,
    needs,
    fixable: fix !== undefined,
    summary: docs.summary,
  }))
  return `${JSON.stringify(list, null, 2)}\n`
}
