import { changeColumnTypes, type Column, rule } from '../../src/kit.js'

/** Digits that each integer type holds; the smaller one runs out first. */
const LARGEST: Readonly<Record<string, string>> = { int2: '32,767', int4: '2,147,483,647' }
const INTEGERS = ['int2', 'int4', 'int8']
const TEXTS = new Set(['text', 'varchar'])

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Give a foreign key the type of the column that it references.',
    why: 'A narrower integer runs out while the referenced key still counts on, and from then on rows cannot be written. Between other types each comparison casts one side, so that its index is not used, and what is equal in one type may differ in the other.',
    bad: 'create table customer (id bigint primary key); create table invoice (id bigint primary key, customer_id integer not null references customer);',
    good: 'create table customer (id bigint primary key); create table invoice (id bigint primary key, customer_id bigint not null references customer);',
    unless: 'The referenced table has a small and fixed number of rows.',
    references: ['https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-INT'],
  },
  needs: ['catalog'],
  complexity: 'medium',

  *detect({ catalog }) {
    for (const foreignKey of catalog.foreignKeys()) {
      if (foreignKey.inherited || foreignKey.table.partitionOf) continue
      const pairs = foreignKey.columns.flatMap((column, at) => {
        const target = foreignKey.referencedColumns[at]
        return target && differ(column, target) ? [{ column, target }] : []
      })
      const [first] = pairs
      if (!first) continue
      yield {
        on: foreignKey,
        related: pairs.map(({ column }) => column),
        facts: {
          columns: pairs.map(({ column, target }) => ({
            name: column.name,
            type: column.type.sql,
            target: target.address,
            targetType: target.type.sql,
            largest: isNarrower(column, target) ? (LARGEST[column.type.name] ?? null) : null,
          })),
        },
      }
    }
  },

  message: ({ on, facts: { columns } }) =>
    columns
      .map(({ name, type, target, targetType, largest }) =>
        largest
          ? `${on.table}.${name} is ${type} and ends at ${largest}, but references ${target}, which is ${targetType}`
          : `${on.table}.${name} is ${type}, but references ${target}, which is ${targetType}`,
      )
      .join('; ') + '.',

  advice: ({ facts: { columns } }) =>
    columns.map(({ name, targetType }) => `Change ${name} to ${targetType}.`).join(' '),

  fix: ({ on, facts: { columns }, catalog, target }) => {
    const changes = columns.flatMap(({ name, targetType }) => {
      const column = on.table.column(name)
      const isKey = on.table.partitionKey?.columns.some((key) => key?.name === name)
      return column && !column.type.domain && !isKey ? [{ column, type: targetType }] : []
    })
    return changeColumnTypes(changes, { catalog, target })
  },
})

/** The types compare with a cast, or the referencing one cannot hold every referenced value. */
function differ(column: Column, target: Column): boolean {
  const [a, b] = [column.type.name, target.type.name]
  if (a === b || (TEXTS.has(a) && TEXTS.has(b))) return false
  return INTEGERS.includes(a) && INTEGERS.includes(b) ? isNarrower(column, target) : true
}

function isNarrower(column: Column, target: Column): boolean {
  const [a, b] = [INTEGERS.indexOf(column.type.name), INTEGERS.indexOf(target.type.name)]
  return a >= 0 && b >= 0 && a < b
}
