import type { Finding } from '../engine/result.js'

/** Where a finding stands, for formats that know nothing but files. */
export interface Place {
  /** With slashes; relative to the folder of the scan where the file is below it. */
  readonly path: string
  readonly line: number
  readonly column: number
  /** False when the path is made up of the object's address, because the finding did not come from a file. */
  readonly real: boolean
}

/** The line in a file; of a live database the path `postgresql/schema/table`, which no repository holds, line 1. */
export function placeOf({ location, object, address }: Finding): Place {
  if (location) return { path: location.file, line: location.line, column: location.column, real: true }
  const { schema, table } = object
  const names = schema !== null && table !== null ? [schema, table] : [schema ?? address]
  return { path: ['postgresql', ...names].map(encodeURIComponent).join('/'), line: 1, column: 1, real: false }
}

/** A path as a URI reference: relative stays relative. */
export function uriOf(path: string): string {
  const encoded = path
    .replaceAll('\\', '/')
    .split('/')
    .map((part) => encodeURIComponent(part))
    .join('/')
  if (/^[A-Za-z]%3A\//.test(encoded)) return `file:///${encoded.replace('%3A', ':')}`
  return encoded.startsWith('/') ? `file://${encoded}` : encoded
}
