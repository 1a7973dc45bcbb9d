import { Flags } from '@oclif/core'
import type { AdviceResult } from '../audit/advise-indexes.js'
import { ConfigError } from '../errors.js'
import { type AuditInput, auditFlags, chooseSource, readVariables } from './audit-flags.js'
import type { Configuration } from './configuration.js'
import { interruptible } from './interruptible.js'
import { resolveSource } from './source.js'

/** The flags of `advise indexes`. */
export const adviceFlags = {
  db: auditFlags.db,
  snapshot: auditFlags.snapshot,
  workload: auditFlags.workload,
  'log-line-prefix': auditFlags['log-line-prefix'],
  layout: auditFlags.layout,
  variable: auditFlags.variable,
  config: auditFlags.config,
  'no-config': auditFlags['no-config'],
  quiet: auditFlags.quiet,
  budget: Flags.string({
    description: 'Most that all new indexes may take, such as 500MB or 2GiB.',
    helpValue: '<size>',
  }),
  'per-table': Flags.integer({ description: 'Most new indexes of one table.', min: 1, helpValue: '<count>' }),
  'time-budget': Flags.integer({
    description: 'Seconds after which the best set that is known is given.',
    min: 1,
    default: 60,
    helpValue: '<seconds>',
  }),
  'proof-db': Flags.string({
    description:
      'Connection string of a server where the set is really built, on generated rows in a scratch database that is created there and dropped, and the statements are run without it and with it.',
    helpValue: '<url>',
  }),
  planner: Flags.option({
    options: ['auto', 'hypopg', 'clone'] as const,
    default: 'auto' as const,
    description:
      'Who plans: the live server with HypoPG, an embedded PostgreSQL with its statistics, or the first where it is installed.',
  })(),
  sample: Flags.boolean({
    allowNo: true,
    default: true,
    description:
      'Look at a sample of rows for what expressions such as lower(email) give; without it the planner guesses.',
  }),
}

interface AdviceInput {
  readonly args: AuditInput['args']
  readonly flags: AuditInput['flags'] & {
    readonly budget?: string | undefined
    readonly 'per-table'?: number | undefined
    readonly 'time-budget': number
    readonly planner: 'auto' | 'hypopg' | 'clone'
    readonly sample: boolean
  }
}

/** Advises on what the command line names, else what the configuration does, showing progress on standard error. */
export async function runAdvice({ args, flags }: AdviceInput, configuration: Configuration): Promise<AdviceResult> {
  const { source = {} } = configuration.config
  const layout = flags.layout ?? source.layout
  const budget = flags.budget === undefined ? undefined : readSize(flags.budget)
  const request = resolveSource(chooseSource({ args, flags }, configuration), process.env)
  const { adviseOnSource } = await import('../audit/advise-indexes.js')
  return interruptible(flags.quiet, (progress, signal) =>
    adviseOnSource({
      source: request.source,
      workload: request.workload ?? [],
      load: {
        ...(layout === undefined ? {} : { layout }),
        variables: { ...source.variables, ...readVariables(flags.variable ?? []) },
      },
      logs: flags['log-line-prefix'] === undefined ? {} : { linePrefix: flags['log-line-prefix'] },
      ...(budget === undefined ? {} : { budget }),
      ...(flags['per-table'] === undefined ? {} : { perTable: flags['per-table'] }),
      timeBudget: flags['time-budget'] * 1000,
      planner: flags.planner,
      ...(flags['proof-db'] === undefined ? {} : { proofDatabase: flags['proof-db'] }),
      sample: flags.sample,
      progress: progress.begin,
      signal,
    }),
  )
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

function readSize(text: string): number {
  const [, number = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]i?b)?\s*$/i.exec(text) ?? []
  const factor = UNITS[unit.toLowerCase()]
  if (number === '' || factor === undefined)
    throw new ConfigError(`--budget ${text} is no size.`, { hint: 'Write a number and a unit: 500MB, 2GiB.' })
  return Number(number) * factor
}
