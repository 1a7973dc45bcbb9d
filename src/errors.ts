/** An error that the user can act on. Anything else that is thrown is a bug and keeps its stack. */
export class AuditError extends Error {
  readonly hint: string | undefined

  constructor(message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.hint = options.hint
  }
}

/** A flag, a configuration file or an argument cannot be used. */
export class ConfigError extends AuditError {}

/** The user ended it. */
export class InterruptedError extends AuditError {
  constructor() {
    super('Interrupted.', { hint: 'Nothing was written, and the running query was cancelled.' })
  }
}

/** The server could not be reached, refused us, or went away. */
export class ConnectionError extends AuditError {}

/** A scratch database that we made on a server is still there, whatever else went wrong. */
export class LeftOverError extends AuditError {}

/** Evidence could not be read: privilege, extension, timeout. */
export class EvidenceError extends AuditError {}

/** A place in an SQL file; line and column count from 1, column in UTF-16 units. */
export interface Location {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** SQL from a file could not be read or applied. */
export class SqlLoadError extends AuditError {
  readonly location: Location | undefined

  constructor(
    message: string,
    options: { readonly hint?: string; readonly cause?: unknown; readonly location?: Location } = {},
  ) {
    const { location } = options
    super(location ? `${formatLocation(location)}: ${message}` : message, options)
    this.location = location
  }
}

/** `file:line:column`, as editors and terminals make it clickable. */
export function formatLocation({ file, line, column }: Location): string {
  return `${file}:${line}:${column}`
}
