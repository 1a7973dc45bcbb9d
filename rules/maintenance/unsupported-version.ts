import { rule } from '../../src/kit.js'

/** The day of each major version's last release, as PostgreSQL has announced it. */
const LAST_RELEASES: Readonly<Record<number, string>> = {
  10: '2022-11-10',
  11: '2023-11-09',
  12: '2024-11-21',
  13: '2025-11-13',
  14: '2026-11-12',
  15: '2027-11-11',
  16: '2028-11-09',
  17: '2029-11-08',
  18: '2030-11-14',
}

export default rule({
  severity: 'warning',
  tier: 'measured',
  complexity: 'high',
  docs: {
    summary: 'Move to a version of PostgreSQL that is still mended.',
    why: 'After its fifth year a major version gets no more fixes, those of security holes included.',
    bad: `create table event (id bigint primary key);
      -- statistics: server {"collectedAt": "2031-01-01T00:00:00Z"}`,
    good: `create table event (id bigint primary key);
      -- statistics: server {"settings": {}}`,
    unless: 'Somebody else mends the version, under a contract.',
    references: ['https://www.postgresql.org/support/versioning/'],
  },
  needs: ['catalog', 'statistics'],

  *detect({ catalog, statistics: { server, collectedAt } }) {
    const major = Math.floor(catalog.serverVersion / 10_000)
    const last = LAST_RELEASES[major]
    if (server && last !== undefined && collectedAt.slice(0, 10) > last)
      yield { on: catalog.database, facts: { major, last } }
  },

  message: ({ facts: { major, last } }) => `PostgreSQL ${major} had its last release on ${last}.`,
})
