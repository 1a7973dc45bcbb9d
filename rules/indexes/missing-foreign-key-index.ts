import { type Assessment, createIndex, findMissingForeignKeyIndexes, rule, serviceOf } from '../../src/kit.js'

/** Rows up to which reading the whole table costs nothing worth an index. */
const FEW_ROWS = 1_000
const GIBIBYTE = 2 ** 30

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
  uses: ['statistics'],

  *detect({ catalog, statistics }) {
    for (const table of catalog.tables) {
      if (table.partitionOf?.foreignKeys.length && table.foreignKeys.every(({ inherited }) => inherited)) continue
      for (const { foreignKey, others, columns, service } of findMissingForeignKeyIndexes(table)) {
        const referencing = statistics?.table(table)
        const referenced = statistics?.table(foreignKey.referencedTable)
        const small = referencing !== undefined && referencing.liveRows < FEW_ROWS && (referencing.rows ?? 0) < FEW_ROWS
        const still = referenced !== undefined && referenced.deleted + referenced.updated === 0
        const assessment: Assessment =
          small || service === 'partial'
            ? { severity: 'info' }
            : still
              ? { severity: 'info', tier: 'measured', confidence: 0.6 }
              : referencing && referenced && referencing.sizeBytes >= GIBIBYTE && referenced.deleted > 0
                ? { tier: 'measured', impact: 'high' }
                : {}
        yield {
          on: foreignKey,
          related: [...others, foreignKey.referencedTable],
          facts: {
            columns: foreignKey.columns.map(({ name }) => name),
            index: columns.map(({ name }) => name),
            referenced: foreignKey.referencedTable.address,
            partlyServed: service === 'partial',
            alsoServes: others.map(({ name }) => name),
            partitions: foreignKey.table.partitions
              .filter((partition) => serviceOf(foreignKey, partition) === 'full')
              .map(({ address }) => address),
            rows: referencing?.rows ?? null,
            deletesInReferenced: referenced?.deleted ?? null,
          },
          assessment,
        }
      }
    }
  },

  message: ({ on, facts }) => {
    const columns = facts.columns.join(', ')
    if (facts.partlyServed)
      return `${on} is only partly served by an index: none starts with all of ${columns}, so a delete in ${facts.referenced} reads every row of ${on.table} that shares the indexed part.`
    const rows = facts.rows === null ? '' : ` (about ${facts.rows} rows)`
    return `${on} has no index on ${columns}: each delete in ${facts.referenced} reads all of ${on.table}${rows}.`
  },

  advice: ({ on, facts: { index, partitions } }) =>
    partitions.length === 0
      ? `Create an index on ${on.table} (${index.join(', ')}).`
      : `Create an index on only ${on.table} (${index.join(', ')}), then one on each partition that has none, and attach them all: ${partitions.join(', ')} has one already.`,

  fix: ({ on, facts: { index, partitions } }) =>
    partitions.length === 0
      ? createIndex(on.table, { keys: index.map((name) => ({ column: on.table.column(name)! })) })
      : [],
})
