import { readFileSync } from 'node:fs'
import { startThreadAhead } from '../source/embedded/thread.js'

/** Commands that need the embedded server. */
const OPENS_A_DATABASE = /^(?:scan|fix|advise)$/

/** Runs the command line `argv` of the package in this folder. Sets the exit code; never ends the process, so that nothing written is lost. */
export async function main(argv: readonly string[], root: URL): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe)
  const { name, version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as Record<string, string>
  if (argv.length === 1 && argv[0] === '--version') {
    process.stdout.write(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`)
    return
  }
  if (OPENS_A_DATABASE.test(argv[0] ?? '') && !argv.includes('--static')) startThreadAhead()
  const { runCommand } = await import('./run-command.js')
  await runCommand(argv, root, version ?? '')
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
