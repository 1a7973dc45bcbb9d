import type { FailureInTransaction } from '../../../source/files/observation/observer.js'
import { nodeAt, nodesIn, type ParsedStatement } from '../../../source/files/parse.js'
import { nameOf } from '../effect.js'
import type { SessionState } from '../trace-session.js'
import type { ImaginedRelations } from './relations.js'

/** Why a statement is sure to fail where it stands; null when it is not. */
export function failureOf(
  { name, node }: ParsedStatement,
  { openedBy }: SessionState,
  relations: ImaginedRelations,
): FailureInTransaction | null {
  const alone = standsAlone(name, node)
  if (alone === null) return null
  if (openedBy !== null) return { code: '25001', message: `${alone} cannot run inside a transaction block` }
  const on = name === 'IndexStmt' ? nameOf(node['relation']) : null
  return on && relations.find(on).kind === 'partitioned table'
    ? { code: '0A000', message: `cannot create index on partitioned table "${on.name}" concurrently` }
    : null
}

/** What the statement is called when it cannot run inside a transaction. */
function standsAlone(name: string, node: ParsedStatement['node']): string | null {
  const concurrently = node['concurrent'] === true
  switch (name) {
    case 'IndexStmt':
      return concurrently ? 'CREATE INDEX CONCURRENTLY' : null
    case 'DropStmt':
      return concurrently ? 'DROP INDEX CONCURRENTLY' : null
    case 'ReindexStmt':
      return nodesIn(node['params']).some(([, option]) => option['defname'] === 'concurrently')
        ? 'REINDEX CONCURRENTLY'
        : null
    case 'VacuumStmt':
      return node['is_vacuumcmd'] === true ? 'VACUUM' : null
    case 'AlterTableStmt': {
      const detaches = nodesIn(node['cmds']).some(
        ([, command]) => nodeAt(command, 'def', 'PartitionCmd', 'concurrent') === true,
      )
      return detaches ? 'ALTER TABLE ... DETACH CONCURRENTLY' : null
    }
    case 'CreatedbStmt':
      return 'CREATE DATABASE'
    case 'AlterSystemStmt':
      return 'ALTER SYSTEM'
    default:
      return null
  }
}
