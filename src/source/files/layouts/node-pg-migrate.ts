import { markedLayout } from './marked.js'

/** `-- Up Migration` and `-- Down Migration` (https://salsita.github.io/node-pg-migrate/). */
export const nodePgMigrate = markedLayout({
  name: 'node-pg-migrate',
  up: /^\s*--[\s-]*up\s+migration/i,
  down: /^\s*--[\s-]*down\s+migration/i,
})
