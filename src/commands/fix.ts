import { Flags } from '@oclif/core'
import { auditArgs, auditFlags, runAudit } from '../cli/audit-flags.js'
import { BaseCommand } from '../cli/base-command.js'
import { askWhichFixes } from '../cli/ask.js'
import { readConfiguration } from '../cli/configuration.js'
import { checkTerminal, printFiles, renderFiles, writeMigration } from '../cli/fixing.js'
import { checkMigrationFolder, checkObjects, lockMode } from '../cli/migration-files.js'
import { chooseTarget, findWriter } from '../cli/migration-target.js'
import { selectRules } from '../engine/select-rules.js'
import { chosenFewer, type MigrationChoice, planMigration } from '../fix/migration.js'
import { chooseMoves, planMoves } from '../fix/moves.js'
import { LOCK_NAMES, type Phase, PHASES } from '../fix/step.js'
import { WRITERS } from '../fix/writers/index.js'
import { renderMigration } from '../report/migration.js'

export default class Fix extends BaseCommand {
  static override summary = 'Write migrations with the proven fixes, for your migration tool.'
  static override description = `Every fix was applied to a scratch copy of the schema, its finding was gone, nothing new was found, and undoing it gave back what was there. The files follow the tool that the folder is of, in phases (${PHASES.join(', ')}), each with its way back; a transaction never holds more tables than one statement needs, and a file that failed can be run again.

With --after or --changed the safe forms of statements in new migrations are written too, in files behind them, and what is to be taken out of the migrations is shown; --in-place takes it out.

What needs a decision, or could not be proven, is listed and left out. Nothing is ever run against your database, and no file is overwritten but for --in-place.`
  static override examples = [
    {
      description: 'Add migrations to a folder, as its tool wants them',
      command: '<%= config.bin %> fix db/migrations',
    },
    { description: 'See them first', command: '<%= config.bin %> fix db/schema.sql --dry-run' },
    {
      description: 'Only the indexes of one table',
      command: '<%= config.bin %> fix db/ --rule indexes/missing-foreign-key-index --object public.invoices',
    },
    {
      description: 'Only what lets everybody read and write meanwhile',
      command: '<%= config.bin %> fix db/migrations --max-lock share-update-exclusive',
    },
    {
      description: 'Put the risky statements of new migrations into files of their own, in their safe form',
      command: '<%= config.bin %> fix db/migrations --changed --in-place',
    },
    {
      description: "From a live server, into another tool's folder",
      command:
        '<%= config.bin %> fix --db postgres://auditor@db.example.com/billing --format flyway -o src/main/resources/db',
    },
  ]
  static override args = auditArgs
  static override flags = {
    ...auditFlags,
    rule: Flags.string({
      description: 'Only fixes of this rule; may be repeated.',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<id>',
    }),
    object: Flags.string({
      description: 'Only fixes of this table, or object; may be repeated.',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<address>',
    }),
    phase: Flags.string({
      description: 'Only this phase of the fixes; may be repeated.',
      multiple: true,
      multipleNonGreedy: true,
      options: PHASES,
      helpValue: '<name>',
    }),
    'max-lock': Flags.string({
      description: 'Leave out every fix that takes a stronger lock than this on a table that is there.',
      options: LOCK_NAMES,
      helpValue: '<mode>',
    }),
    interactive: Flags.boolean({
      char: 'i',
      description: 'Choose from a list, where decisions can be answered too.',
    }),
    format: Flags.string({
      description: `Migration tool to write for: ${WRITERS.map(({ name }) => name).join(', ')}. By default that of the folder.`,
      helpValue: '<tool>',
    }),
    'target-version': Flags.integer({
      description: 'Major version of the PostgreSQL that the migrations will run on; by default that of the server.',
      min: 10,
      max: 30,
      helpValue: '<major>',
    }),
    output: Flags.string({
      char: 'o',
      description: "Folder to write into; by default the scanned tool's own, else the working folder.",
      helpValue: '<folder>',
    }),
    'dry-run': Flags.boolean({ description: 'Print the files instead of writing them.' }),
    'in-place': Flags.boolean({
      description:
        'Take the statements whose place the new files take out of the new migrations; without it, what to take out is shown.',
    }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Fix)
    if (flags.interactive) checkTerminal(process.stdin, process.stderr)
    const configuration = await readConfiguration(flags)
    const { fix = {}, target: { runner } = {} } = configuration.config
    const output = flags.output ?? (fix.output === undefined ? undefined : configuration.path(fix.output))
    if (output !== undefined && !flags['dry-run']) checkMigrationFolder(output)
    const wanted = flags.format ?? fix.format
    if (wanted !== undefined) findWriter(wanted)
    const format = wanted ?? runner
    const rules = selectRules(configuration.book, flags.rule).map(({ id }) => id)
    const version = flags['target-version']
    const choice: MigrationChoice = {
      rules,
      objects: flags.object ?? [],
      phases: (flags.phase ?? []) as Phase[],
      maxLock: lockMode(flags['max-lock'] ?? fix.maxLock),
    }
    let fingerprints: readonly string[] | undefined
    // Every rule judges, so that a proof sees what a fix would break elsewhere; what is chosen then is proven by itself.
    const result = await runAudit(
      { args, flags: { ...flags, rule: [] } },
      version === undefined
        ? configuration
        : { ...configuration, request: { ...configuration.request, productionVersion: version } },
      {
        move: (findings) => chooseMoves(findings, { ...choice, fingerprints }),
        choose: async (findings, catalog) => {
          checkObjects(flags.object, { findings, catalog })
          if (flags.interactive) {
            const { fixes, ...plan } = planMigration(findings, choice)
            fingerprints = await askWhichFixes({ ...plan, fixes: [...chooseMoves(findings, choice), ...fixes] })
          }
          return chosenFewer(findings, { ...choice, fingerprints })
        },
      },
    )
    const migration = planMigration(result.findings, { ...choice, fingerprints })
    const moves = planMoves(result.moves ?? [], result.findings, choice)
    const target = chooseTarget({ format, output }, result)
    const { files, edited, written } = renderFiles(migration, moves, target, result)
    const inPlace = flags['in-place'] ? edited : []
    if (flags['dry-run']) process.stdout.write(printFiles(files, inPlace))
    else writeMigration(files, target.folder, inPlace)
    const destination = flags['dry-run'] ? process.stderr : process.stdout
    const look = this.look({ color: flags.color }, destination)
    destination.write(renderMigration({ ...written, takesOut: flags['in-place'] }, look))
  }
}
