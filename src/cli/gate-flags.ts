import { Flags } from '@oclif/core'
import { ACCEPTABLE, type Acceptable } from '../engine/coverage.js'
import type { Config } from '../config/schema.js'
import type { FailOn, Gate } from './gate.js'

/** The flags that decide about the exit code, and what a scan is compared with. */
export const gateFlags = {
  'fail-on': Flags.option({
    options: ['error', 'warning', 'info', 'never'] as const,
    description: 'The least severity that gives exit code 1; with a baseline, of what is new or worse. Default error.',
  })(),
  'max-findings': Flags.integer({
    min: 0,
    description: 'More findings than this give exit code 1.',
    helpValue: '<n>',
  }),
  strict: Flags.boolean({
    allowNo: true,
    description:
      'What could not be looked at, or a suppression that does nothing, gives exit code 1; a statement that could not be applied, 2.',
  }),
  'accept-unseen': Flags.option({
    options: ACCEPTABLE,
    multiple: true,
    multipleNonGreedy: true,
    description:
      'With --strict: that this was not seen is as it should be, such as the statistics that SQL files cannot have. May be repeated; it is still reported.',
  })(),
  baseline: Flags.string({
    description: 'Findings that are accepted for now. By default pg-billing-audit.baseline.json, if it is there.',
    helpValue: '<file>',
    exclusive: ['no-baseline'],
  }),
  'no-baseline': Flags.boolean({ description: 'Count every finding.', exclusive: ['update-baseline'] }),
  'update-baseline': Flags.boolean({ description: 'Accept what this scan finds: write the baseline anew.' }),
  since: Flags.string({
    description:
      'JSON report of an earlier scan: say what got better or worse, findings and queries. Or an earlier snapshot, for its queries alone.',
    helpValue: '<file>',
  }),
}

/** The gate that the flags name, else the configuration. */
export function gateOf(
  flags: {
    readonly 'fail-on'?: FailOn | undefined
    readonly 'max-findings'?: number | undefined
    readonly strict?: boolean | undefined
    readonly 'accept-unseen'?: readonly Acceptable[] | undefined
  },
  config: Config,
): Gate {
  return {
    failOn: flags['fail-on'] ?? config.failOn ?? 'error',
    maxFindings: flags['max-findings'] ?? config.maxFindings,
    strict: flags.strict ?? config.strict ?? false,
    acceptUnseen: [...(flags['accept-unseen'] ?? []), ...(config.acceptUnseen ?? [])],
  }
}
