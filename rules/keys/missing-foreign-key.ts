import {
  addForeignKey,
  afterReview,
  checksOf,
  type Column,
  createIndex,
  type Detection,
  groupBy,
  literalsComparedWith,
  quoteIdentifier,
  quoteRelation,
  rule,
  type Schema,
  serviceOf,
  type Table,
  type WitnessedForeignKey,
  witnessForeignKeys,
} from '../../src/kit.js'

/** Tables that keep what was said or happened; many of them do without keys on purpose. */
const RECORDS =
  /(?:^|_)(?:logs?|events?|histor(?:y|ies)|audits?|archives?|outbox|inbox|snapshots?|staging|imports?|caches?|cached|queues?|messages?|activit(?:y|ies)|summar(?:y|ies)|daily|monthly|aggregations?)(?:_|$)/

/** Tables of what is gone, or of copies, which outlive what they point to. */
const OUTLIVING = /^(?:deleted|removed|trashed)_|_(?:deleted|tombstones?|quarantine|backup|bak|old)$/

/** From so many candidates on, a schema without a single foreign key is meant to be so. */
const A_HABIT = 8
/** From so many on, so is one that declares fewer keys than it has candidates. */
const A_STRONG_HABIT = 24
/** From so many on, a log that references nothing is one finding. */
const FEW = 3

type KeyFacts = {
  readonly columns: readonly string[]
  /** Address of the referenced table; empty when many columns are one finding. */
  readonly referenced: string
  readonly referencedColumns: readonly string[]
  readonly sign: WitnessedForeignKey['rule']
  readonly alternatives: readonly string[]
  /** Partitions that declare the key for themselves. */
  readonly partitions?: readonly string[]
  /** Foreign keys of the schema, when it is what was found. */
  readonly declared?: number
  /** Rows, or values of a sample, that point nowhere. */
  readonly orphans?: number
}

const SIGN: Readonly<Record<WitnessedForeignKey['rule'], string>> = {
  'declared elsewhere': 'the same column is a foreign key in other tables',
  namespace: 'its name and its table’s name lead there',
  table: 'it is called after that table',
  key: 'it is called like that key',
  self: 'its name says that a row points to another of the same table',
  role: 'its name ends in that table’s',
  suffix: 'only that table’s name ends so',
  actor: 'its name says who did it',
  composite: 'its columns are called after that key',
  link: 'its table is called after the two that it links',
  extension: 'its table is called after that one and gives its rows no keys of its own',
  joined: 'queries join it with that key, and with no other',
  values: 'all its values are keys there, and of no other table',
}

/** What is judged by the part that a table plays, or by what a row leads to, could not be seen before. */
const BROUGHT_TO_LIGHT = [
  'billing/*',
  'consistency/*',
  'constraints/*',
  'redundancy/*',
  'indexes/redundant-index',
  'keys/repeatable-document-number',
  'keys/repeatable-source-reference',
  'keys/tenant-crossing-foreign-key',
  'keys/unique-key-over-deleted-rows',
  'keys/unscoped-unique-key',
  'schema-design/table-inheritance',
]

