import { rule } from '../../src/kit.js'

/** Beyond constraints, on one table. */
const MANY = 20

export default rule({
  severity: 'info',
  docs: {
    summary: `Weigh each index of a table that has more than ${MANY} beside its constraints.`,
    why: 'Each insert writes all of them, an update that changes one indexed column loses the chance to be heap-only, and planning compares them for every query.',
    bad: `create table wide (id bigint primary key, ${[...'abcdefghijklmnopqrstu'].map((name) => `${name} text`).join(', ')}); ${[...'abcdefghijklmnopqrstu'].map((name) => `create index on wide (${name});`).join(' ')}`,
    good: 'create table narrow (id bigint primary key, a text, b text); create index on narrow (a, b);',
    unless: 'The table is read far more often than it is written, in many different ways.',
    references: ['https://www.postgresql.org/docs/current/storage-hot.html'],
  },
  needs: ['catalog'],
  uses: ['statistics'],

  *detect({ catalog, statistics }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const indexes = table.indexes.filter(({ constraint, unique }) => !constraint && !unique)
      if (indexes.length <= MANY) continue
      const counted = statistics?.table(table)
      const written = counted ? counted.inserted + counted.updated + counted.deleted : null
      if (counted && written !== null && written <= counted.indexScans) continue
      yield {
        on: table,
        related: indexes,
        facts: { indexes: indexes.length, written, read: counted?.indexScans ?? null },
        ...(counted ? { assessment: { tier: 'measured' } } : {}),
      }
    }
  },

  message: ({ on, facts: { indexes, written, read } }) =>
    `${on} has ${indexes} indexes beside its constraints${written === null ? '' : `, ${written} rows written and ${read} index scans`}.`,
})
