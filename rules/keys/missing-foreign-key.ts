import {
  addForeignKey,
  afterReview,
  type Column,
  createIndex,
  inferForeignKeys,
  type NameRule,
  quoteIdentifier,
  quoteRelation,
  rule,
  serviceOf,
} from '../../src/kit.js'

/** Tables that keep what was said or happened; many of them do without keys on purpose. */
const RECORDS =
  /(?:^|_)(?:logs?|events?|histor(?:y|ies)|audits?|archives?|outbox|inbox|snapshots?|staging|imports?|caches?|cached|queues?|messages?|activit(?:y|ies)|summar(?:y|ies)|daily|monthly|aggregations?)(?:_|$)/

const SIGN: Readonly<Record<NameRule, string>> = {
  'declared elsewhere': 'the same column is a foreign key in other tables',
  namespace: 'its name and its table’s name lead there',
  table: 'it is called after that table',
  key: 'it is called like that key',
  self: 'its name says that a row points to another of the same table',
  role: 'its name ends in that table’s',
  suffix: 'only that table’s name ends so',
  actor: 'its name says who did it',
  composite: 'its columns are called after that key',
}

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
  reveals: ['keys/tenant-crossing-foreign-key'],

  *detect({ catalog }) {
    for (const { columns, referencedColumns, rule: sign, confidence, alternatives } of inferForeignKeys(catalog)) {
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
        },
        assessment: {
          confidence: alternatives.length > 0 ? 0.5 : confidence,
          ...(alternatives.length > 0 || RECORDS.test(column.table.name) ? { severity: 'info' } : {}),
        },
      }
    }
  },

  message: ({ on, facts: { columns, referenced, sign, alternatives } }) => {
    const what = columns.length > 1 ? `${on.table} (${columns.join(', ')})` : on.address
    return alternatives.length > 0
      ? `${what} looks like a reference to one of ${[referenced, ...alternatives].join(', ')}, and no foreign key says to which.`
      : `${what} looks like a reference to ${referenced} (${SIGN[sign]}), but no foreign key says so.`
  },

  advice: ({ facts: { referenced, alternatives } }) =>
    alternatives.length > 0
      ? 'Say which table it references, and declare the foreign key.'
      : `Declare the foreign key to ${referenced}, after the rows that point nowhere were found and mended.`,

  fix: ({ catalog, on, facts: { columns: names, referenced, referencedColumns: keyNames, alternatives } }) => {
    const { table } = on
    const target = catalog.tables.find(({ address }) => address === referenced)
    const columns = names.flatMap((name) => table.column(name) ?? [])
    const keys = keyNames.flatMap((name) => target?.column(name) ?? [])
    const sameTypes = columns.every(({ type }, at) => type.name === keys[at]?.type.name)
    if (!target || !sameTypes || alternatives.length > 0 || table.variety === 'partitioned') return []
    const pairs = columns.map(
      (column, at) => `r.${quoteIdentifier(keys[at]!.name)} = t.${quoteIdentifier(column.name)}`,
    )
    const filled = columns.map((column) => `t.${quoteIdentifier(column.name)} is not null`)
    const orphans = `select * from ${quoteRelation(table)} as t where ${filled.join(' and ')} and not exists (select from ${quoteRelation(target)} as r where ${pairs.join(' and ')})`
    const index =
      serviceOf({ table, columns }) === 'full'
        ? []
        : createIndex(table, { keys: columns.map((column) => ({ column })) })
    return afterReview(
      `Is every value of ${names.join(', ')} in ${table} meant to be a row of ${target}? Run: ${orphans}`,
      [...index, ...addForeignKey(columns, keys)],
    )
  },
})
