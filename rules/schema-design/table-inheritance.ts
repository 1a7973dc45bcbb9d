import { type Constraint, heirsOf, rule, type Table } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  complexity: 'high',
  docs: {
    summary: 'Use declarative partitioning, or one table for each kind with a foreign key to the common one.',
    why: 'Keys and foreign keys stop at the table that declares them: rows of the children are not seen by a foreign key to the parent, and the same key can stand in the parent and in every child.',
    bad: 'create table party (id bigint primary key, name text); create table company (vat_number text) inherits (party);',
    good: 'create table party (id bigint primary key, name text); create table company (party_id bigint primary key references party, vat_number text);',
    unless: 'The parent holds no rows and only lends its columns.',
    references: ['https://www.postgresql.org/docs/current/ddl-inherit.html#DDL-INHERIT-CAVEATS'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const parents = new Set(catalog.tables.flatMap(({ inherits }) => inherits))
    for (const table of parents) {
      if (table.partitionOf || table.variety !== 'ordinary') continue
      const heirs = heirsOf(table, catalog)
      const own = [...(table.primaryKey ? [table.primaryKey] : []), ...table.uniques, ...table.foreignKeys]
      const lost = own.filter((constraint) => heirs.some((child) => !repeats(child, constraint)))
      const children =
        table.referencedBy.length > 0 ? heirs : heirs.filter((child) => own.some((one) => !repeats(child, one)))
      if (children.length === 0 || lost.length + table.referencedBy.length === 0) continue
      yield {
        on: table,
        related: children,
        facts: {
          children: children.map(({ name }) => name),
          lost: lost.map(({ name }) => name),
          unseenBy: table.referencedBy.map(({ address }) => address),
        },
        assessment: table.referencedBy.length > 0 ? {} : { severity: 'info' },
      }
    }
  },

  message: ({ on, facts: { children, lost, unseenBy } }) =>
    unseenBy.length > 0
      ? `Rows of ${children.join(', ')} are rows of ${on} too, but the foreign key ${unseenBy.join(', ')} does not see them.`
      : `${lost.join(', ')} of ${on} ${lost.length > 1 ? 'do' : 'does'} not hold across ${children.join(', ')}, which ${children.length > 1 ? 'inherit' : 'inherits'} its columns only.`,
})

/** The child has a key, or a foreign key, over the same columns. */
function repeats(child: Table, { type, columns }: Constraint): boolean {
  const names = (key: Pick<Constraint, 'columns'>) => key.columns.map(({ name }) => name).join(' ')
  const keys = [...(child.primaryKey ? [child.primaryKey] : []), ...child.uniques]
  const own = type === 'foreign key' ? child.foreignKeys : keys
  return own.some((key) => names(key) === names({ columns }))
}
