import { printable } from '../report/printable.js'

/** What a scan is doing, for a person who waits. */
export interface Progress {
  begin(phase: string): void
  /** Wipes the line; nothing is shown afterwards. */
  end(): void
}

const PATIENCE = 1000
const FRAME = 200

/** Shows one changing line on a terminal once a second has passed; silent on anything else. */
export function startProgress(stream: NodeJS.WriteStream, silent: boolean): Progress {
  if (silent || !stream.isTTY || process.env['TERM'] === 'dumb') return { begin: () => undefined, end: () => undefined }
  const startedAt = Date.now()
  let phase = 'Starting'
  let shown = false
  const show = () => {
    const elapsed = Date.now() - startedAt
    if (elapsed < PATIENCE) return
    shown = true
    const shortened = printable(phase).slice(0, (stream.columns || 80) - 12)
    stream.write(`\r\u001b[2K${shortened} … ${Math.floor(elapsed / 1000)} s`)
  }
  const timer = setInterval(show, FRAME)
  timer.unref()
  return {
    begin: (next) => {
      phase = next
      show()
    },
    end: () => {
      clearInterval(timer)
      if (shown) stream.write('\r\u001b[2K')
      shown = false
    },
  }
}
