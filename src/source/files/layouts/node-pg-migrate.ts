import { markedLayout, upPart } from './marked.js'

const MARKERS = { up: /^\s*--[\s-]*up\s+migration/i, down: /^\s*--[\s-]*down\s+migration/i }

/** `-- Up Migration` and `-- Down Migration` (https://salsita.github.io/node-pg-migrate/). */
export const nodePgMigrate = markedLayout({ name: 'node-pg-migrate', ...MARKERS })

/** The part of an SQL migration among migrations that are code. */
export function upPartForNodePgMigrate(text: string): string {
  return upPart(text, MARKERS)
}
