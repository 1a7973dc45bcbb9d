import {
  groupBy,
  type Assessment,
  createIndex,
  findMissingForeignKeyIndexes,
  type MissingIndex,
  rule,
  serviceOf,
  statisticsOfScale,
  type TableStatistics,
} from '../../src/kit.js'

/** Rows up to which reading the whole table costs nothing worth an index. */
const FEW_ROWS = 1_000
const GIBIBYTE = 2 ** 30
/** Columns that say who did something. */
const ACTOR = /(?:^|_)(?:by|granter|revoker|creator|author|actor|approver)(?:_id)?$/

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Give each foreign key an index that starts with its columns.',
    why: 'PostgreSQL indexes the referenced key, not the referencing columns: each delete or key update in the referenced table reads the whole referencing table while it holds row locks, and so does each join from parent to children.',
    bad: 'create table customer (id bigint primary key); create table invoice (id bigint primary key, customer_id bigint not null references customer);',
    good: 'create table customer (id bigint primary key); create table invoice (id bigint primary key, customer_id bigint not null references customer); create index on invoice (customer_id);',
    unless:
      'Rows of the referenced table are never deleted, their keys never change, and nobody looks for the rows that reference them.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],
  reveals: ['indexes/redundant-index'],
  uses: ['statistics'],

  *detect({ catalog, statistics: all }) {
    const statistics = statisticsOfScale(all, catalog)
    const missing = catalog.tables.flatMap(findMissingForeignKeyIndexes)
    for (const [first, ...siblings] of foldPartitions(missing)) {
      const { foreignKey, others, columns, service } = first!
      const { table } = foreignKey
      const referencing = statistics?.table(table)
      const referenced = statistics?.table(foreignKey.referencedTable)
      yield {
        on: foreignKey,
        related: [...others, ...siblings.map((sibling) => sibling.foreignKey), foreignKey.referencedTable],
        facts: {
          columns: foreignKey.columns.map(({ name }) => name),
          index: columns.map(({ name }) => name),
          referenced: foreignKey.referencedTable.address,
          partlyServed: service === 'partial',
          partitions: siblings.map((sibling) => sibling.foreignKey.table.name),
          served: table.partitions
            .filter((partition) => serviceOf(foreignKey, partition) === 'full')
            .map(({ address }) => address),
          rows: referencing?.rows ?? null,
          deletesInReferenced: referenced?.deleted ?? null,
        },
        assessment: weigh(first!, referencing, referenced),
      }
    }
  },

  message: ({ on, facts }) => {
    const columns = facts.columns.join(', ')
    if (facts.partlyServed)
      return `${on} is only partly served by an index: none starts with all of ${columns}, so a delete in ${facts.referenced} reads every row of ${on.table} that shares the indexed part.`
    const rows = facts.rows === null ? '' : ` (about ${facts.rows} rows)`
    const more = facts.partitions.length === 0 ? '' : `, and so it is in ${facts.partitions.length} other partitions`
    return `${on} has no index on ${columns}: each delete in ${facts.referenced} reads all of ${on.table}${rows}${more}.`
  },

  advice: ({ on, facts: { index, served } }) =>
    served.length === 0
      ? `Create an index on ${on.table} (${index.join(', ')}).`
      : `Create an index on only ${on.table} (${index.join(', ')}), then one on each partition that has none, and attach them all: ${served.join(', ')} has one already.`,

  fix: ({ catalog, on, facts: { index, partitions, served } }) => {
    if (served.length > 0) return []
    const tables = [on.table, ...partitions.map((name) => catalog.table(on.table.schema.name, name))]
    return tables.flatMap((table) =>
      table ? createIndex(table, { keys: index.map((name) => ({ column: table.column(name)! })) }) : [],
    )
  },
})

/** Findings of sibling partitions that each declare the same key have one cause. */
function foldPartitions(missing: readonly MissingIndex[]): readonly (readonly MissingIndex[])[] {
  return [
    ...groupBy(missing, ({ foreignKey: { address, table, columns } }) =>
      table.partitionOf ? `${table.partitionOf} ${table.schema} ${columns.map(({ name }) => name).join()}` : address,
    ).values(),
  ]
}

/** Reading a small table is cheap, who did something is rarely asked, and what is never deleted needs no lookup. */
function weigh(
  { foreignKey, service }: MissingIndex,
  referencing: TableStatistics | undefined,
  referenced: TableStatistics | undefined,
): Assessment {
  if (service === 'partial') return { severity: 'info' }
  if (referencing && Math.max(referencing.liveRows, referencing.rows ?? 0) < FEW_ROWS)
    return { severity: 'info', tier: 'measured' }
  if (referenced && referenced.inserted > 0 && referenced.deleted + referenced.updated === 0)
    return { severity: 'info', tier: 'measured', confidence: 0.6 }
  if (referencing && referenced && referencing.sizeBytes >= GIBIBYTE && referenced.deleted > 0)
    return { tier: 'measured', impact: 'high' }
  const actor = foreignKey.columns.every(({ name }) => ACTOR.test(name))
  return actor && /^(?:no action|restrict)$/.test(foreignKey.onDelete) ? { severity: 'info' } : {}
}
