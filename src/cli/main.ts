import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Config, Errors, run, settings } from '@oclif/core'
import { nearest } from '../engine/nearest.js'
import { ConfigError } from '../errors.js'
import { describeFailure } from './failure.js'

/** Runs the command line `argv` of the package in this folder. Sets the exit code; never ends the process, so that nothing written is lost. */
export async function main(argv: readonly string[], root: URL): Promise<void> {
  process.stderr.on('error', ignoreClosedPipe)
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
    else fail(error, root)
  }
}

function checkCommand([name]: readonly string[], { commandIDs }: Config): void {
  if (name === undefined || name.startsWith('-') || commandIDs.includes(name)) return
  const near = nearest(name, commandIDs)
  const target = /^postgres(?:ql)?:/i.test(name) || statSync(name, { throwIfNoEntry: false })
  const meant = target ? 'pg-billing-audit scan …' : near && `pg-billing-audit ${near}`
  throw new ConfigError(`There is no command «${name}».`, {
    hint: meant ? `Did you mean \`${meant}\`?` : `The commands are ${commandIDs.join(', ')}.`,
  })
}

function fail(error: unknown, root: URL): void {
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { readonly version: string }
  process.stderr.write(describeFailure(error, { debug: Boolean(process.env['DEBUG']), version }))
  process.exitCode = 2
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
