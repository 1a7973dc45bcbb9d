import { adoptIndex, soleAlteration, addressOf, burdensOf, alterationsOf, describeSize, rule } from '../../src/kit.js'
import type { Alteration } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Build the index of a new key CONCURRENTLY first, and let the constraint adopt it.',
    why: 'ADD PRIMARY KEY, UNIQUE and EXCLUDE build their index under a lock that keeps everybody out until it is done.',
    bad: 'create table plan (id bigint primary key, code text);\n-- migration\nalter table plan add constraint plan_code_key unique (code);',
    good: 'create table plan (id bigint primary key, code text);\n-- migration\ncreate unique index concurrently plan_code_key on plan (code);\nalter table plan add constraint plan_code_key unique using index plan_code_key;',
    unless: 'The table is small, or nobody uses it while the migration runs.',
    references: [
      'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX',
    ],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      const rewritten = new Set(statement.rewritten.map(({ oid }) => oid))
      const built = alterationsOf(statement).filter(
        (alteration) =>
          !rewritten.has(alteration.before.oid) &&
          statement.scanned.some(({ oid }) => oid === alteration.before.oid) &&
          keysBuilt(alteration).length > 0,
      )
      for (const { table, parts, size, weight } of burdensOf(
        migrations,
        statement,
        built.map(({ before }) => before),
      )) {
        const [key] = built.filter(({ before }) => before.oid === parts[0]!.oid).flatMap(keysBuilt)
        yield {
          on: statement.about(table, key?.columns),
          facts: {
            table: addressOf(table),
            rows: size.rows,
            bytes: size.bytes,
            constraint: key?.name ?? '',
            type: key?.type ?? 'unique',
          },
          assessment: { tier: statement.basis, ...weight },
        }
      }
    }
  },

  message: ({ facts: { table, constraint, type, ...size } }) =>
    `${constraint} (${type}) builds its index on ${table} (${describeSize(size)}) while nobody reads or writes it.`,

  advice: ({ facts: { type } }) =>
    type === 'exclusion'
      ? 'An exclusion constraint cannot adopt an index: add it while nobody uses the table, or to a new table that is filled in batches.'
      : 'Create the unique index CONCURRENTLY, then add the constraint USING INDEX.',

  fix: ({ on }) => {
    const altered = soleAlteration(on.statement)
    const [constraint, second] = altered?.addedConstraints ?? []
    const index = altered?.after.indexes.find(({ oid }) => oid === constraint?.index)
    if (!altered || !constraint || !index || second || altered.addedColumns.length > 0) return []
    // A primary key over nullable columns reads the rows all the same.
    const nullable = altered.before.columns.some(({ name, notNull }) => !notNull && constraint.columns.includes(name))
    return constraint.type === 'primary key' && nullable ? [] : adoptIndex(altered.after, constraint, index)
  },
})

/** Keys whose index was not there before. */
function keysBuilt({ before, addedConstraints }: Alteration) {
  return addedConstraints.filter(({ index }) => index !== null && !before.indexes.some(({ oid }) => oid === index))
}
