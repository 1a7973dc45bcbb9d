import {
  addKey,
  afterReview,
  type Column,
  dropConstraint,
  dropIndex,
  heirsOf,
  type Index,
  quoteColumns,
  quoteIdentifier,
  quoteRelation,
  rule,
  setNotNull,
  statement,
  type Table,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Give each table a primary key.',
    why: 'Without one a row cannot be told from its duplicate, updates and deletes cannot be replicated logically, and nothing can reference the table.',
    bad: 'create table usage_event (customer_id bigint not null, used_at timestamptz not null, quantity bigint);',
    good: 'create table usage_event (id bigint generated always as identity primary key, customer_id bigint not null, used_at timestamptz not null, quantity bigint);',
    unless: 'The table is filled and emptied as a whole, such as a staging table.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-PRIMARY-KEYS'],
  },
  needs: ['catalog'],
  uses: ['sample'],
  reveals: ['keys/missing-foreign-key'],

  *detect({ catalog, sample }) {
    for (const table of catalog.tables) {
      if (table.primaryKey || table.partitionOf || table.variety === 'foreign' || table.columns.length === 0) continue
      // The parent's finding says it.
      if (table.inherits.some(({ primaryKey }) => primaryKey === null)) continue
      const named = chooseCure(table)
      const fact = sample?.keys(table).find(({ as }) => as === 'primary key')
      const columns = fact?.columns.flatMap((name) => table.column(name) ?? []) ?? []
      const witnessed = fact !== undefined && columns.length === fact.columns.length && named.kind !== 'promote'
      const cure: Cure = witnessed ? { kind: columns.length > 1 ? 'link' : 'identifier', columns, index: null } : named
      yield {
        on: table,
        related: cure.columns,
        facts: {
          cure: cure.kind,
          columns: cure.columns.map(({ name }) => name),
          index: cure.index?.name ?? null,
          ...(witnessed ? { rows: fact.grounds.support } : {}),
        },
        ...(witnessed ? { grounds: fact.grounds } : {}),
        assessment:
          cure.kind === 'promote'
            ? { severity: 'info' }
            : { complexity: 'medium', ...(table.persistence === 'unlogged' ? { severity: 'info' } : {}) },
      }
    }
  },

  message: ({ on, facts: { cure, columns, index, rows } }) =>
    rows !== undefined
      ? `${on} has no primary key, though ${columns.join(', ')} tells its ${rows} rows apart.`
      : cure === 'promote'
        ? `${on} has no primary key, though ${index} makes ${columns.join(', ')} unique and never null.`
        : `${on} has no primary key, so nothing keeps the same row from being stored twice.`,

  advice: ({ facts: { cure, columns } }) => {
    const key = columns.join(', ')
    if (cure === 'promote') return `Make ${key} the primary key; the unique index goes.`
    if (cure === 'identifier') return `Make ${key} the primary key, once it is known to be unique and filled.`
    if (cure === 'link') return `Make the pair ${key} the primary key, unless the same pair may stand here twice.`
    return 'Say which columns tell its rows apart and make them the primary key, or add an identity column.'
  },

  fix: ({ catalog, on, target, facts: { cure, columns: names, index: indexName } }) => {
    const columns = names.flatMap((name) => on.column(name) ?? [])
    // Children by inheritance each need a key of their own.
    if (heirsOf(on, catalog).length > 0) return []
    if (cure === 'none') {
      if (on.variety === 'partitioned') return []
      const relation = quoteRelation(on)
      const name = quoteIdentifier(on.column('id') ? 'row_id' : 'id')
      return afterReview(
        `Which columns of ${on} tell its rows apart? If none do, the step adds a number, which writes the table anew while nobody can read it.`,
        [
          statement(
            `alter table ${relation} add column ${name} bigint generated always as identity primary key`,
            `alter table ${relation} drop column ${name}`,
            { phase: 'switch', lock: 'ACCESS EXCLUSIVE', rewrites: true, scans: true },
          ),
        ],
      )
    }
    // A key of a partitioned table has to include what it is partitioned by.
    const parts = (on.partitionKey?.columns ?? []).flatMap((column) => column ?? [])
    const all = [...columns, ...parts.filter((column) => !columns.includes(column))]
    const made = addKey(all, 'primary key')
    if (made.length === 0) return []
    const key = [...all.filter(({ notNull }) => !notNull).flatMap((column) => setNotNull(column, target)), ...made]
    if (cure !== 'promote' || all.length > columns.length)
      return afterReview(
        `${all.length > columns.length && columns.length > 0 ? `The key of a partitioned table has to include what it is partitioned by, so that ${quoteColumns(columns)} alone may repeat. ` : ''}Is ${quoteColumns(all)} unique in ${on}, and is that meant? Run: select ${quoteColumns(all)}, count(*) from ${quoteRelation(on)} group by ${quoteColumns(all)} having count(*) > 1`,
        key,
      )
    const index = on.indexes.find(({ name }) => name === indexName)
    return [...key, ...(index ? giveUp(index) : [])]
  },
})

interface Cure {
  readonly kind: 'promote' | 'identifier' | 'link' | 'none'
  readonly columns: readonly Column[]
  readonly index: Index | null
}

/** What the primary key could be: a unique index over columns that are never null, a column made to identify, the two sides of a link. */
function chooseCure(table: Table): Cure {
  const [index] = table.indexes
    .filter(isKey)
    .toSorted((a, b) => a.keys.length - b.keys.length || Number(isIdentifier(b)) - Number(isIdentifier(a)))
  if (index) return { kind: 'promote', columns: index.keys.flatMap(({ column }) => column ?? []), index }
  const identifier = table.columns.find(
    (column) =>
      (column.name === 'id' || generates(column)) && !table.foreignKeys.some(({ columns }) => columns.includes(column)),
  )
  if (identifier) return { kind: 'identifier', columns: [identifier], index: null }
  const references = table.columns.filter((column) => table.foreignKeys.some(({ columns }) => columns.includes(column)))
  const links = references.length === 2 && table.foreignKeys.length === 2 && table.columns.length <= 4
  return links ? { kind: 'link', columns: references, index: null } : { kind: 'none', columns: [], index: null }
}

function isKey({ unique, valid, predicate, keys, constraint, partitionOf, method }: Index): boolean {
  return (
    unique &&
    valid &&
    method === 'btree' &&
    predicate === null &&
    partitionOf === null &&
    constraint?.deferrable !== true &&
    keys.every(({ column, isDefaultOpclass }) => column?.notNull === true && isDefaultOpclass)
  )
}

function isIdentifier({ keys }: Index): boolean {
  return (
    keys.length === 1 && keys.every(({ column }) => column?.name === 'id' || (column !== null && generates(column)))
  )
}

function generates(column: Column): boolean {
  return column.identity !== null || /^nextval\(|^gen_random_uuid\(\)|uuid_generate_v\d/.test(column.default ?? '')
}

/** What references the old key, or relies on it, keeps it. */
function giveUp(index: Index) {
  if (index.supportsForeignKeys.length > 0 || index.isReplicaIdentity || index.clustered) return []
  return index.constraint ? dropConstraint(index.constraint) : dropIndex(index)
}
