import { Chalk } from 'chalk'
import type { Finding } from '../engine/result.js'
import { formatLocation } from '../errors.js'
import type { Migration } from '../fix/migration.js'
import type { ReportOptions } from './options.js'
import { printable } from './printable.js'
import { count } from './summary.js'
import { wrap } from './wrap.js'

/** What a migration holds, what needs a decision, and what was refused, for a terminal. */
export function renderMigration(
  migration: Pick<Migration, 'fixes' | 'decisions' | 'refused'>,
  options: ReportOptions,
): string {
  const chalk = new Chalk({ level: options.color })
  const { fixes, decisions, refused } = migration
  const part = (title: string, findings: readonly Finding[], tell: (finding: Finding) => string) =>
    findings.length === 0
      ? []
      : [[chalk.bold(title), ...findings.map((finding) => describe(finding, tell(finding), options))].join('\n')]
  const parts = [
    ...part(`${count(fixes.length, 'proven fix', 'proven fixes')}`, fixes, ({ message }) => message),
    ...part(
      `${count(decisions.length, 'fix', 'fixes')} waiting for your decision`,
      decisions,
      ({ fix }) => fix?.reason ?? '',
    ),
    ...part(
      `${count(refused.length, 'fix', 'fixes')} that could not be proven`,
      refused,
      ({ fix }) => fix?.reason ?? '',
    ),
  ]
  return `${parts.length > 0 ? parts.join('\n\n') : 'Nothing to fix.'}\n`
}

function describe({ address, rule, location }: Finding, text: string, { width }: ReportOptions): string {
  const title = [address, rule, ...(location ? [formatLocation(location)] : [])].join(' · ')
  return [`  ${printable(title)}`, ...wrap(printable(text), width - 4).map((line) => `    ${line}`)].join('\n')
}
