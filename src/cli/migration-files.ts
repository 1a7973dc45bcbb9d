import { nearest } from '../engine/nearest.js'
import type { AuditResult } from '../engine/result.js'
import { ConfigError } from '../errors.js'
import { LOCK_MODES, LOCK_NAMES, type LockMode } from '../source/lock-mode.js'
import { statIfThere } from './stat.js'

/** Throws ConfigError unless the folder is there. */
export function checkMigrationFolder(folder: string): void {
  if (!statIfThere(folder)?.isDirectory()) {
    throw new ConfigError(`${folder}: no such folder.`, { hint: 'Make the folder first, or name another with -o.' })
  }
}

/** Throws ConfigError, with the nearest address as a hint, unless every address is an object with a finding, or a table. */
export function checkObjects(
  addresses: readonly string[] = [],
  { catalog, findings }: Pick<AuditResult, 'catalog' | 'findings'>,
): void {
  const known = [...catalog.tables, ...findings].map(({ address }) => address)
  const unknown = addresses.find((address) => !known.includes(address))
  if (unknown === undefined) return
  const near = nearest(unknown, known)
  throw new ConfigError(`There is no table, and no finding about an object, «${unknown}».`, {
    hint: near
      ? `Did you mean «${near}»?`
      : 'Addresses are `schema.table` and `schema.table.object`, as a report shows them.',
  })
}

/** The lock mode that a flag or the configuration names. */
export function lockMode(name: string | undefined): LockMode | undefined {
  return name === undefined ? undefined : LOCK_MODES[LOCK_NAMES.indexOf(name)]
}
