import type { Index } from '../evidence/catalog/model.js'
import type { Candidate } from './candidate.js'

/** A candidate does all that an existing index does for queries, and nothing but queries relies on that one. */
export function replacedBy(index: Index, { table, specification }: Candidate): boolean {
  const { method = 'btree', keys, include = [], where } = specification
  if (index.table !== table || index.method !== 'btree' || method !== 'btree') return false
  if (index.unique || index.constraint || !index.valid || index.isReplicaIdentity || index.clustered) return false
  if (index.partitionOf || index.supportsForeignKeys.length > 0 || index.predicate !== null || where !== undefined)
    return false
  const held = new Set([...keys.map(({ column }) => column), ...include])
  return (
    index.keys.length <= keys.length &&
    index.keys.every((key, at) => {
      const other = keys[at]!
      const sameOrder =
        key.descending === (other.descending ?? false) &&
        key.nullsFirst === (other.nulls === 'first' || (other.nulls === undefined && key.descending))
      return (
        key.column !== null &&
        key.column === other.column &&
        key.isDefaultOpclass &&
        other.opclass === undefined &&
        sameOrder
      )
    }) &&
    index.included.every((column) => held.has(column))
  )
}
