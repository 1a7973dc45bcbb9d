import { Args, Flags } from '@oclif/core'
import { adviceFlags, runAdvice } from '../cli/advice.js'
import { auditArgs } from '../cli/audit-flags.js'
import { BaseCommand } from '../cli/base-command.js'
import { readConfiguration } from '../cli/configuration.js'
import { checkOutput, writeOutput } from '../cli/output.js'
import { ADVICE_FORMATS, type AdviceFormat, renderAdvice } from '../report/index-advice.js'

export default class Advise extends BaseCommand {
  static override summary = 'Say which set of indexes a workload wants, as the planner sees it.'
  static override description = `Candidates come from the queries' conditions, joins, groups and sorts; an embedded PostgreSQL with the schema, its statistics and no rows is asked what each query would cost with them; and the set that costs least, writes and storage included, is chosen as a whole. Nothing is created on the server.`
  static override examples = [
    {
      description: 'From a live server and what pg_stat_statements counted there',
      command: '<%= config.bin %> advise indexes --db postgres://auditor@db.example.com/billing',
    },
    {
      description: 'Offline, for queries in a file and at most 200 MiB',
      command: '<%= config.bin %> advise indexes --snapshot production.json --workload queries.sql --budget 200MB',
    },
  ]
  static override args = {
    subject: Args.string({ description: 'What to advise on: indexes.', options: ['indexes'], required: true }),
    ...auditArgs,
  }
  static override flags = {
    ...adviceFlags,
    format: Flags.string({
      description: `What the advice is for: ${ADVICE_FORMATS.join(', ')}.`,
      options: [...ADVICE_FORMATS],
      default: 'terminal',
      helpValue: '<name>',
    }),
    output: Flags.string({
      char: 'o',
      description: 'Write to this file instead of standard output.',
      helpValue: '<file>',
    }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Advise)
    checkOutput(flags.output)
    const { advice, source } = await runAdvice({ args, flags }, await readConfiguration(flags))
    const text = renderAdvice(flags.format as AdviceFormat, advice, source)
    if (flags.output === undefined) process.stdout.write(text)
    else writeOutput(flags.output, text)
  }
}
