import {
  runApart,
  soleAlteration,
  addressOf,
  burdensOf,
  alterationsOf,
  blocks,
  describeSize,
  earlierInTransaction,
  placeFrom,
  sharesTransaction,
  rule,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Validate a constraint in another transaction than the one that adds it.',
    why: 'VALIDATE reads every row under a lock that lets everybody go on, but a strong lock that was taken earlier in the transaction is kept to its end: the point of NOT VALID is lost.',
    bad: 'create table invoice (id bigint primary key, total numeric);\n-- migration\nbegin;\nalter table invoice add constraint invoice_total check (total >= 0) not valid;\nalter table invoice validate constraint invoice_total;\ncommit;',
    good: 'create table invoice (id bigint primary key, total numeric);\n-- migration\nalter table invoice add constraint invoice_total check (total >= 0) not valid;\nalter table invoice validate constraint invoice_total;',
    unless: 'The table is small, or nobody uses it while the migration runs.',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-VALIDATE-CONSTRAINT'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      const validated = alterationsOf(statement).filter(
        ({ before, validatedConstraints }) =>
          validatedConstraints.some(({ type }) => type === 'foreign key') ||
          (validatedConstraints.length > 0 && statement.scanned.some(({ oid }) => oid === before.oid)),
      )
      for (const { table, parts, size, blocked, weight } of burdensOf(
        migrations,
        statement,
        validated.map(({ before }) => before),
      )) {
        const since = earlierInTransaction(statement).find((earlier) => blocks(earlier, parts[0]!) !== null)
        const [constraint] = validated.flatMap(({ validatedConstraints }) => validatedConstraints)
        yield {
          on: statement.about(table),
          facts: {
            table: addressOf(table),
            rows: size.rows,
            bytes: size.bytes,
            blocked,
            constraint: constraint?.name ?? '',
            since: placeFrom(statement, since),
            shared: sharesTransaction(statement),
          },
          assessment: { tier: statement.basis, ...weight },
        }
      }
    }
  },

  message: ({ facts: { table, blocked, constraint, since, ...size } }) =>
    `${constraint} is validated under the lock that ${since ?? 'this statement'} took: every row of ${table} (${describeSize(size)}) is read while ${blocked === 'reads' ? 'nobody reads or writes it' : 'nobody writes to it'}.`,

  advice: ({ facts: { shared } }) =>
    shared
      ? 'Put VALIDATE CONSTRAINT into a later release: all pending files run in one transaction.'
      : 'Put VALIDATE CONSTRAINT into a migration of its own.',

  fix: ({ on }) =>
    soleAlteration(on.statement)
      ? runApart(on.statement.sql, { phase: 'validate', transactional: true, lock: 'SHARE UPDATE EXCLUSIVE' })
      : [],
})
