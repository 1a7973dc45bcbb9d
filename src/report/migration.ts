import { Chalk } from 'chalk'
import type { Finding } from '../engine/result.js'
import { formatLocation, type Location } from '../errors.js'
import type { Migration } from '../fix/migration.js'
import type { Phase } from '../fix/step.js'
import { renderDiff } from './diff.js'
import type { ReportOptions } from './options.js'
import { printable } from './printable.js'
import { count } from './summary.js'
import { wrap } from './wrap.js'

/** What was written, or would be, and how to run it. */
export interface WrittenMigration extends Omit<Migration, 'planned'> {
  /** The migration tool. */
  readonly format: string
  readonly folder: string
  /** In the order in which they run; those of a part share its phase. */
  readonly files: readonly {
    readonly phase: Phase | null
    readonly path: string
    readonly role: 'up' | 'down' | 'both' | 'settings' | 'index'
  }[]
  readonly run: string
  /** What else is to know, sentence by sentence. */
  readonly notes: readonly string[]
  /** What goes out of migrations that are there, since the files take its place. */
  readonly takenOut?: {
    readonly edited: readonly { readonly path: string; readonly replaces: string; readonly text: string }[]
    /** Statements that a person has to take out. */
    readonly leftIn: readonly {
      readonly statement: { readonly location: Location; readonly sql: string }
      readonly reason: string
    }[]
  }
  /** That is done, not left to a person. */
  readonly takesOut?: boolean
}

/** What a migration holds, which files in which order, how to run them, and what stays out and why, for a terminal. */
export function renderMigration(migration: WrittenMigration, options: ReportOptions): string {
  const chalk = new Chalk({ level: options.color })
  const { fixes, decisions, refused, leftOut, files } = migration
  const part = (title: string, findings: readonly Finding[], tell: (finding: Finding) => string | null) =>
    findings.length === 0
      ? []
      : [[chalk.bold(title), ...findings.map((finding) => describe(finding, tell(finding), options))].join('\n')]
  const reasons = new Map(leftOut.map(({ finding, reason }) => [finding, reason]))
  const parts = [
    ...part(count(fixes.length, 'proven fix', 'proven fixes'), fixes, () => null),
    ...(files.length > 0 ? [renderFiles(migration, chalk), renderRun(migration, chalk, options)] : []),
    ...renderTakenOut(migration, chalk, options),
    ...part(
      `${count(leftOut.length, 'fix', 'fixes')} left out`,
      leftOut.map(({ finding }) => finding),
      (finding) => reasons.get(finding) ?? '',
    ),
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

function renderFiles({ files, format, folder }: WrittenMigration, chalk: InstanceType<typeof Chalk>): string {
  const shown = files.filter(({ role }) => role === 'up' || role === 'both')
  const beside = files.length - shown.length
  const width = Math.max(...shown.map(({ phase }) => phase?.length ?? 0))
  const lines = shown.map(({ phase, path }, at) => {
    const label = phase !== null && shown[at - 1]?.phase !== phase ? phase : ''
    return `  ${chalk.cyan(label.padEnd(width))}  ${printable(path)}`
  })
  const tool = format === 'plain' ? 'plain SQL' : format
  return [
    chalk.bold(`${count(shown.length, 'migration')} in ${printable(folder)} (${tool})`),
    ...lines,
    ...(beside > 0
      ? [chalk.dim(`  ${' '.repeat(width)}  and ${count(beside, 'file')} beside: ${describeRoles(files)}`)]
      : []),
  ].join('\n')
}

const ROLES = { down: 'down', settings: 'settings and checks', index: "the tool's list" } as const

function describeRoles(files: WrittenMigration['files']): string {
  const roles = new Set(files.map(({ role }) => role))
  return Object.entries(ROLES)
    .flatMap(([role, words]) => (roles.has(role as keyof typeof ROLES) ? [words] : []))
    .join(', ')
}

function renderTakenOut(
  { takenOut, takesOut = false }: WrittenMigration,
  chalk: InstanceType<typeof Chalk>,
  { width }: ReportOptions,
): readonly string[] {
  if (!takenOut) return []
  const { edited, leftIn } = takenOut
  const title = takesOut
    ? 'Taken out of the migrations, since the new files take its place'
    : 'Take this out of the migrations, by hand or with --in-place: the new files take its place'
  const coloured = (line: string) =>
    line.startsWith('-') ? chalk.red(line) : line.startsWith('+') ? chalk.green(line) : line
  const diffs = edited.map(({ path, replaces, text }) =>
    renderDiff(path, replaces, text)
      .split('\n')
      .map((line) => `  ${coloured(printable(line))}`)
      .join('\n'),
  )
  const byHand = leftIn.flatMap(({ statement: { location, sql }, reason }) => [
    `  ${printable(formatLocation(location))}`,
    ...wrap(printable(sql.replace(/\s+/g, ' ')), width - 4).map((line) => `    ${line}`),
    `    ${printable(reason)}`,
  ])
  return [
    ...(diffs.length > 0 ? [[chalk.bold(title), ...diffs].join('\n')] : []),
    ...(byHand.length > 0
      ? [[chalk.bold('To take out by hand: the new files take the place of'), ...byHand].join('\n')]
      : []),
  ]
}

function renderRun(
  { run, folder, files, before, notes }: WrittenMigration,
  chalk: InstanceType<typeof Chalk>,
  { width }: ReportOptions,
): string {
  const phases = new Set(files.map(({ phase }) => phase))
  const sentences = [
    ...(before.length > 0
      ? [`First the ${before.join(' and ')} files of the same fixes must have run: they were not chosen.`]
      : []),
    ...(phases.has('contract')
      ? ['Run the contract files in a later release, when nothing uses what they take away.']
      : []),
    ...notes,
  ]
  return [
    chalk.bold('To run them, in this order'),
    `  ${printable(run.replaceAll('FOLDER', folder))}`,
    ...sentences.flatMap((sentence) => wrap(printable(sentence), width - 2).map((line) => `  ${line}`)),
  ].join('\n')
}

function describe({ address, rule, location }: Finding, text: string | null, { width }: ReportOptions): string {
  const title = [address, rule, ...(location ? [formatLocation(location)] : [])].join(' · ')
  const lines = text === null ? [] : wrap(printable(text), width - 4)
  return [`  ${printable(title)}`, ...lines.map((line) => `    ${line}`)].join('\n')
}
