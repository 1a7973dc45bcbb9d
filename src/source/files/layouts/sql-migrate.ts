import { markedLayout } from './marked.js'

/** `-- +migrate Up` and `-- +migrate Down`, each possibly several times (https://github.com/rubenv/sql-migrate). */
export const sqlMigrate = markedLayout({
  name: 'sql-migrate',
  up: /^\s*--\s*\+migrate\s+up\b/i,
  down: /^\s*--\s*\+migrate\s+down\b/i,
})
