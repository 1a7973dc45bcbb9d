import { Flags } from '@oclif/core'
import { configFlags } from '../cli/audit-flags.js'
import { BaseCommand } from '../cli/base-command.js'
import { readConfiguration } from '../cli/configuration.js'
import { renderRuleList, renderRuleListJson } from '../report/rule-list.js'

export default class Rules extends BaseCommand {
  static override summary = 'List the rules that a scan judges by.'
  static override examples = [
    { description: 'All rules by category', command: '<%= config.bin %> rules' },
    { description: 'The same for programs', command: '<%= config.bin %> rules --format json' },
  ]
  static override flags = {
    ...configFlags,
    format: Flags.option({
      options: ['terminal', 'json'] as const,
      default: 'terminal' as const,
      description: 'What the list is for.',
    })(),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Rules)
    const rules = (await readConfiguration(flags)).book
    process.stdout.write(flags.format === 'json' ? renderRuleListJson(rules) : renderRuleList(rules, this.look(flags)))
  }
}
