import { rule } from '../../src/kit.js'

/** Setting, the value that endangers, what it does, and whether data are at stake. */
const UNSAFE = [
  { setting: 'fsync', value: 'off', effect: 'a crash of the machine can destroy the database', losesData: true },
  {
    setting: 'full_page_writes',
    value: 'off',
    effect: 'a crash of the machine can leave half-written pages',
    losesData: true,
  },
  { setting: 'zero_damaged_pages', value: 'on', effect: 'damaged pages are emptied without asking', losesData: true },
  {
    setting: 'ignore_checksum_failure',
    value: 'on',
    effect: 'damaged pages are read as if they were whole',
    losesData: true,
  },
  {
    setting: 'autovacuum',
    value: 'off',
    effect: 'dead rows pile up and statistics grow old until transaction ids run out',
    losesData: false,
  },
  { setting: 'track_counts', value: 'off', effect: 'autovacuum does not know where to work', losesData: false },
  ...['enable_hashjoin', 'enable_indexscan', 'enable_mergejoin', 'enable_nestloop', 'enable_seqscan'].map(
    (setting) => ({
      setting,
      value: 'off',
      effect: 'every query is planned without it, for the sake of one',
      losesData: false,
    }),
  ),
]

export default rule({
  severity: 'warning',
  tier: 'measured',
  docs: {
    summary: 'Do not run production with settings that give up safety.',
    why: 'Settings that are right for loading a backup, repairing a damaged disk or studying one query are forgotten in the configuration, where they endanger all data or all plans.',
    bad: `create table event (id bigint primary key);
      -- statistics: server {"settings": {"fsync": "off"}}`,
    good: `create table event (id bigint primary key);
      -- statistics: server {"settings": {"fsync": "on"}}`,
    unless: 'The database is made anew for each test.',
    references: ['https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-FSYNC'],
  },
  needs: ['catalog', 'statistics'],

  *detect({ catalog, statistics: { server } }) {
    const found = UNSAFE.filter(({ setting, value }) => server?.settings[setting] === value)
    if (found.length === 0) return
    yield {
      on: catalog.database,
      facts: { found },
      ...(found.some(({ losesData }) => losesData) ? { assessment: { severity: 'error', impact: 'high' } } : {}),
    }
  },

  message: ({ facts: { found } }) =>
    found.map(({ setting, value, effect }) => `${setting} is ${value}: ${effect}.`).join(' '),

  advice: ({ facts: { found } }) =>
    `Set ${found.map(({ setting }) => setting).join(', ')} back to the default, and help the one query in another way.`,
})
