import {
  afterReview,
  createIndex,
  dropIndex,
  gapsOf,
  type Index,
  newName,
  quoteIdentifier,
  quoteRelation,
  rule,
  setNotNull,
  statement,
  type Table,
} from '../../src/kit.js'

/** The first server version with NULLS NOT DISTINCT. */
const NULLS_NOT_DISTINCT = 150_000

export default rule({
  severity: 'warning',
  aboutMoney: true,
  docs: {
    summary: 'Do not let a null take a row out of its unique key.',
    why: 'Nulls are never equal to each other, so two rows with the same key and nothing in the nullable column are both accepted: two prices for all regions, two live accounts of one address.',
    bad: 'create table price (plan text not null, region text, amount numeric not null, unique (plan, region));',
    good: 'create table price (plan text not null, region text, amount numeric not null, unique nulls not distinct (plan, region));',
    unless: 'Rows without a value are meant to be unlimited in number.',
    references: [
      'https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-UNIQUE-CONSTRAINTS',
      'https://www.postgresql.org/docs/current/indexes-partial.html',
    ],
  },
  needs: ['catalog'],
  tier: 'inferred',

  *detect({ catalog }) {
    for (const index of catalog.indexes()) {
      const { constraint, table } = index
      if (!index.unique || !index.valid || index.nullsNotDistinct || index.partitionOf) continue
      if (constraint && (constraint.type !== 'unique' || constraint.inherited || constraint.withoutOverlaps)) continue
      const gaps = gapsOf(index)
      if (gaps.length === 0 || table.kind !== 'table') continue
      const deletion = gaps.every(({ meaning }) => meaning === 'deletion')
      yield {
        on: constraint ?? index,
        related: gaps.map(({ column }) => column),
        facts: {
          key: index.keys.map(({ expression }) => expression),
          nullable: gaps.map(({ column }) => column.name),
          deletion,
          index: index.name,
        },
        assessment: { confidence: deletion ? 0.9 : 0.75 },
      }
    }
  },

  message: ({ on, facts: { key, nullable, deletion } }) => {
    const known = key.filter((part) => !nullable.includes(part)).join(', ')
    return deletion
      ? `${on} lets any number of live rows have the same ${known}, because ${nullable.join(', ')} is null in them.`
      : `${on} lets rows with the same ${known} in again and again while ${nullable.join(', ')} is null.`
  },

  advice: ({ catalog, facts: { nullable, deletion } }) => {
    if (deletion) return `Make the other columns unique where ${nullable.join(', ')} is null.`
    const distinct = catalog.serverVersion >= NULLS_NOT_DISTINCT ? ', declare the key NULLS NOT DISTINCT' : ''
    return `If a missing ${nullable.join(', ')} is a value of its own${distinct}, or make it NOT NULL with a value that says so.`
  },

  fix: ({ on, target, facts: { nullable, deletion, index: name } }) => {
    const table = on.kind === 'index' || on.kind === 'constraint' ? on.table : null
    const index = table?.indexes.find((each) => each.name === name)
    if (table?.kind !== 'table' || !index) return []
    const columns = nullable.flatMap((column) => table.column(column) ?? [])
    const fixed = index.supportsForeignKeys.length > 0 || table.variety === 'partitioned'
    if (deletion) {
      const keys = index.keys.filter(({ column }) => !column || !columns.includes(column))
      const live = columns.map((column) => `${quoteIdentifier(column.name)} is null`).join(' and ')
      const where = index.predicate ? `(${index.predicate}) and ${live}` : live
      const parts = keys.map(({ column, expression }) => (column ? { column } : { expression: `(${expression})` }))
      return fixed
        ? []
        : afterReview(`Shall deleted rows of ${table} be free to repeat each other?`, [
            ...createIndex(table, { keys: parts, where, unique: true }),
            ...takeAway(index),
          ])
    }
    const question = `Is a missing ${nullable.join(', ')} of ${table} a value of its own, of which there is one?`
    if (target.newest < NULLS_NOT_DISTINCT || fixed)
      return afterReview(
        `Must every row of ${table} have ${nullable.join(', ')}?`,
        columns.flatMap((column) => setNotNull(column, target)),
      )
    return afterReview(question, treatNullsAsEqual(table, index))
  },
})

function takeAway(index: Index) {
  const { constraint } = index
  if (!constraint) return dropIndex(index)
  const alter = `alter table ${quoteRelation(constraint.table)}`
  const name = quoteIdentifier(constraint.name)
  return [
    statement(`${alter} drop constraint ${name}`, `${alter} add constraint ${name} ${constraint.definition}`, {
      phase: 'contract',
      lock: 'ACCESS EXCLUSIVE',
    }),
  ]
}

/** Builds the index anew with NULLS NOT DISTINCT, and puts it in the old one's place. */
function treatNullsAsEqual(table: Table, index: Index) {
  // Another index may have the same columns.
  const stem = index.name.replace(/_(?:key|idx|index|unique)$/i, '')
  const name = newName([stem], 'key', new Set(table.indexes.map((each) => each.name)))
  const built = statement(
    index.definition
      .replace(
        /^CREATE UNIQUE INDEX (?:"(?:[^"]|"")*"|\S+) ON /,
        `create unique index concurrently ${quoteIdentifier(name)} on `,
      )
      .replace(/(?= WITH \(| TABLESPACE | WHERE |$)/, ' nulls not distinct'),
    `drop index concurrently if exists ${quoteRelation({ schema: table.schema, name })}`,
    { transactional: false, lock: 'SHARE UPDATE EXCLUSIVE', scans: true },
  )
  const { constraint } = index
  if (!constraint) return [built, ...dropIndex(index)]
  const exchange = `alter table ${quoteRelation(table)} drop constraint ${quoteIdentifier(constraint.name)}, add constraint ${quoteIdentifier(constraint.name)}`
  const deferred = / DEFERRABLE.*$/.exec(constraint.definition)?.[0] ?? ''
  return [
    built,
    statement(
      `${exchange} unique using index ${quoteIdentifier(name)}${deferred}`,
      `${exchange} ${constraint.definition}`,
      {
        phase: 'switch',
        lock: 'ACCESS EXCLUSIVE',
      },
    ),
  ]
}
