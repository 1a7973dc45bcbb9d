import {
  afterReview,
  type Column,
  type Detection,
  groupBy,
  isFilledByCheck,
  rule,
  type Schema,
  setNotNull,
  type Table,
} from '../../src/kit.js'

/** Tables beyond which it is a habit of the house, and one finding. */
const FEW = 5

export default rule({
  severity: 'info',
  docs: {
    summary: 'Make a boolean with a default NOT NULL.',
    why: 'NULL is a third answer that `where active` and `where not active` both leave out. The default says that nobody wants it, and an explicit NULL gets in all the same.',
    bad: 'create table plan (id bigint primary key, active boolean default true);',
    good: 'create table plan (id bigint primary key, active boolean not null default true, approved boolean);',
    unless: 'NULL means that nobody has answered yet.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-NOT-NULL'],
  },
  needs: ['catalog'],

  *detect({ catalog }): Iterable<Detection<Schema | Table, { columns: readonly string[]; tables: number }>> {
    const found = catalog.tables.flatMap((table) => {
      if (table.partitionOf || table.variety === 'foreign') return []
      const columns = table.columns.filter(isThreeState)
      return columns.length > 0 ? [{ table, columns }] : []
    })
    for (const [schema, ofSchema] of groupBy(found, ({ table }) => table.schema)) {
      if (ofSchema.length > FEW) {
        const columns = ofSchema.flatMap(({ table, columns: own }) => own.map(({ name }) => `${table.name}.${name}`))
        yield { on: schema, related: ofSchema.map(({ table }) => table), facts: { columns, tables: ofSchema.length } }
      } else
        for (const { table, columns } of ofSchema)
          yield { on: table, related: columns, facts: { columns: columns.map(({ name }) => name), tables: 1 } }
    }
  },

  message: ({ on, facts: { columns, tables } }) =>
    tables > 1
      ? `${tables} tables of ${on} let ${columns.length} booleans with a default be null, such as ${columns.slice(0, 3).join(', ')}.`
      : `${on} lets ${columns.join(', ')} be null, beside true and false, although ${columns.length > 1 ? 'they have defaults' : 'it has a default'}.`,

  fix: ({ on, facts: { columns }, target }) => {
    if (on.kind !== 'table') return []
    return afterReview(
      `Does NULL in ${columns.join(', ')} of ${on} mean anything but the default? The steps say no; rows that hold it must be filled first.`,
      columns.flatMap((name) => on.column(name) ?? []).flatMap((column) => setNotNull(column, target)),
    )
  },
})

function isThreeState(column: Column): boolean {
  const { type, notNull, inherited, default: value } = column
  if (type.name !== 'bool' || notNull || inherited || type.domain?.notNull) return false
  return /^'?(?:true|false)\b/.test(value ?? '') && !isFilledByCheck(column)
}
