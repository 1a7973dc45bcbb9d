import {
  buildConcurrently,
  soleAlteration,
  addressOf,
  burdensOf,
  alterationsOf,
  describeSize,
  rule,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Create an index on a table that is in use with CONCURRENTLY.',
    why: 'A plain CREATE INDEX keeps every INSERT, UPDATE and DELETE waiting until the whole table has been read and the index is built.',
    bad: 'create table invoice (id bigint primary key, number text);\n-- migration\ncreate index on invoice (number);',
    good: 'create table invoice (id bigint primary key, number text);\n-- migration\ncreate index concurrently on invoice (number);',
    unless: 'The table is small, or nobody writes to it while the migration runs.',
    references: ['https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      const indexed = alterationsOf(statement).filter(
        ({ before, addedIndexes }) =>
          addedIndexes.length > 0 && statement.scanned.some(({ oid }) => oid === before.oid),
      )
      for (const { table, parts, size, blocked, weight } of burdensOf(
        migrations,
        statement,
        indexed.map(({ before }) => before),
      )) {
        const added = indexed
          .filter(({ before }) => before.oid === parts[0]!.oid)
          .flatMap(({ addedIndexes }) => addedIndexes)
        yield {
          on: statement.about(table),
          facts: {
            table: addressOf(table),
            rows: size.rows,
            bytes: size.bytes,
            blocked,
            index: added[0]?.name ?? '',
            partitions: table.kind === 'partitioned table' ? parts.length : 0,
          },
          assessment: { tier: statement.basis, ...weight },
        }
      }
    }
  },

  message: ({ facts: { table, blocked, index, partitions, ...size } }) =>
    `${index} is built on ${table} (${describeSize(size)})${partitions > 0 ? ' and its partitions' : ''} while ${blocked === 'reads' ? 'nobody reads or writes it' : 'all writes to it wait'}.`,

  advice: ({ facts: { partitions } }) =>
    partitions > 0
      ? 'Create the index on ONLY the parent, then CONCURRENTLY on each partition, and attach them.'
      : 'Create it CONCURRENTLY, in a migration of its own that runs outside a transaction.',

  fix: ({ on }) => {
    const altered = soleAlteration(on.statement)
    const [index, second] = altered?.addedIndexes ?? []
    return altered && index && !second ? buildConcurrently(altered.after, index) : []
  },
})
