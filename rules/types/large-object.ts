import { rule, type Table, wordsOf } from '../../src/kit.js'

/** What an oid of the system catalog is called. */
const CATALOG_OBJECTS = new Set(
  'oid relid relation rel table class type proc function role namespace database operator index'.split(' '),
)

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.85,
  complexity: 'medium',
  docs: {
    summary: 'Store binary data as bytea, or outside the database with its address in it.',
    why: 'An oid column holds the number of a large object, not the data: deleting the row leaves the object behind for ever, a wrong number is only found when it is read, and logical replication does not carry it.',
    bad: 'create table document (id bigint primary key, content oid not null);',
    good: 'create table document (id bigint primary key, content bytea not null);',
    unless: 'Objects are larger than 1 GB or are read in pieces, and vacuumlo runs.',
    references: [
      'https://www.postgresql.org/docs/current/lo.html',
      'https://www.postgresql.org/docs/current/logical-replication-restrictions.html',
    ],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign' || unlinks(table)) continue
      const columns = table.columns.filter(
        ({ type, name, inherited }) =>
          type.name === 'oid' &&
          !inherited &&
          !name.endsWith('oid') &&
          !wordsOf(name).some((word) => CATALOG_OBJECTS.has(word)),
      )
      if (columns.length === 0) continue
      yield { on: table, related: columns, facts: { columns: columns.map(({ name }) => name) } }
    }
  },

  message: ({ on, facts: { columns } }) =>
    `${on} keeps numbers of large objects in ${columns.join(', ')}; deleting a row leaves its object behind.`,

  advice: ({ facts: { columns } }) =>
    `Move the data into bytea columns (lo_get(${columns[0]})). Until then a trigger that calls lo_unlink on delete and update (lo_manage of the extension lo) and a run of vacuumlo keep the objects from piling up.`,
})

/** A trigger takes care of the objects. */
function unlinks({ triggers }: Table): boolean {
  return triggers.some(
    ({ functionName, function: routine }) =>
      functionName.endsWith('lo_manage') || /lo_unlink/i.test(routine?.source ?? ''),
  )
}
