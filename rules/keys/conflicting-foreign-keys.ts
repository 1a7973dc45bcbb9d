import { type Column, type ForeignKey, rule, type Table } from '../../src/kit.js'

export default rule({
  severity: 'error',
  docs: {
    summary: 'Let a column reference one table.',
    why: 'A value must exist in all tables that its column references. Keys that each table draws for itself agree by chance only, so that inserts fail, or point to a row that has nothing to do with it.',
    bad: `create table invoice (id bigint generated always as identity primary key);
      create table ticket (id bigint generated always as identity primary key);
      create table remark (id bigint primary key, subject_id bigint not null references invoice references ticket);`,
    good: `create table invoice (id bigint generated always as identity primary key);
      create table ticket (id bigint generated always as identity primary key);
      create table remark (id bigint primary key, invoice_id bigint references invoice, ticket_id bigint references ticket,
        check (num_nonnulls(invoice_id, ticket_id) = 1));`,
    unless: 'The application gives both rows the same key.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],
  complexity: 'medium',

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf) continue
      const references = table.foreignKeys
        .filter(({ inherited, enforced }) => !inherited && enforced)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .flatMap(referencesOf)
      const reported = new Set<ForeignKey>()
      for (const [at, { foreignKey, column, target }] of references.entries()) {
        const other = references
          .slice(0, at)
          .find((before) => before.column === column && conflict(before.target, target) && !reported.has(foreignKey))
        if (!other) continue
        reported.add(foreignKey)
        yield {
          on: foreignKey,
          related: [other.foreignKey],
          facts: { column: column.name, targets: [other.target.address, target.address] },
        }
      }
    }
  },

  message: ({ on, facts: { column, targets } }) =>
    `${on.table}.${column} must be in ${targets.join(' and ')} at once, and each of them draws its own keys.`,

  advice: ({ facts: { column } }) =>
    `Give each target a column of its own in place of ${column}, and a CHECK (num_nonnulls(…) = 1) if a row belongs to one of them.`,
})

interface Reference {
  readonly foreignKey: ForeignKey
  readonly column: Column
  readonly target: Column
}

/** What each column of the key must be found in, as far as the database makes those values up. */
function referencesOf(foreignKey: ForeignKey): readonly Reference[] {
  return foreignKey.columns.flatMap((column, at) => {
    const target = foreignKey.referencedColumns[at]
    return target && isDrawn(target) ? [{ foreignKey, column, target }] : []
  })
}

function conflict(a: Column, b: Column): boolean {
  if (a === b || isAncestor(a.table, b.table) || isAncestor(b.table, a.table)) return false
  return !follows(a, b) && !follows(b, a)
}

/** Values that the database makes up: identity, sequence, random UUID. */
function isDrawn({ identity, default: value }: Column): boolean {
  return identity !== null || /\bnextval\(|\b(?:gen_random_uuid|uuid_generate_v\w+|uuidv[47])\(/.test(value ?? '')
}

function isAncestor(a: Table, b: Table): boolean {
  return b.partitionOf === a || b.inherits.some((parent) => parent === a || isAncestor(a, parent))
}

/** Every value of `a` is one of `b`, by a chain of foreign keys. */
function follows(a: Column, b: Column, seen: ReadonlySet<Column> = new Set()): boolean {
  if (a === b) return true
  if (seen.has(a)) return false
  const passed = new Set([...seen, a])
  return a.table.foreignKeys.some(({ columns, referencedColumns }) =>
    columns.some((column, at) => column === a && follows(referencedColumns[at]!, b, passed)),
  )
}
