import { join } from 'node:path'
import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.js'
import { writeFiles } from '../cli/write-files.js'
import { DRAFT_FORMS, renderDraft } from '../config/draft.js'
import { configIn } from '../config/find.js'
import { inspectFolder } from '../config/inspect.js'
import { ConfigError } from '../errors.js'

export default class Init extends BaseCommand {
  static override summary = 'Write a configuration for what is found in a folder.'
  static override description = `Looks for SQL files and their migration tool, queries, and CI, and writes a commented configuration. Nothing is ever overwritten.`
  static override examples = [
    { description: 'For the project in this folder', command: '<%= config.bin %> init' },
    { description: 'In TypeScript, with completion in editors', command: '<%= config.bin %> init --as ts' },
  ]
  static override args = { folder: Args.string({ default: '.', description: 'Folder of the project.' }) }
  static override flags = {
    as: Flags.option({
      options: DRAFT_FORMS,
      description: 'Form of the file; by default ts in a TypeScript project that has this package, else yaml.',
    })(),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Init)
    const existing = configIn(args.folder)
    if (existing !== undefined)
      throw new ConfigError(`There is a configuration already: ${existing}.`, { hint: 'Nothing is overwritten.' })
    const facts = inspectFolder(args.folder)
    const form = flags.as ?? (facts.typescript ? 'ts' : 'yaml')
    const path = join(args.folder, `pg-billing-audit.config.${form}`)
    writeFiles([{ path, text: renderDraft(facts, form) }])
    const found =
      facts.targets.length > 0 ? `for ${facts.targets.join(', ')}` : 'without SQL files, for none were found'
    this.log(`Wrote ${path}, ${found}${facts.layout ? ` (${facts.layout.name})` : ''}. Next: pg-billing-audit scan`)
  }
}
