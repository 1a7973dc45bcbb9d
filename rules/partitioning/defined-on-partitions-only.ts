import { isDefaultPartition, rule, type ForeignKey, type Index, type Table } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Create indexes and foreign keys on the partitioned table, so that every partition has them.',
    why: 'What is created on partitions one by one is missing on those that are made next month, and nobody notices until the new partition is large.',
    bad: `create table event (at date not null, kind int) partition by range (at);
      create table event_1 partition of event for values from ('2031-01-01') to ('2031-02-01');
      create table event_2 partition of event for values from ('2031-02-01') to ('2031-03-01');
      create index on event_1 (kind); create index on event_2 (kind);`,
    good: `create table event (at date not null, kind int) partition by range (at);
      create table event_1 partition of event for values from ('2031-01-01') to ('2031-02-01');
      create table event_2 partition of event for values from ('2031-02-01') to ('2031-03-01');
      create index on event (kind);`,
    unless: 'Whatever creates partitions creates these with them, as pg_partman does from a template table.',
    references: ['https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      const partitions = table.partitions.filter(
        (partition) => !isDefaultPartition(partition) && partition.variety !== 'foreign',
      )
      if (partitions.length < 2) continue
      const onParent = new Set([...table.indexes.map(shapeOfIndex), ...table.foreignKeys.map(shapeOfForeignKey)])
      const indexes = repeated(partitions, (partition) => ownIndexes(partition, table), shapeOfIndex, onParent)
      const keys = repeated(partitions, ownForeignKeys, shapeOfForeignKey, onParent)
      const isClosed = table.partitionKey?.strategy === 'hash' || table.partitionKey?.columns[0]?.type.name === 'bool'
      const found = [...indexes, ...keys].filter(({ missing }) => !isClosed || missing.length > 0)
      if (found.length === 0) continue
      yield {
        on: table,
        related: found.flatMap(({ missing }) => missing),
        facts: {
          partitions: partitions.length,
          definitions: found.map(({ what, missing }) => ({ what, missing: missing.length })),
        },
      }
    }
  },

  message: ({ on, facts: { partitions, definitions } }) => {
    const said = definitions.map(
      ({ what, missing }) => `${what} (${missing === 0 ? 'on all' : `missing on ${missing}`} of ${partitions})`,
    )
    return `Partitions of ${on} have what ${on.name} itself has not: ${said.join('; ')}.`
  },

  advice: () =>
    'Create each on the partitioned table: an index that a partition has already in the same shape is adopted, not built again.',
})

interface Repeated {
  readonly what: string
  readonly missing: readonly Table[]
}

/** What at least two thirds of the partitions have, and their parent has not. */
function repeated<T extends Index | ForeignKey>(
  partitions: readonly Table[],
  own: (partition: Table) => readonly T[],
  shapeOf: (object: T) => string,
  onParent: ReadonlySet<string>,
): readonly Repeated[] {
  const having = new Map<string, { readonly example: T; readonly tables: Set<Table> }>()
  for (const partition of partitions) {
    for (const object of own(partition)) {
      const shape = shapeOf(object)
      const known = having.get(shape) ?? { example: object, tables: new Set<Table>() }
      known.tables.add(partition)
      having.set(shape, known)
    }
  }
  return [...having]
    .filter(
      ([shape, { tables }]) => !onParent.has(shape) && tables.size >= 2 && tables.size * 3 >= partitions.length * 2,
    )
    .map(([, { example, tables }]) => ({
      what: nameOf(example),
      missing: partitions.filter((partition) => !tables.has(partition)),
    }))
}

/** Indexes of a partition alone that its parent could have: a unique one there needs the partition key. */
function ownIndexes({ indexes }: Table, parent: Table): readonly Index[] {
  const key = (parent.partitionKey?.columns ?? []).map((column) => column?.name ?? null)
  return indexes.filter(
    ({ partitionOf, unique, keys }) =>
      !partitionOf &&
      (!unique || key.every((name) => name !== null && keys.some(({ column }) => column?.name === name))),
  )
}

function ownForeignKeys({ foreignKeys }: Table): readonly ForeignKey[] {
  return foreignKeys.filter(({ inherited }) => !inherited)
}

function shapeOfIndex({ method, keys, included, predicate, unique }: Index): string {
  const parts = keys.map(({ expression, opclass, collation, descending, nullsFirst }) => [
    expression,
    opclass,
    collation,
    descending,
    nullsFirst,
  ])
  return JSON.stringify([method, parts, included.map(({ name }) => name), predicate, unique])
}

function shapeOfForeignKey({ columns, referencedTable, referencedColumns }: ForeignKey): string {
  return JSON.stringify([
    'foreign key',
    columns.map(({ name }) => name),
    referencedTable.address,
    referencedColumns.map(({ name }) => name),
  ])
}

function nameOf(object: Index | ForeignKey): string {
  return object.kind === 'index'
    ? `${object.unique ? 'unique ' : ''}index (${object.keys.map(({ expression }) => expression).join(', ')})`
    : `foreign key (${object.columns.map(({ name }) => name).join(', ')})`
}
