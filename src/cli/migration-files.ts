import { join } from 'node:path'
import { nearest } from '../engine/nearest.js'
import type { AuditResult } from '../engine/result.js'
import { ConfigError } from '../errors.js'
import type { Migration } from '../fix/migration.js'
import { writeNewFiles } from './output.js'
import { statIfThere } from './stat.js'

/** Throws ConfigError unless the folder is there. */
export function checkMigrationFolder(folder: string): void {
  if (!statIfThere(folder)?.isDirectory()) {
    throw new ConfigError(`${folder}: no such folder.`, { hint: 'Make the folder first, or name another with -o.' })
  }
}

/** The addresses, if every one is an object with a finding, or a table. Throws ConfigError, with the nearest address as a hint. */
export function checkObjects(addresses: readonly string[] = [], { catalog, findings }: AuditResult): readonly string[] {
  const known = [...catalog.tables, ...findings].map(({ address }) => address)
  const unknown = addresses.find((address) => !known.includes(address))
  if (unknown === undefined) return addresses
  const near = nearest(unknown, known)
  throw new ConfigError(`There is no table, and no finding about an object, «${unknown}».`, {
    hint: near
      ? `Did you mean «${near}»?`
      : 'Addresses are `schema.table` and `schema.table.object`, as a report shows them.',
  })
}

/** Writes the up and the down file, both or none, and gives their paths; none when there is nothing to fix. Never overwrites. */
export function writeMigration({ up, down }: Migration, folder: string, startedAt: string): readonly string[] {
  if (up === '') return []
  const name = `${startedAt.slice(0, 19).replace(/\D/g, '')}_billing_audit_fixes`
  const files = [
    { path: join(folder, `${name}.up.sql`), text: up },
    { path: join(folder, `${name}.down.sql`), text: down },
  ]
  writeNewFiles(files)
  return files.map(({ path }) => path)
}
