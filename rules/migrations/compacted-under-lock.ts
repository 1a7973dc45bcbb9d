import { addressOf, compactionsOf, describeSize, rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Do not write a table or its indexes anew under a lock to win back room.',
    why: 'VACUUM FULL and CLUSTER copy the whole table while nobody reads or writes it; REINDEX keeps writers out until each index is built again.',
    bad: 'create table event (id bigint primary key);\n-- migration\nvacuum full event;',
    good: 'create table event (id bigint primary key);\n-- migration\nvacuum (analyze) event;\nreindex table concurrently event;',
    unless: 'Nobody uses the table meanwhile, and there is room for a second copy of it.',
    references: [
      'https://www.postgresql.org/docs/current/sql-vacuum.html',
      'https://www.postgresql.org/docs/current/sql-reindex.html',
    ],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements())
      for (const { command, relation } of compactionsOf(statement, migrations)) {
        const state = migrations.before.tables.find(({ address }) => relation && address === addressOf(relation))
        const statistics = relation && migrations.statisticsOf(relation)
        if (statistics && statistics.liveRows <= FEW && statistics.sizeBytes <= SMALL) continue
        if (relation && !state) continue
        yield {
          on: statement.about(relation),
          facts: {
            command,
            table: relation && addressOf(relation),
            rows: statistics ? Math.max(statistics.rows ?? 0, statistics.liveRows) : null,
            bytes: statistics?.sizeBytes ?? null,
          },
          assessment: { tier: statement.basis },
        }
      }
  },

  message: ({ facts: { command, table, ...size } }) => {
    const all = table ?? 'every table'
    const what = table === null ? all : `${all} (${describeSize(size)})`
    return command === 'REINDEX'
      ? `REINDEX builds the indexes of ${what} again while nobody writes to it, nor reads by them.`
      : `${command} writes ${what} anew while nobody reads or writes it, and needs room for a second copy.`
  },

  advice: ({ facts: { command } }) =>
    command === 'REINDEX'
      ? 'Say REINDEX … CONCURRENTLY, in a migration that runs outside a transaction.'
      : 'Use pg_repack or pg_squeeze, or let autovacuum reclaim the room; it does not belong in a migration.',
})

const FEW = 10_000
const SMALL = 8 * 2 ** 20
