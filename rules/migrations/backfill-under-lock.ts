import {
  addressOf,
  blocks,
  describeSize,
  earlierInTransaction,
  placeFrom,
  sharesTransaction,
  isAtLeast,
  rowChangeOf,
  rule,
  sizeOf,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Change rows in another transaction than the one that alters a table.',
    why: 'A lock is kept to the end of its transaction. An UPDATE of many rows behind an ALTER TABLE keeps everybody waiting for the altered table until the last row is written.',
    bad: "create table invoice (id bigint primary key);\n-- migration\nbegin;\nalter table invoice add column currency text;\nupdate invoice set currency = 'EUR';\ncommit;",
    good: "create table invoice (id bigint primary key);\n-- migration\nalter table invoice add column currency text;\nupdate invoice set currency = 'EUR' where id between 1 and 1000;",
    unless: 'The tables are small, or nobody uses them while the migration runs.',
    references: ['https://www.postgresql.org/docs/current/explicit-locking.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    const said = new Set<string>()
    for (const statement of migrations.statements()) {
      const change = rowChangeOf(statement)
      if (!change || change.bounded) continue
      const size = sizeOf(migrations, [change.relation])
      if (size.weight === 'small') continue
      const held = statement.holds
        .filter(({ relation, mode }) => relation.kind.endsWith('table') && isAtLeast(mode, 'SHARE ROW EXCLUSIVE'))
        .map(({ relation }) => relation)
        .filter((relation) => relation.partitionOf === null && sizeOf(migrations, [relation]).rows !== 0)
      const locked = held.find(({ oid }) => oid === change.relation.oid) ?? held[0]
      const key = `${statement.migration.file} ${change.relation.oid}`
      if (!locked || said.has(key)) continue
      said.add(key)
      const since = earlierInTransaction(statement).find((earlier) => blocks(earlier, locked) !== null)
      yield {
        on: statement.about(change.relation),
        facts: {
          table: addressOf(change.relation),
          verb: change.verb,
          locked: addressOf(locked),
          others: held.length - 1,
          blocked: blocks(statement, locked) ?? 'writes',
          since: placeFrom(statement, since),
          shared: sharesTransaction(statement),
          rows: size.rows,
          bytes: size.bytes,
        },
        assessment: {
          tier: statement.basis,
          ...(size.weight === 'large'
            ? { severity: 'error', impact: 'high' }
            : size.weight === 'medium'
              ? { severity: 'info' }
              : {}),
        },
      }
    }
  },

  message: ({ facts: { table, verb, locked, others, blocked, since, ...size } }) => {
    const more = others > 0 ? ` and ${others} more ${others === 1 ? 'table' : 'tables'}` : ''
    const from = since === null ? '' : ` since ${since}`
    return `${verb === 'update' ? 'An UPDATE' : 'A DELETE'} of many rows of ${table} (${describeSize(size)}) runs while ${blocked === 'reads' ? 'nobody can use' : 'nobody can write to'} ${locked}${more}, locked${from}.`
  },

  advice: ({ facts: { shared } }) =>
    shared
      ? 'All pending files run in one transaction: release the ALTER first; change the rows with a later release, in batches that commit one by one.'
      : 'Commit the ALTER first; change the rows afterwards, in batches that commit one by one.',
})
