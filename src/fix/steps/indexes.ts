import type { IndexShape } from '../../evidence/advice/model.js'
import type { Index, Table } from '../../evidence/catalog/model.js'
import { quoteIdentifier } from '../../quote.js'
import { newName, quoteColumns, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { block, relationNamesIn, sameColumn, sameColumns, STEP } from './base.js'
import { type CleanUp, watchDuplicates } from './duplicates.js'

export interface IndexSpecification extends IndexShape {
  readonly unique?: boolean
  /** What to do with rows of which there are several, where it is unique; `fresh` where there can be none. */
  readonly cleanUp?: CleanUp | 'fresh'
}

/**
 * Creates an index without blocking writes. On a partitioned table: an invalid index on the parent only, one concurrent
 * index for each partition, attached one by one; the parent's becomes valid with the last.
 */
export function createIndex(table: Table, specification: IndexSpecification): readonly Step[] {
  const name = indexNameOn(table, specification)
  if (table.variety !== 'partitioned') return [createOneIndex(table, name, specification)]
  const parent: Step = {
    ...STEP,
    sql: indexStatement(table, name, specification, 'only'),
    undo: `drop index ${quoteRelation({ schema: table.schema, name })}`,
    lock: 'SHARE',
  }
  return [parent, ...table.partitions.flatMap((partition) => attachedIndex(table, name, partition, specification))]
}

function attachedIndex(
  parent: Table,
  parentIndex: string,
  partition: Table,
  specification: IndexSpecification,
): Step[] {
  const ofPartition = onPartition(specification, partition)
  const steps = createIndex(partition, ofPartition)
  const name = indexNameOn(partition, ofPartition)
  return [
    // Dropping the parent's index drops those attached to it.
    ...steps.map((step) => ({ ...step, undo: null })),
    {
      ...STEP,
      sql: `alter index ${quoteRelation({ schema: parent.schema, name: parentIndex })} attach partition ${quoteRelation({ schema: partition.schema, name })}`,
      undo: null,
      lock: 'SHARE UPDATE EXCLUSIVE',
    },
  ]
}

function onPartition(specification: IndexSpecification, partition: Table): IndexSpecification {
  return {
    ...specification,
    keys: specification.keys.map((key) => (key.column ? { ...key, column: sameColumn(key.column, partition) } : key)),
    ...(specification.include ? { include: sameColumns(specification.include, partition) } : {}),
  }
}

function createOneIndex(table: Table, name: string, specification: IndexSpecification): Step {
  const drop = `drop index concurrently if exists ${quoteRelation({ schema: table.schema, name })}`
  return {
    ...STEP,
    sql: indexStatement(table, name, specification, 'concurrently'),
    undo: drop,
    transactional: false,
    lock: 'SHARE UPDATE EXCLUSIVE',
    scans: true,
    ...(specification.unique && specification.cleanUp !== 'fresh' ? watchRows(table, specification) : {}),
  }
}

function watchRows(table: Table, { keys, where, cleanUp }: IndexSpecification): Partial<Step> {
  const distinct = keys.map(({ column, expression = '' }) => ({
    sql: column ? quoteIdentifier(column.name) : expression,
    column: column ?? null,
  }))
  return watchDuplicates({ table, keys: distinct, where, cleanUp: cleanUp === 'fresh' ? 'none' : cleanUp })
}

/** The name that `createIndex` gives. */
function indexNameOn(table: Table, { keys, unique }: IndexSpecification): string {
  const parts = keys.map(({ column, name }) => name ?? column?.name ?? 'expr')
  return newName([table.name, ...parts], unique ? 'key' : 'idx', relationNamesIn(table))
}

function indexStatement(
  table: Table,
  name: string,
  specification: IndexSpecification,
  mode: 'concurrently' | 'only' | 'plain',
): string {
  return [
    `create ${specification.unique ? 'unique ' : ''}index ${mode === 'concurrently' ? 'concurrently ' : ''}${quoteIdentifier(name)}`,
    `on ${mode === 'only' ? 'only ' : ''}${quoteRelation(table)} ${indexDefinition(specification)}`,
  ].join(' ')
}

/** Creates an index of this name at once, on the partitions too, where nobody else is waiting. */
export function createIndexAtOnce(table: Table, name: string, specification: IndexSpecification): string {
  return indexStatement(table, name, specification, 'plain')
}

/** What an index is, from `using` on. */
export function indexDefinition(specification: IndexSpecification): string {
  const { method = 'btree', keys, include = [], where, options = {} } = specification
  const keyList = keys
    .map(({ column, expression, opclass, descending, nulls }) =>
      [
        column ? quoteIdentifier(column.name) : expression,
        opclass,
        descending ? 'desc' : undefined,
        nulls ? `nulls ${nulls}` : undefined,
      ]
        .filter(Boolean)
        .join(' '),
    )
    .join(', ')
  const settings = Object.entries(options)
  return [
    `using ${method} (${keyList})`,
    include.length > 0 ? `include (${quoteColumns(include)})` : '',
    settings.length > 0 ? `with (${settings.map(([key, value]) => `${key} = ${value}`).join(', ')})` : '',
    where ? `where ${where}` : '',
  ]
    .filter(Boolean)
    .join(' ')
}

/** Drops an index without blocking writes; a partitioned index goes with its partitions' indexes, which cannot be done concurrently. */
export function dropIndex(index: Index): readonly Step[] {
  const { table } = index
  const name = quoteRelation({ schema: table.schema, name: index.name })
  const step = { ...STEP, phase: 'contract' } as const
  if (table.kind === 'table' && table.variety === 'partitioned')
    return [{ ...step, sql: `drop index ${name}`, undo: rebuildPartitioned(index, table), lock: 'ACCESS EXCLUSIVE' }]
  return [
    {
      ...step,
      sql: `drop index concurrently ${name}`,
      undo: index.definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY '),
      transactional: false,
      lock: 'SHARE UPDATE EXCLUSIVE',
    },
  ]
}

/** The parent's index alone, then every partition's under the name that it had, attached. */
function rebuildPartitioned(index: Index, table: Table): string {
  const statements = (of: Index, owner: Table): readonly string[] => [
    of.definition,
    ...owner.partitions.flatMap((partition) =>
      partition.indexes
        .filter(({ partitionOf }) => partitionOf === of)
        .flatMap((own) => [
          ...statements(own, partition),
          `ALTER INDEX ${quoteRelation({ schema: owner.schema, name: of.name })} ATTACH PARTITION ${quoteRelation({ schema: partition.schema, name: own.name })}`,
        ]),
    ),
  ]
  return block(statements(index, table))
}

/**
 * Builds another index of the same name parts beside one, then drops the one, without blocking writes. `change` is given
 * the definition from `USING` on. Not for partitioned tables, materialized views and constraints: no step.
 */
export function replaceIndex(index: Index, change: (definition: string) => string): readonly Step[] {
  const { table, definition } = index
  if (table.kind !== 'table' || table.variety === 'partitioned' || index.constraint || index.isReplicaIdentity)
    return []
  const kind = index.unique ? 'unique index' : 'index'
  const parts = index.keys.map(({ column }) => column?.name ?? 'expr')
  const name = newName([table.name, ...new Set(parts)], index.unique ? 'key' : 'idx', relationNamesIn(table))
  const drop = `drop index concurrently if exists ${quoteRelation({ schema: table.schema, name })}`
  const create: Step = {
    ...STEP,
    sql: `create ${kind} concurrently ${quoteIdentifier(name)} on ${quoteRelation(table)} ${change(definition.slice(definition.indexOf(' USING ') + 1))}`,
    undo: drop,
    transactional: false,
    lock: 'SHARE UPDATE EXCLUSIVE',
    scans: true,
  }
  return [create, ...dropIndex(index)]
}
