import { Flags } from '@oclif/core'
import { auditArgs, auditFlags, runAudit } from '../cli/audit-flags.js'
import { BaseCommand } from '../cli/base-command.js'
import { readConfiguration } from '../cli/configuration.js'
import { checkMigrationFolder, checkObjects, writeMigration } from '../cli/migration-files.js'
import { selectRules } from '../engine/select-rules.js'
import { planMigration } from '../fix/migration.js'
import { renderMigration } from '../report/migration.js'

export default class Fix extends BaseCommand {
  static override summary = 'Write one up and one down migration with the proven fixes.'
  static override description = `Every fix was applied to a scratch copy of the schema, its finding was gone, nothing new was found, and undoing it gave back what was there. What needs a decision, or could not be proven, is listed and left out. Nothing is ever run against your database, and no file is overwritten.`
  static override examples = [
    {
      description: 'Write the migrations into a folder',
      command: '<%= config.bin %> fix db/schema.sql -o db/migrations',
    },
    { description: 'See them first', command: '<%= config.bin %> fix db/schema.sql --dry-run' },
    {
      description: 'Only the indexes of one table',
      command: '<%= config.bin %> fix db/ --rule indexes/missing-foreign-key-index --object public.invoices',
    },
  ]
  static override args = auditArgs
  static override flags = {
    ...auditFlags,
    object: Flags.string({
      description: 'Only fixes of this table, or object; may be repeated.',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<address>',
    }),
    output: Flags.string({
      char: 'o',
      default: '.',
      description: 'Folder to write the two files into.',
      helpValue: '<folder>',
    }),
    'dry-run': Flags.boolean({ description: 'Print the up migration instead of writing files.' }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Fix)
    if (!flags['dry-run']) checkMigrationFolder(flags.output)
    const configuration = await readConfiguration(flags)
    const rules = selectRules(configuration.book, flags.rule).map(({ id }) => id)
    // Every rule judges, so that a proof sees what a fix would break elsewhere; the choice is made afterwards.
    const result = await runAudit({ args, flags: { ...flags, rule: [] } }, configuration)
    const migration = planMigration(result.findings, { rules, objects: checkObjects(flags.object, result) })
    const destination = flags['dry-run'] ? process.stderr : process.stdout
    destination.write(renderMigration(migration, this.look({ color: flags.color }, destination)))
    if (flags['dry-run']) process.stdout.write(migration.up)
    else for (const path of writeMigration(migration, flags.output, result.startedAt)) this.log(`Wrote ${path}`)
  }
}
