import { type Column, type ForeignKey, rule, wordsOf } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.7,
  docs: {
    summary: "Reference a table's primary key, or name the column after the key that it holds.",
    why: 'A column that is named like a reference but holds another unique value of the same type is joined to the primary key sooner or later, and where the two number ranges overlap the wrong rows come back.',
    bad: 'create table customer (id bigint primary key, legacy_no bigint not null unique); create table invoice (id bigint primary key, customer_id bigint not null references customer (legacy_no));',
    good: 'create table customer (id bigint primary key, legacy_no bigint not null unique); create table invoice (id bigint primary key, customer_legacy_no bigint not null references customer (legacy_no));',
    unless: 'The other key is the one that everybody knows the row by.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],
  complexity: 'medium',

  *detect({ catalog }) {
    for (const foreignKey of catalog.foreignKeys()) {
      const { table, columns, referencedColumns, referencedTable, inherited } = foreignKey
      const [column] = columns
      const [target] = referencedColumns
      const [key, ...more] = referencedTable.primaryKey?.columns ?? []
      if (inherited || table.partitionOf || columns.length > 1 || more.length > 0) continue
      if (!column || !target || !key || target === key || target.type.sql !== key.type.sql) continue
      if (!namesKey(column, key) || namesColumn(column, target) || isKeyItself(target) || isOnlyTarget(foreignKey))
        continue
      yield {
        on: foreignKey,
        related: [target],
        facts: { column: column.name, target: target.name, key: key.name, referenced: referencedTable.address },
      }
    }
  },

  message: ({ on, facts: { column, target, key, referenced } }) =>
    `${on.table}.${column} references ${referenced} (${target}), although the primary key is ${key}, of the same type.`,

  advice: ({ facts: { column, target, key } }) =>
    `If ${key} is meant, translate the values and reference it; if ${target} is meant, rename ${column} after it.`,
})

/** `customer_id` for the key `id`. */
function namesKey(column: Column, key: Column): boolean {
  const last = wordsOf(key.name).at(-1)
  return last !== undefined && wordsOf(column.name).at(-1) === last
}

/** The column says which other key it holds: `customer_legacy_no` for `legacy_no`. */
function namesColumn(column: Column, target: Column): boolean {
  const words = wordsOf(column.name)
  return wordsOf(target.name).every((word) => words.includes(word))
}

/** The other key stands for the row as well: a foreign key of its own, as in a table that extends another. */
function isKeyItself(target: Column): boolean {
  return target.table.foreignKeys.some(({ columns }) => columns.length === 1 && columns[0] === target)
}

/** Nobody references the primary key, so the other one is what the house uses. */
function isOnlyTarget({ referencedTable, referencedColumns }: ForeignKey): boolean {
  const others = referencedTable.referencedBy.filter(
    ({ referencedColumns: columns }) => columns[0] === referencedColumns[0],
  )
  return others.length > 1 && others.length >= referencedTable.referencedBy.length / 2
}
