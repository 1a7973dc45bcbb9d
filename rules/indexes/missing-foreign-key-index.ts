import {
  afterReview,
  type Assessment,
  type Catalog,
  createIndex,
  type Detection,
  findMissingForeignKeyIndexes,
  type ForeignKey,
  groupBy,
  type MissingIndex,
  rememberFor,
  rule,
  type Schema,
  serviceOf,
  statisticsOfScale,
  type Table,
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
  uses: ['statistics', 'migrations'],

  *detect({ catalog, statistics: all, migrations }): Generator<Detection<ForeignKey | Schema, Facts>> {
    const statistics = statisticsOfScale(all, catalog)
    const found = causesIn(catalog).map((cause) => {
      const { foreignKey } = cause[0]
      const referencing = statistics?.table(foreignKey.table)
      const referenced = statistics?.table(foreignKey.referencedTable)
      return { cause, referencing, referenced, assessment: weigh(cause[0], referencing, referenced) }
    })
    // What new migrations add, and what is known to cost, is told apart from what the house leaves out.
    const spoken = found.filter(
      ({ referencing, assessment }) => migrations || (referencing && assessment.severity !== 'info'),
    )
    const houses = groupBy(
      found.filter((one) => !spoken.includes(one)),
      ({ cause: [{ foreignKey }] }) => foreignKey.table.schema,
    )
    for (const [schema, unmeasured] of houses) {
      const keys = catalog.foreignKeys().filter(({ table }) => table.schema === schema && !table.partitionOf)
      if (unmeasured.length < HOUSE.fewest || unmeasured.length < keys.length * HOUSE.share) {
        spoken.push(...unmeasured)
        continue
      }
      yield {
        on: schema,
        related: unmeasured.map(({ cause: [{ foreignKey }] }) => foreignKey),
        facts: {
          ...NOTHING_MORE,
          keys: unmeasured.map(({ cause: [{ foreignKey }] }) => foreignKey.address),
          foreignKeys: keys.length,
          referenced: mostReferenced(unmeasured.map(({ cause }) => cause[0])),
        },
      }
    }
    for (const { cause, referencing, referenced, assessment } of spoken) {
      const [{ foreignKey, others, columns, service }, ...siblings] = cause
      yield {
        on: foreignKey,
        related: [...others, ...siblings.map((sibling) => sibling.foreignKey), foreignKey.referencedTable],
        facts: {
          keys: [foreignKey.address],
          foreignKeys: null,
          columns: foreignKey.columns.map(({ name }) => name),
          index: columns.map(({ name }) => name),
          referenced: foreignKey.referencedTable.address,
          partlyServed: service === 'partial',
          partitions: siblings.map((sibling) => sibling.foreignKey.table.name),
          served: servedPartitions(foreignKey).map(({ address }) => address),
          rows: referencing?.rows ?? null,
          deletesInReferenced: referenced?.deleted ?? null,
        },
        assessment,
      }
    }
  },

  message: ({ on, facts }) => {
    if (on.kind === 'schema')
      return `${facts.keys.length} of the ${facts.foreignKeys} foreign keys of ${on} have no index, such as ${facts.keys.slice(0, 3).join(', ')}: each delete in a referenced table, ${facts.referenced} first of all, reads all of those that reference it.`
    const columns = facts.columns.join(', ')
    if (facts.partlyServed)
      return `${on} is only partly served by an index: none starts with all of ${columns}, so a delete in ${facts.referenced} reads every row of ${on.table} that shares the indexed part.`
    const rows = facts.rows === null ? '' : ` (about ${facts.rows} rows)`
    const more = facts.partitions.length === 0 ? '' : `, and so it is in ${facts.partitions.length} other partitions`
    return `${on} has no index on ${columns}: each delete in ${facts.referenced} reads all of ${on.table}${rows}${more}.`
  },

  advice: ({ on, facts: { index, served, referenced } }) => {
    if (on.kind === 'schema')
      return `Begin where rows of the referenced table are deleted, change their keys, or are joined from (${referenced} is referenced most); statistics of production tell these apart. A key whose parent is never deleted may stay without.`
    return served.length === 0
      ? `Create an index on ${on.table} (${index.join(', ')}).`
      : `Create an index on only ${on.table} (${index.join(', ')}), then one on each partition that has none, and attach them all: ${served.join(', ')} has one already.`
  },

  fix: ({ catalog, on, facts: { keys } }) => {
    const chosen = new Set(keys)
    const steps = causesIn(catalog)
      .filter(([{ foreignKey }]) => chosen.has(foreignKey.address) && servedPartitions(foreignKey).length === 0)
      .flatMap((cause) =>
        cause.flatMap(({ foreignKey: { table } }) =>
          createIndex(table, { keys: cause[0].columns.map(({ name }) => ({ column: table.column(name)! })) }),
        ),
      )
    return on.kind === 'schema'
      ? afterReview(
          `From which tables that ${on} references are rows deleted, or joined to those that reference them? The steps are for all of ${keys.length} keys.`,
          steps,
        )
      : steps
  },
})

type Facts = {
  /** Addresses. */
  readonly keys: readonly string[]
  /** How many there are in the schema, with an index or without, where the finding is on the schema. */
  readonly foreignKeys: number | null
  readonly columns: readonly string[]
  readonly index: readonly string[]
  readonly referenced: string
  readonly partlyServed: boolean
  readonly partitions: readonly string[]
  readonly served: readonly string[]
  readonly rows: number | null
  readonly deletesInReferenced: number | null
}

const NOTHING_MORE = {
  columns: [],
  index: [],
  partlyServed: false,
  partitions: [],
  served: [],
  rows: null,
  deletesInReferenced: null,
} as const

/** So many keys without an index, and this share of a schema's, are its habit. */
const HOUSE = { fewest: 20, share: 1 / 3 }

type Cause = readonly [MissingIndex, ...MissingIndex[]]

const causesIn = rememberFor(({ tables }: Catalog): readonly Cause[] =>
  foldPartitions(tables.flatMap(findMissingForeignKeyIndexes)),
)

/** Partitions that have an index of their own, which the parent's would have to take in. */
function servedPartitions(foreignKey: ForeignKey): readonly Table[] {
  return foreignKey.table.partitions.filter((partition) => serviceOf(foreignKey, partition) === 'full')
}

/** Address of the table that most of them reference. */
function mostReferenced(missing: readonly MissingIndex[]): string {
  const counts = groupBy(missing, ({ foreignKey }) => foreignKey.referencedTable.address)
  const [most] = [...counts].toSorted(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))
  return most?.[0] ?? ''
}

/** Findings of sibling partitions that each declare the same key have one cause. */
function foldPartitions(missing: readonly MissingIndex[]): readonly Cause[] {
  return [
    ...groupBy(missing, ({ foreignKey: { address, table, columns } }) =>
      table.partitionOf ? `${table.partitionOf} ${table.schema} ${columns.map(({ name }) => name).join()}` : address,
    ).values(),
  ] as readonly unknown[] as readonly Cause[]
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
