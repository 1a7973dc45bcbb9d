import { Chalk } from 'chalk'
import type { Rule } from '../engine/rule.js'
import type { ReportOptions } from './options.js'
import { groupBy } from '../evidence/catalog/group.js'
import { count } from './summary.js'
import { wrap } from './wrap.js'

const COLUMNS = ['id', 'severity', 'needs', 'fixable'] as const

/** The rules by category for a terminal: id, severity, needs, whether there is a fix; below it what each one asks for. */
export function renderRuleList(rules: readonly Rule[], { color, width }: ReportOptions): string {
  const chalk = new Chalk({ level: color })
  const rows = new Map(rules.map((rule) => [rule, cellsOf(rule)]))
  const widths = COLUMNS.map((name, at) =>
    Math.max(name.length, ...[...rows.values()].map((cells) => cells[at]!.length)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd()
  const groups = [...groupBy(rules, ({ category }) => category)].map(([, members]) =>
    members
      .flatMap((rule) => [
        line(rows.get(rule) ?? []),
        ...wrap(rule.docs.summary, Math.max(width - 4, 30)).map((text) => chalk.dim(`    ${text}`)),
      ])
      .join('\n'),
  )
  const fixable = rules.filter(({ fix }) => fix).length
  const last = `${count(rules.length, 'rule')}, ${fixable} with a fix. \`pg-billing-audit explain <rule>\` says more.`
  return `${[chalk.bold(line(COLUMNS)), ...groups, last].join('\n\n')}\n`
}

/** Evidence in brackets sharpens the judgement where there is some. */
function cellsOf({ id, severity, needs, uses = [], fix, optIn }: Rule): readonly string[] {
  const evidence = `${needs.join(', ')}${uses.length > 0 ? ` (${uses.join(', ')})` : ''}`
  return [id, optIn ? `${severity}, off` : severity, evidence, fix ? 'yes' : 'no']
}

/** The rules as JSON: an array of `{ id, category, severity, needs, uses, fixable, optIn, summary }`. */
export function renderRuleListJson(rules: readonly Rule[]): string {
  const list = rules.map(({ id, category, severity, needs, uses = [], fix, optIn = false, docs }) => ({
    id,
    category,
    severity,
    needs,
    uses,
    fixable: fix !== undefined,
    optIn,
    summary: docs.summary,
  }))
  return `${JSON.stringify(list, null, 2)}\n`
}
