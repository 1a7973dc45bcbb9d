import { Chalk } from 'chalk'
import type { Rule } from '../engine/rule.js'
import type { ReportOptions } from './options.js'
import { wrap, wrapSql } from './wrap.js'

/** One rule explained from its own documentation. */
export function renderRulePage(rule: Rule, { color, width }: ReportOptions): string {
  const chalk = new Chalk({ level: color })
  const { summary, why, bad, good, unless, references } = rule.docs
  const facts = [rule.severity, `needs ${rule.needs.join(', ')}`, rule.fix ? 'has a fix' : 'no automatic fix']
  const prose = (text: string) => wrap(text, Math.min(width, 100) - 2).map((line) => `  ${line}`)
  const sql = (text: string) => wrapSql(text, Math.min(width, 100) - 2).map((line) => `  ${chalk.cyan(line)}`)
  const part = (title: string, lines: readonly string[]) => [chalk.bold(title), ...lines].join('\n')
  const parts = [
    `${chalk.bold(rule.id)} · ${facts.join(' · ')}`,
    wrap(summary, Math.min(width, 100)).join('\n'),
    part('Why', prose(why)),
    part('Found', sql(bad)),
    part('Right', sql(good)),
    ...(unless ? [part('Leave it when', prose(unless))] : []),
    ...(references.length > 0
      ? [
          part(
            'References',
            references.map((reference) => `  ${reference}`),
          ),
        ]
      : []),
  ]
  return `${parts.join('\n\n')}\n`
}

/** One rule as JSON. */
export function renderRulePageJson({ id, category, severity, needs, fix, docs }: Rule): string {
  return `${JSON.stringify({ id, category, severity, needs, fixable: fix !== undefined, ...docs }, null, 2)}\n`
}
