import { Flags } from '@oclif/core'
import { auditArgs, auditFlags, runAudit } from '../cli/audit-flags.js'
import { BaseCommand } from '../cli/base-command.js'
import { compareResult, readComparisons } from '../cli/comparisons.js'
import { readConfiguration, renderConfiguration } from '../cli/configuration.js'
import { gateFlags, gateOf } from '../cli/gate-flags.js'
import { judgeGate } from '../cli/gate.js'
import { chooseReports, writeReports } from '../cli/reports.js'
import { writeRoles } from '../cli/roles.js'
import { FORMATS } from '../report/formats.js'

export default class Scan extends BaseCommand {
  static override summary = 'Review a database: its SQL files, or a live server.'
  static override description = `SQL files are applied to an embedded PostgreSQL and its catalog is read; a live server is read in one read-only transaction.

Exit code: 0 nothing at or over the bar of --fail-on, 1 findings there, 2 the scan could not be done, or SQL was not understood (the report is written all the same).`
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
      description: 'Fail a build on warnings too, and leave a report for code scanning',
      command: '<%= config.bin %> scan db/ --fail-on warning --format terminal --format sarif=review.sarif',
    },
    {
      description: 'Accept what is there today; from then on only what is new or worse fails',
      command: '<%= config.bin %> scan db/ --update-baseline',
    },
    { description: 'Which table is the invoice, the payment, the plan', command: '<%= config.bin %> scan db/ --roles' },
    {
      description: 'What got better or worse since last night',
      command: '<%= config.bin %> scan --since yesterday.json --format terminal --format json=today.json',
    },
  ]
  static override args = auditArgs
  static override flags = {
    ...auditFlags,
    format: Flags.string({
      description: `What a report is for: ${FORMATS.join(', ')}. May be repeated; all but one name their file.`,
      helpValue: '<name[=file]>',
      multiple: true,
      multipleNonGreedy: true,
    }),
    output: Flags.string({
      char: 'o',
      description: 'Write the report that names no file to this file instead of standard output.',
      helpValue: '<file>',
    }),
    ...gateFlags,
    roles: Flags.boolean({
      description: 'Show what each table is to billing and why, as text or with --format json, and judge nothing.',
    }),
    'print-config': Flags.boolean({ description: 'Print what the configuration comes to, and scan nothing.' }),
    static: Flags.boolean({
      description:
        'Judge migrations by what PostgreSQL documents for their statements, without a server: fast, and blind to blocks, functions and data. Without --after and --changed every file is judged against those before it.',
      exclusive: ['db', 'snapshot', 'proof-db', 'explain'],
    }),
    prove: Flags.boolean({ allowNo: true, default: true, description: 'Try every fix on a scratch database.' }),
    verbose: Flags.boolean({ char: 'v', description: 'Show every finding in full, in the order of the review.' }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Scan)
    const configuration = await readConfiguration(flags)
    if (flags['print-config']) return void process.stdout.write(renderConfiguration(configuration))
    const { config } = configuration
    if (flags.roles) return writeRoles({ args, flags }, configuration, this.look(flags))
    const reports = chooseReports(flags.format ?? config.formats ?? [], flags.output)
    const comparisons = await readComparisons(flags, configuration)
    const found = await runAudit({ args, flags }, configuration, { prove: flags.prove })
    const result = compareResult(found, comparisons)
    await writeReports(reports, result, (output) => this.look({ ...flags, output }))
    this.conclude(judgeGate(result, gateOf(flags, config)))
  }
}
