import { Flags } from '@oclif/core'
import { auditArgs, auditFlags, runAudit } from '../cli/audit-flags.js'
import { BaseCommand } from '../cli/base-command.js'
import { exitCodeOf, type FailOn } from '../cli/exit-code.js'
import { checkOutput, writeOutput } from '../cli/output.js'
import { FORMATS, renderReport } from '../report/formats.js'

export default class Scan extends BaseCommand {
  static override summary = 'Review a database: its SQL files, or a live server.'
  static override description = `SQL files are applied to an embedded PostgreSQL and its catalog is read; a live server is read in one read-only transaction.

Exit code: 0 nothing at or over the bar of --fail-on, 1 findings there, 2 the scan could not be done.`
  static override examples = [
    { description: 'Review a folder of SQL files or migrations', command: '<%= config.bin %> scan db/migrations' },
    {
      description: 'Review a live server',
      command: '<%= config.bin %> scan postgres://auditor@db.example.com/billing',
    },
    {
      description: 'Write the full review as a document',
      command: '<%= config.bin %> scan schema.sql --format markdown -o review.md',
    },
    {
      description: 'Fail a build on warnings too',
      command: '<%= config.bin %> scan db/ --format json --fail-on warning',
    },
  ]
  static override args = auditArgs
  static override flags = {
    ...auditFlags,
    format: Flags.option({ options: FORMATS, default: 'terminal' as const, description: 'What the report is for.' })(),
    output: Flags.string({
      char: 'o',
      description: 'Write the report to this file instead of standard output.',
      helpValue: '<file>',
    }),
    'fail-on': Flags.option({
      options: ['error', 'warning', 'info', 'never'] as const,
      default: 'error' as FailOn,
      description: 'The least severity that gives exit code 1.',
    })(),
    prove: Flags.boolean({ allowNo: true, default: true, description: 'Try every fix on a scratch database.' }),
    verbose: Flags.boolean({ char: 'v', description: 'Show every finding in full, in the order of the review.' }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Scan)
    checkOutput(flags.output)
    const result = await runAudit({ args, flags }, { prove: flags.prove })
    const report = await renderReport(flags.format, result, this.look(flags))
    if (flags.output === undefined) process.stdout.write(report)
    else writeOutput(flags.output, report)
    process.exitCode = exitCodeOf(result, flags['fail-on'])
  }
}
