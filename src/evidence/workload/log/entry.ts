/** One message of a server's log. */
export interface LogEntry {
  /** Milliseconds since 1970; null where the line's prefix holds no time. */
  readonly time: number | null
  /** What tells sessions apart: session id, else process id; null where neither stands in the line. */
  readonly session: string | null
  readonly database: string | null
  /** The message with its severity cut off: `duration: 0.1 ms  statement: …`. */
  readonly message: string
  readonly detail: string | null
}

/** Takes a log's text piece by piece. Text is Latin-1: one character a byte. */
export interface LogReader {
  push(text: string): void
  /** The text has ended. */
  end(): void
  /** Lines that could not be read, by reason. */
  readonly unread: ReadonlyMap<string, number>
}