export default rule({
  severity: 'warning',
  tier: 'inferred',
  complexity: 'medium',
  docs: {
    summary: 'Declare the foreign key, or name the column so that it does not look like one.',
    why: 'Without the constraint a row can point to something that was deleted or never was: the invoice without a customer is found at the end of the month.',
    bad: 'create table customer (id bigint primary key); create table invoice (id bigint primary key, customer_id bigint not null);',
    good: 'create table customer (id bigint primary key); create table invoice (id bigint primary key, customer_id bigint not null references customer); create table webhook (id bigint primary key, external_customer_id text);',
    unless:
      'Rows must outlive what they point to, as in an audit log, or the referenced rows live in another database.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],
  uses: ['sample', 'statistics', 'workload'],
  reveals: BROUGHT_TO_LIGHT,

  *detect({ catalog, sample, statistics, workload }): Iterable<Detection<Schema | Table | Column, KeyFacts>> {
    const all = witnessForeignKeys(catalog, sample, { statistics, workload }).filter(
      ({ columns }) => !OUTLIVING.test(plain(columns[0]!.table.name)) && !columns.some(isEnumerated),
    )
    const habits = new Set<Schema>()
    for (const [schema, of] of groupBy(all, ({ columns }) => columns[0]!.table.schema)) {
      const declared = catalog
        .foreignKeys()
        .filter(({ table, inherited }) => table.schema === schema && !inherited && !table.partitionOf).length
      if (of.length < (declared === 0 ? A_HABIT : A_STRONG_HABIT) || of.length <= declared) continue
      habits.add(schema)
      const columns = of.flatMap(({ columns: [column] }) => column ?? [])
      yield {
        on: schema,
        related: columns,
        facts: { ...foldedFacts(columns), declared },
        assessment: { severity: 'info' },
      }
    }
    const inferred = all.filter(({ columns }) => !habits.has(columns[0]!.table.schema))
    const ofRecords = groupBy(
      inferred.filter(({ columns }) => isRecordOfEverything(columns[0]!.table)),
      ({ columns }) => columns[0]!.table,
    )
    const folded = new Set([...ofRecords].filter(([, of]) => of.length >= FEW).map(([table]) => table))
    for (const table of folded) {
      const columns = (ofRecords.get(table) ?? []).flatMap(({ columns: [column] }) => column ?? [])
      yield { on: table, related: columns, facts: foldedFacts(columns), assessment: { severity: 'info' } }
    }
    for (const { columns, referencedColumns, rule: sign, confidence, alternatives, grounds } of inferred) {
      if (folded.has(columns[0]!.table)) continue
      const [column, ...rest] = columns as [Column, ...Column[]]
      const referenced = referencedColumns[0]!.table
      yield {
        on: column,
        related: [...rest, referenced, ...alternatives.flatMap((others) => others[0]?.table ?? [])],
        facts: {
          columns: columns.map(({ name }) => name),
          referenced: referenced.address,
          referencedColumns: referencedColumns.map(({ name }) => name),
          sign,
          alternatives: alternatives.flatMap((others) => others[0]?.table.address ?? []),
          partitions: partitionsWithKey(columns, referenced).map(({ name }) => name),
          ...(grounds && grounds.tier !== 'stats' ? { orphans: grounds.violations } : {}),
        },
        ...(grounds ? { grounds } : {}),
        assessment: {
          confidence: alternatives.length > 0 ? 0.5 : confidence,
          // Statistics contradict, and prove nothing.
          ...(grounds?.tier === 'stats' ? { tier: 'inferred' } : {}),
          ...(alternatives.length > 0 || RECORDS.test(plain(column.table.name)) ? { severity: 'info' } : {}),
        },
      }
    }
  },

  message: ({ on, facts: { columns, referenced, sign, alternatives, declared, partitions } }) => {
    if (on.kind === 'schema' && declared)
      return `${on} declares fewer foreign keys (${declared}) than it leaves out: ${columns.length} more columns look like references, such as ${columns.slice(0, 3).join(', ')}.`
    if (on.kind === 'schema')
      return `Nothing in ${on} is a foreign key, though ${columns.length} columns look like references: ${shorten(columns)}.`
    if (on.kind === 'table')
      return `${on} has no foreign key, though ${columns.length} of its columns look like references: ${shorten(columns)}.`
    const declares = partitions?.length ?? 0
    if (declares > 0 && on.kind === 'column')
      return `${on} is a foreign key to ${referenced} in ${declares} of ${on.table.partitions.length} partitions; the others, and each new one, take any value.`
    const what = columns.length > 1 ? `${on.table} (${columns.join(', ')})` : on.address
    return alternatives.length > 0
      ? `${what} looks like a reference to one of ${[referenced, ...alternatives].join(', ')}, and no foreign key says to which.`
      : `${what} looks like a reference to ${referenced} (${SIGN[sign]}), but no foreign key says so.`
  },

  advice: ({ on, facts: { referenced, alternatives } }) =>
    on.kind !== 'column'
      ? 'Declare the foreign keys, or write down that the application keeps them; scan one table at a time for the statements.'
      : alternatives.length > 0
        ? 'Say which table it references, and declare the foreign key.'
        : `Declare the foreign key to ${referenced}${on.table.partitions.length > 0 ? ' on the partitioned table, which takes over those that partitions have' : ''}, after the rows that point nowhere were found and mended.`,

  fix: ({ catalog, on, target, facts }) => {
    const { columns: names, referenced, referencedColumns: keyNames, alternatives, partitions } = facts
    // Undoing it would take the partitions' own keys along.
    if (on.kind !== 'column' || (partitions?.length ?? 0) > 0) return []
    const { table } = on
    const parent = catalog.tables.find(({ address }) => address === referenced)
    const columns = names.flatMap((name) => table.column(name) ?? [])
    const keys = keyNames.flatMap((name) => parent?.column(name) ?? [])
    const sameTypes = columns.every(({ type }, at) => type.name === keys[at]?.type.name)
    if (!parent || !sameTypes || alternatives.length > 0) return []
    const pairs = columns.map(
      (column, at) => `r.${quoteIdentifier(keys[at]!.name)} = t.${quoteIdentifier(column.name)}`,
    )
    const filled = columns.map((column) => `t.${quoteIdentifier(column.name)} is not null`)
    const orphans = `select * from ${quoteRelation(table)} as t where ${filled.join(' and ')} and not exists (select from ${quoteRelation(parent)} as r where ${pairs.join(' and ')})`
    const index =
      serviceOf({ table, columns }) === 'full'
        ? []
        : createIndex(table, { keys: columns.map((column) => ({ column })) })
    return afterReview(
      `Is every value of ${names.join(', ')} in ${table} meant to be a row of ${parent}? Run: ${orphans}`,
      [...index, ...addForeignKey(columns, keys, target)],
    )
  },
})

/** A CHECK names the values that the column may have. */
function isEnumerated(column: Column): boolean {
  return checksOf(column.table).some((check) => literalsComparedWith(check, column).length > 1)
}

/** `AuditLog` → `audit_log`. */
function plain(name: string): string {
  return name.replaceAll(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase()
}

/** Partitions that have the foreign key which their parent has not. */
function partitionsWithKey(columns: readonly Column[], referenced: Table): readonly Table[] {
  const names = columns.map(({ name }) => name).join()
  return (columns[0]?.table.partitions ?? []).filter(({ foreignKeys }) =>
    foreignKeys.some(
      (key) => key.referencedTable === referenced && key.columns.map(({ name }) => name).join() === names,
    ),
  )
}

/** A log or the like that has no foreign key at all. */
function isRecordOfEverything({ name, foreignKeys }: Table): boolean {
  return foreignKeys.length === 0 && RECORDS.test(plain(name))
}

/** Facts of a finding about many columns. */
function foldedFacts(columns: readonly Column[]): KeyFacts {
  return {
    columns: columns.map(({ name, table }) => `${table.name}.${name}`),
    referenced: '',
    referencedColumns: [],
    sign: 'table',
    alternatives: [],
  }
}

function shorten(names: readonly string[]): string {
  return names.length > 4 ? `${names.slice(0, 4).join(', ')} and others` : names.join(', ')
}
