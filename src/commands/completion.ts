import { Args } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.js'
import { readCommands } from '../cli/manual.js'
import { loadRules } from '../engine/load-rules.js'
import { renderBashCompletion } from '../report/completion/bash.js'
import { renderFishCompletion } from '../report/completion/fish.js'
import { renderZshCompletion } from '../report/completion/zsh.js'
import { FORMATS } from '../report/formats.js'

const RENDERERS = { bash: renderBashCompletion, zsh: renderZshCompletion, fish: renderFishCompletion }

export default class Completion extends BaseCommand {
  static override summary = 'Print completion for a shell: commands, flags, their values and rule ids.'
  static override examples = [
    { description: 'bash, in ~/.bashrc', command: 'source <(<%= config.bin %> completion bash)' },
    { description: 'zsh, in ~/.zshrc after compinit', command: 'source <(<%= config.bin %> completion zsh)' },
    {
      description: 'fish',
      command: '<%= config.bin %> completion fish > ~/.config/fish/completions/<%= config.bin %>.fish',
    },
  ]
  static override args = {
    shell: Args.string({ required: true, options: Object.keys(RENDERERS), description: 'bash, zsh or fish.' }),
  }

  override async run(): Promise<void> {
    const { args } = await this.parse(Completion)
    const [commands, rules] = await Promise.all([readCommands(), loadRules()])
    const ids = rules.map(({ id }) => id)
    const values = { rule: ids, format: FORMATS, shell: Object.keys(RENDERERS) }
    process.stdout.write(RENDERERS[args.shell as keyof typeof RENDERERS]({ commands, values }))
  }
}
