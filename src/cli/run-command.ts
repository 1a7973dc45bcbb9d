import { fileURLToPath } from 'node:url'
import { Config, Errors, run, settings } from '@oclif/core'
import { nearest } from '../engine/nearest.js'
import { ConfigError } from '../errors.js'
import { describeFailure } from './failure.js'
import { statIfThere } from './stat.js'

/** Runs the command that `argv` names, of the package in this folder; an error sets exit code 2. */
export async function runCommand(argv: readonly string[], root: URL, version: string): Promise<void> {
  // Without this, oclif looks for TypeScript sources and their compiler when NODE_ENV says test or development.
  settings.enableAutoTranspile = false
  try {
    const config = await Config.load({ root: fileURLToPath(root) })
    const [first = '', ...rest] = argv
    const words = first === 'help' ? [...rest, '--help'] : argv.map((word) => (word === '-h' ? '--help' : word))
    checkCommand(words, config)
    await run([...words], config)
  } catch (error) {
    if (error instanceof Errors.ExitError) process.exitCode = error.oclif.exit ?? 0
    else {
      process.stderr.write(describeFailure(error, { debug: Boolean(process.env['DEBUG']), version }))
      process.exitCode = 2
    }
  }
}

const SERVER_URL = /^postgres(?:ql)?:/i

function checkCommand([name, argument]: readonly string[], config: Config): void {
  const { commandIDs } = config
  if (name === undefined || name.startsWith('-')) return
  if (commandIDs.includes(name)) {
    const takesNone = Object.keys(config.findCommand(name)?.args ?? {}).length === 0
    if (takesNone && argument !== undefined && !argument.startsWith('-'))
      throw new ConfigError(`\`${name}\` takes no arguments, only flags.`, {
        hint: SERVER_URL.test(argument) ? 'Name the database with --db.' : `See \`pg-billing-audit ${name} --help\`.`,
      })
    return
  }
  const near = nearest(name, commandIDs)
  const target = SERVER_URL.test(name) || statIfThere(name)
  const meant = target ? 'pg-billing-audit scan …' : near && `pg-billing-audit ${near}`
  throw new ConfigError(`There is no command «${name}».`, {
    hint: meant ? `Did you mean \`${meant}\`?` : `The commands are ${commandIDs.join(', ')}.`,
  })
}
