import { addressed, type Draft, parseOptions } from './draft.js'
import type { Column, Index, Table, View } from './model.js'
import type { RawIndex } from './raw.js'

/** `pg_index.indoption` bits. */
const DESCENDING = 1
const NULLS_FIRST = 2

/** Links the indexes by oid; constraints and foreign keys are added when those are linked. */
export function linkIndexes(
  rows: readonly RawIndex[],
  relationOf: (oid: number) => Table | View,
  columnAt: (relation: number, position: number) => Column | undefined,
): Map<number, Draft<Index>> {
  const indexes = new Map<number, Draft<Index>>()
  for (const row of rows) {
    const table = relationOf(row.relation)
    const column = (at: number) => columnAt(row.relation, row.columns[at] ?? 0) ?? null
    indexes.set(
      row.oid,
      addressed({
        kind: 'index' as const,
        address: `${table.address}.${row.name}`,
        name: row.name,
        comment: row.comment,
        table,
        method: row.method,
        keys: row.expressions.map((expression, at) => ({
          column: column(at),
          expression,
          opclass: row.opclasses[at] ?? '',
          isDefaultOpclass: row.defaultOpclasses[at] === 'true',
          collation: row.collations[at] || null,
          descending: ((row.options[at] ?? 0) & DESCENDING) !== 0,
          nullsFirst: ((row.options[at] ?? 0) & NULLS_FIRST) !== 0,
        })),
        included: row.columns.slice(row.keyCount).flatMap((_, at) => column(row.keyCount + at) ?? []),
        predicate: row.predicate,
        unique: row.unique,
        nullsNotDistinct: row.nullsNotDistinct,
        valid: row.valid,
        ready: row.ready,
        isReplicaIdentity: row.isReplicaIdentity,
        clustered: row.clustered,
        constraint: null,
        supportsForeignKeys: [],
        partitionOf: null,
        options: parseOptions(row.storageOptions),
        definition: row.definition,
        sizeBytes: Number(row.sizeBytes),
      }),
    )
  }
  for (const row of rows) {
    const index = indexes.get(row.oid)
    if (index && row.parent !== null) index.partitionOf = (indexes.get(row.parent) as Index | undefined) ?? null
  }
  return indexes
}
