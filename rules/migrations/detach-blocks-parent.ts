import { addressOf, detachmentOf, rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Detach a partition CONCURRENTLY.',
    why: 'DETACH PARTITION locks the whole partitioned table against everybody; behind one long query on any partition everything waits. CONCURRENTLY lets reads and writes go on.',
    bad: 'create table event (at date) partition by range (at); create table event_1 partition of event for values from (minvalue) to (maxvalue);\n-- migration\nalter table event detach partition event_1;',
    good: 'create table event (at date) partition by range (at); create table event_1 partition of event for values from (minvalue) to (maxvalue);\n-- migration\nalter table event detach partition event_1 concurrently;',
    unless: 'The table has a default partition, which CONCURRENTLY does not allow, or PostgreSQL is older than 14.',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DETACH-PARTITION'],
  },
  needs: ['migrations', 'catalog'],

  *detect({ migrations, catalog }) {
    if (catalog.serverVersion < 140_000) return
    for (const statement of migrations.statements()) {
      const detached = detachmentOf(statement, migrations)
      if (!detached || detached.concurrently) continue
      const { parent, partition } = detached
      const table = migrations.before.tables.find(({ address }) => address === addressOf(parent))
      if (!table || table.partitions.some(({ partitionBound }) => partitionBound === 'DEFAULT')) continue
      if (!table.partitions.some(({ name }) => name === partition)) continue
      yield {
        on: statement.about(parent),
        facts: { table: addressOf(parent), partition, openedBy: statement.openedBy },
        assessment: { tier: statement.basis },
      }
    }
  },

  message: ({ facts: { table, partition } }) =>
    `Detaching ${partition} locks ${table}, with all its partitions, against everybody until its queries have ended.`,

  advice: ({ facts: { openedBy } }) =>
    `Say DETACH PARTITION … CONCURRENTLY${openedBy === null ? '' : ', in a migration that runs outside a transaction'}; if it is interrupted, FINALIZE ends it.`,
})
