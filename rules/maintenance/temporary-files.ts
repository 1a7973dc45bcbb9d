import { daysCounted, rule } from '../../src/kit.js'

const GIBIBYTE = 2 ** 30
const MOST_A_DAY = 10 * GIBIBYTE

export default rule({
  severity: 'info',
  tier: 'measured',
  confidence: 0.7,
  docs: {
    summary: 'Give sorts and hashes the memory that they need.',
    why: 'What does not fit into work_mem is written to disk and read back: the query takes several times as long, and all others wait for the same disk.',
    bad: `create table event (id bigint primary key);
      -- statistics: server {"temporaryBytes": 9000000000000, "temporaryFiles": 90000}`,
    good: `create table event (id bigint primary key);
      -- statistics: server {"temporaryBytes": 9000000000, "temporaryFiles": 90000}`,
    unless: 'They come from reports that may take their time.',
    references: ['https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-WORK-MEM'],
  },
  needs: ['catalog', 'statistics'],
  countedDays: 1,

  *detect({ catalog, statistics }) {
    const days = daysCounted(statistics) ?? 0
    const { temporaryBytes = 0, temporaryFiles: files = 0 } = statistics.server ?? {}
    const aDay = temporaryBytes / Math.max(days, 1)
    if (aDay < MOST_A_DAY) return
    yield {
      on: catalog.database,
      facts: {
        gibibytes: Math.round(aDay / GIBIBYTE),
        megabytes: Math.round(temporaryBytes / Math.max(files, 1) / 2 ** 20),
      },
    }
  },

  message: ({ facts: { gibibytes, megabytes } }) =>
    `Queries write ${gibibytes} GiB a day to temporary files, ${megabytes} MiB each on average.`,

  advice: () =>
    'Find the queries by temp_blks_written of pg_stat_statements or log_temp_files; give those, or their role, more work_mem, or an index that spares the sort.',
})
