import { Args, Flags } from '@oclif/core'
import { configFlags } from '../cli/audit-flags.js'
import { BaseCommand } from '../cli/base-command.js'
import { readConfiguration } from '../cli/configuration.js'
import { findRule } from '../engine/select-rules.js'
import { renderRulePage, renderRulePageJson } from '../report/rule-page.js'

export default class Explain extends BaseCommand {
  static override summary = 'Explain a rule: why it exists, what it finds, and when to leave things as they are.'
  static override examples = ['<%= config.bin %> explain types/timestamp-without-time-zone']
  static override args = { rule: Args.string({ required: true, description: 'Id of the rule, as a report shows it.' }) }
  static override flags = {
    ...configFlags,
    format: Flags.option({
      options: ['terminal', 'json'] as const,
      default: 'terminal' as const,
      description: 'What the page is for.',
    })(),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Explain)
    const rule = findRule((await readConfiguration(flags)).book, args.rule)
    process.stdout.write(flags.format === 'json' ? renderRulePageJson(rule) : renderRulePage(rule, this.look(flags)))
  }
}
