import { Command, Errors, Flags } from '@oclif/core'
import type { ReportOptions } from '../report/options.js'
import { decideColor } from './color.js'
import { describeFailure, explainUsage } from './failure.js'
import { InterruptedError } from '../errors.js'
import type { Verdict } from './gate.js'
import { supportsHyperlinks } from './hyperlinks.js'

interface LookFlags {
  readonly color?: boolean | undefined
  /** File that the text goes to instead of the stream. */
  readonly output?: string | undefined
  readonly verbose?: boolean
}

/** What every command shares: colour, and the one place where errors are caught. */
export abstract class BaseCommand extends Command {
  static override baseFlags = {
    color: Flags.boolean({
      allowNo: true,
      description: 'Colour the output; by default when it is a terminal and NO_COLOR is not set.',
    }),
  }

  /** How text is to look on this stream; in a file and in a pipe it is 100 columns wide. */
  protected look(flags: LookFlags, stream: NodeJS.WriteStream = process.stdout): ReportOptions {
    const terminal = stream.isTTY && flags.output === undefined
    const columns = (terminal && stream.columns) || 100
    return {
      color: decideColor({ flag: flags.color, environment: process.env, terminal }),
      width: Math.min(Math.max(columns, 60), 120),
      verbose: flags.verbose ?? false,
      hyperlinks: supportsHyperlinks(process.env, terminal),
    }
  }

  /** Sets the exit code, and says why where the report alone does not tell. */
  protected conclude({ code, reason }: Verdict): void {
    if (reason) process.stderr.write(describeFailure(reason, { debug: false, version: this.config.version }))
    process.exitCode = code
  }

  /** Prints an error once and sets exit code 2; the process ends by itself, so that nothing written is lost. */
  protected override async catch(error: Error): Promise<void> {
    if (error instanceof Errors.ExitError) throw error
    const flags = Object.entries({ ...this.ctor.baseFlags, ...this.ctor.flags }).flatMap(([name, flag]) => [
      name,
      ...('allowNo' in flag && flag.allowNo ? [`no-${name}`] : []),
    ])
    const explained = explainUsage(error, this.id ?? '', flags)
    process.stderr.write(
      describeFailure(explained, { debug: Boolean(process.env['DEBUG']), version: this.config.version }),
    )
    process.exitCode = error instanceof InterruptedError ? 130 : 2
  }
}
