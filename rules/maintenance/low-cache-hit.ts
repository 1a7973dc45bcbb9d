import { rule } from '../../src/kit.js'

/** Fewer reads say nothing: 8 GiB. */
const ENOUGH = 1_000_000
const LEAST_SHARE = 0.9
/** 128 MiB in blocks: what `initdb` sets. */
const DEFAULT_BUFFERS = 16_384

export default rule({
  severity: 'info',
  tier: 'measured',
  confidence: 0.6,
  docs: {
    summary: 'Let the working set fit into memory.',
    why: 'Where a tenth of all blocks is asked of the operating system or the disk, either the memory given to PostgreSQL is too small for what is read, or queries read far more than they return.',
    bad: `create table event (id bigint primary key);
      -- statistics: server {"blocksHit": 8000000, "blocksRead": 4000000, "settings": {"shared_buffers": "16384"}}`,
    good: `create table event (id bigint primary key);
      -- statistics: server {"blocksHit": 800000000, "blocksRead": 4000000, "settings": {"shared_buffers": "16384"}}`,
    unless: 'The database is read as a whole, as by reports at night.',
    references: ['https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-SHARED-BUFFERS'],
  },
  needs: ['catalog', 'statistics'],
  countedDays: 1,

  *detect({ catalog, statistics: { server } }) {
    if (!server || server.blocksRead < ENOUGH) return
    const share = server.blocksHit / (server.blocksHit + server.blocksRead)
    if (share >= LEAST_SHARE) return
    const buffers = Number(server.settings['shared_buffers'] ?? 0)
    yield {
      on: catalog.database,
      facts: { percent: Math.floor(share * 100), isDefault: buffers > 0 && buffers <= DEFAULT_BUFFERS },
      ...(buffers > 0 && buffers <= DEFAULT_BUFFERS ? { assessment: { severity: 'warning', confidence: 0.85 } } : {}),
    }
  },

  message: ({ facts: { percent, isDefault } }) =>
    `${percent} % of the blocks that were read were in PostgreSQL's memory${isDefault ? ', which is still of the size that initdb gives it (128 MiB)' : ''}.`,

  advice: ({ facts: { isDefault } }) =>
    isDefault
      ? 'Set shared_buffers to about a quarter of the memory.'
      : 'Look first for the queries that read the most blocks; then give PostgreSQL more memory.',
})
