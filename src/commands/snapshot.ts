import { Flags } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.js'
import { checkOutput, writeOutput } from '../cli/output.js'
import { resolveSource } from '../cli/source.js'
import { ConfigError } from '../errors.js'

export default class Snapshot extends BaseCommand {
  static override summary = 'Save what a live server knows of itself, for scans without the server.'
  static override description = `Writes the catalog and the statistics as one JSON file; no row of any table is read. Every command takes the file with --snapshot in place of a server.`
  static override examples = [
    {
      description: 'Take a snapshot in the night, scan it in CI',
      command: '<%= config.bin %> snapshot --db postgres://auditor@db.example.com/billing -o production.json',
    },
  ]
  static override flags = {
    db: Flags.string({
      description:
        'Connection string of the server; without it DATABASE_URL, then PGHOST and its like. Further ones are its replicas, whose counters are added.',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<url>',
    }),
    'with-values': Flags.boolean({
      description: "Keep most common values and bounds of the columns' statistics: they are data of rows.",
    }),
    output: Flags.string({
      char: 'o',
      description: 'Write the snapshot to this file instead of standard output.',
      helpValue: '<file>',
    }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Snapshot)
    checkOutput(flags.output)
    const { source } = resolveSource({ targets: [], db: flags.db, workload: [] }, process.env)
    if (source.kind !== 'server') throw new ConfigError('A snapshot is taken of a live server.')
    const { takeSnapshot } = await import('../audit/take-snapshot.js')
    const text = await takeSnapshot({
      connection: source.connection,
      replicas: source.replicas ?? [],
      withValues: flags['with-values'],
      takenAt: new Date(),
    })
    if (flags.output === undefined) process.stdout.write(text)
    else writeOutput(flags.output, text)
  }
}
