import type { Rule } from '../../engine/rule.js'
import { groupBy } from '../../evidence/catalog/group.js'

/** The page of one rule, in Markdown, from its own documentation. */
export function renderRuleDocument({
  id,
  severity,
  tier,
  needs,
  uses,
  optIn,
  aboutMoney,
  fix,
  breaks,
  docs,
}: Rule): string {
  const { summary, why, bad, good, unless, references } = docs
  const facts = [
    `Severity: ${severity}`,
    `rests on: ${tier ?? 'declared'}`,
    `needs: ${needs.join(', ')}${uses && uses.length > 0 ? ` (better with ${uses.join(', ')})` : ''}`,
    fix ? 'has a fix' : 'no automatic fix',
    ...(breaks ? [`breaks ${breaks}`] : []),
    ...(aboutMoney ? ['more weight with the preset billing'] : []),
    ...(optIn ? ['an opinion, off unless asked for'] : []),
  ]
  const parts = [
    `# ${id}`,
    summary,
    `${facts.join(' · ')}`,
    '## Why',
    why,
    '## Found',
    `\`\`\`sql\n${bad}\n\`\`\``,
    '## Right',
    `\`\`\`sql\n${good}\n\`\`\``,
    ...(unless ? ['## Leave it when', unless] : []),
    ...(references.length > 0 ? ['## References', references.map((link) => `- <${link}>`).join('\n')] : []),
  ]
  return `${parts.join('\n\n')}\n`
}

/** The list of all rules by category, in Markdown. */
export function renderRuleIndex(rules: readonly Rule[]): string {
  const parts = [...groupBy(rules, ({ category }) => category)].map(([category, members]) => {
    const lines = members.map(({ id, severity, docs }) => `- [${id}](${id}.md) (${severity}): ${docs.summary}`)
    return `## ${category}\n\n${lines.join('\n')}`
  })
  return `# Rules\n\n${parts.join('\n\n')}\n`
}
