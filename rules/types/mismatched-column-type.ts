import { type Catalog, changeColumnTypes, type Column, mentions, rule, type Table, wordsOf } from '../../src/kit.js'

const INTEGERS = ['int2', 'int4', 'int8']

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.85,
  complexity: 'medium',
  docs: {
    summary: 'Give a reference the type of the key that it holds.',
    why: 'A join over different types casts one side in every row, which no index on that side serves; a smaller type overflows when the key outgrows it, and a foreign key may not be possible at all.',
    bad: 'create table customer (id bigint primary key); create table visit (id bigint primary key, customer_id integer not null);',
    good: 'create table customer (id bigint primary key); create table visit (id bigint primary key, customer_id bigint not null);',
    unless: 'The column holds the identifier of another system under the same name.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const [name, target] of referenceNames(catalog)) {
      const columns = catalog.columns().filter((column) => column.name === name && isReference(column, target))
      const meant = identifiersOf(name, target, catalog)
      const differing = columns.filter((column) => !meant.has(familyOf(column)) && isIdentifier(column.type.name))
      const [first, ...others] = differing
      if (!first) continue
      yield {
        on: first,
        related: [...others, target],
        facts: {
          name,
          key: target.address,
          type: target.type.sql,
          columns: differing.map(({ address, type }) => ({ address, type: type.sql })),
          widens: differing.every(
            ({ type }) =>
              INTEGERS.indexOf(type.name) >= 0 && INTEGERS.indexOf(type.name) < INTEGERS.indexOf(target.type.name),
          ),
        },
      }
    }
  },

  message: ({ facts: { key, type, columns } }) =>
    `${columns.map((column) => `${column.address} is ${column.type}`).join(', ')}, but the key ${key} is ${type}.`,

  advice: ({ facts: { key, type, columns } }) =>
    `Change ${columns.map(({ address }) => address).join(', ')} to ${type}, and let a foreign key to ${key} keep it so.`,

  // Only to a wider integer, which no value resists.
  fix: ({ on, facts: { type, columns, widens }, catalog, target }) =>
    widens && columns.length === 1 && !on.generated && !on.type.domain
      ? changeColumnTypes([{ column: on, type }], { catalog, target })
      : [],
})

/** `customer_id` → the key of the one table that is called customer. */
function referenceNames(catalog: Catalog): ReadonlyMap<string, Column> {
  const tables = new Map<string, Table[]>()
  for (const table of catalog.tables) {
    if (table.partitionOf) continue
    const words = wordsOf(table.name).join(' ')
    tables.set(words, [...(tables.get(words) ?? []), table])
  }
  const found = new Map<string, Column>()
  for (const { name } of catalog.columns()) {
    const words = wordsOf(name)
    if (found.has(name) || words.length < 2 || !/^(?:id|uuid)$/.test(words.at(-1) ?? '')) continue
    const [table, ...others] = tables.get(words.slice(0, -1).join(' ')) ?? []
    const [key, ...more] = table?.primaryKey?.columns ?? []
    if (key && others.length === 0 && more.length === 0) found.set(name, key)
  }
  return found
}

/** Types of what the name can mean: the key, any other unique column of its table, a column of the same name there, and keys of tables with a longer name. */
function identifiersOf(name: string, key: Column, catalog: Catalog): ReadonlySet<string> {
  const { table } = key
  const same = wordsOf(name).join(' ')
  const stem = wordsOf(table.name).join(' ')
  const lone = table.indexes.flatMap(({ unique, keys }) => (unique && keys.length === 1 ? (keys[0]?.column ?? []) : []))
  const namesakes = table.columns.filter((column) => wordsOf(column.name).join(' ') === same)
  const kin = catalog.tables
    .filter((other) => other !== table && wordsOf(other.name).join(' ').includes(stem))
    .flatMap(({ primaryKey }) => primaryKey?.columns ?? [])
  return new Set([key, ...lone, ...namesakes, ...kin].map(familyOf))
}

/** Text of a limited length compares with any other text. */
function familyOf({ type }: Column): string {
  return type.name === 'varchar' ? 'text' : type.name
}

function isIdentifier(type: string): boolean {
  return INTEGERS.includes(type) || /^(?:uuid|text|varchar|bpchar|numeric)$/.test(type)
}

/** A column that means this key, as far as names tell: it is no key itself, has no foreign key of its own, and stands in no table about another system. */
function isReference(column: Column, key: Column): boolean {
  const { table } = column
  if (table === key.table || table.partitionOf || table.variety === 'foreign' || column.inherited) return false
  if (table.primaryKey?.columns.length === 1 && table.primaryKey.columns[0] === column) return false
  if (table.foreignKeys.some(({ columns }) => columns.includes(column))) return false
  // `c_vendor_id` as text in a table whose other columns have no such letter is somebody else's number.
  const [letter] = /^[a-z]_/i.exec(column.name) ?? []
  if (letter && !isWritten(column, key) && table.columns.filter(({ name }) => name.startsWith(letter)).length < 3)
    return false
  return !mentions(wordsOf(table.name), 'foreign')
}

/** Both are numbers, or both are texts. */
function isWritten(column: Column, key: Column): boolean {
  return INTEGERS.includes(column.type.name) === INTEGERS.includes(key.type.name)
}
