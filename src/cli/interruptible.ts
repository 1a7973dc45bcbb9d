import { InterruptedError, LeftOverError } from '../errors.js'
import { type Progress, startProgress } from './progress.js'

const ENDINGS = ['SIGINT', 'SIGTERM'] as const

/** Does work that shows its progress on standard error and that Ctrl-C ends. Throws InterruptedError then. */
export async function interruptible<T>(
  quiet: boolean,
  work: (progress: Progress, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const progress = startProgress(process.stderr, quiet)
  const interruption = new AbortController()
  const interrupt = () => interruption.abort(new InterruptedError())
  // A second Ctrl-C ends the process at once.
  for (const signal of ENDINGS) process.once(signal, interrupt)
  try {
    return await work(progress, interruption.signal)
  } catch (error) {
    if (!(error instanceof LeftOverError)) interruption.signal.throwIfAborted()
    throw error
  } finally {
    for (const signal of ENDINGS) process.removeListener(signal, interrupt)
    progress.end()
  }
}
