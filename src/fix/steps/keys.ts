import type { Column, Table } from '../../evidence/catalog/model.js'
import { quoteIdentifier } from '../../quote.js'
import { newName, quoteColumns, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { constraintNamesOf, relationNamesIn, sameColumns, STEP, tableOf } from './base.js'
import { type CleanUp, watchDuplicates } from './duplicates.js'

type Kind = 'unique' | 'primary key'

/**
 * Makes columns unique through a concurrently built index that the constraint then adopts. A partitioned table gets the
 * constraint alone first; it becomes valid when the last partition's own is attached. No step when a partition key is missing in it.
 */
export function addKey(columns: readonly Column[], kind: Kind, cleanUp?: CleanUp): readonly Step[] {
  const table = tableOf(columns)
  if (!includesPartitionKeys(table, columns)) return []
  const [first, ...others] = buildIndexes(table, columns, kind)
  const keys = columns.map((column) => ({ sql: quoteIdentifier(column.name), column }))
  const watched = watchDuplicates({ table, keys, filled: kind === 'primary key', cleanUp })
  return first ? [{ ...first, ...watched }, ...others, ...adopt(table, columns, kind)] : []
}

/** PostgreSQL looks for duplicates within partitions only, so every key of every level has to be part of it. */
function includesPartitionKeys(table: Table, columns: readonly Column[]): boolean {
  const names = columns.map(({ name }) => name)
  return (
    (table.partitionKey?.columns ?? []).every((column) => column !== null && names.includes(column.name)) &&
    table.partitions.every((partition) => includesPartitionKeys(partition, columns))
  )
}

function buildIndexes(table: Table, columns: readonly Column[], kind: Kind): readonly Step[] {
  if (table.variety === 'partitioned')
    return table.partitions.flatMap((partition) => buildIndexes(partition, sameColumns(columns, partition), kind))
  const name = keyName(table, columns, kind)
  const drop = `drop index concurrently if exists ${quoteRelation({ schema: table.schema, name })}`
  return [
    {
      ...STEP,
      sql: `create unique index concurrently ${quoteIdentifier(name)} on ${quoteRelation(table)} (${quoteColumns(columns)})`,
      undo: drop,
      transactional: false,
      lock: 'SHARE UPDATE EXCLUSIVE',
      scans: true,
    },
  ]
}

function adopt(table: Table, columns: readonly Column[], kind: Kind): readonly Step[] {
  const name = keyName(table, columns, kind)
  const quoted = quoteIdentifier(name)
  const on = quoteRelation(table)
  const undo = `alter table ${on} drop constraint ${quoted}`
  const step = { ...STEP, phase: 'switch', lock: 'ACCESS EXCLUSIVE' } as const
  if (table.variety !== 'partitioned')
    return [{ ...step, sql: `alter table ${on} add constraint ${quoted} ${kind} using index ${quoted}`, undo }]
  const parent = quoteRelation({ schema: table.schema, name })
  return [
    { ...step, sql: `alter table only ${on} add constraint ${quoted} ${kind} (${quoteColumns(columns)})`, undo },
    ...table.partitions.flatMap((partition) => {
      const own = sameColumns(columns, partition)
      const index = quoteRelation({ schema: partition.schema, name: keyName(partition, own, kind) })
      return [
        // Dropping the parent's constraint drops those attached to it.
        ...adopt(partition, own, kind).map((each) => ({ ...each, undo: null })),
        { ...step, sql: `alter index ${parent} attach partition ${index}`, undo: null },
      ]
    }),
  ]
}

function keyName(table: Table, columns: readonly Column[], kind: Kind): string {
  const parts = kind === 'unique' ? columns.map((column) => column.name) : []
  const taken = new Set([...relationNamesIn(table), ...constraintNamesOf(table)])
  return newName([table.name, ...parts], kind === 'unique' ? 'key' : 'pkey', taken)
}
