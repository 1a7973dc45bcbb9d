import { afterReview, quoteRelation, rule, statement } from '../../src/kit.js'

const ENOUGH = 1_000_000
const LEAST_SHARE = 0.3
/** Updates for each row that is there. */
const OFTEN = 5

export default rule({
  severity: 'info',
  tier: 'measured',
  confidence: 0.6,
  docs: {
    summary: 'Leave room in the pages of a table that is updated all the time.',
    why: 'An update that finds room in its row’s page and changes no indexed column writes no index at all. Where pages are filled to the brim each update writes an entry to every index, and vacuum has to take the old ones out again.',
    bad: `create table counter (id bigint primary key, uses bigint not null);
      -- statistics: public.counter {"updated": 9000000, "hotUpdated": 900000, "liveRows": 20000}`,
    good: `create table counter (id bigint primary key, uses bigint not null) with (fillfactor = 80);
      -- statistics: public.counter {"updated": 9000000, "hotUpdated": 900000, "liveRows": 20000}`,
    unless:
      'The updates change an indexed column: then no room helps, and the question is whether that index is needed.',
    references: ['https://www.postgresql.org/docs/current/storage-hot.html'],
  },
  needs: ['catalog', 'statistics'],
  countedDays: 7,

  *detect({ catalog, statistics }) {
    for (const table of catalog.tables) {
      if (table.variety !== 'ordinary' || table.options['fillfactor'] !== undefined) continue
      const counted = statistics.table(table)
      if (!counted || counted.updated < Math.max(ENOUGH, OFTEN * Math.max(counted.liveRows, counted.rows ?? 0)))
        continue
      const share = counted.hotUpdated / counted.updated
      if (share >= LEAST_SHARE) continue
      yield {
        on: table,
        facts: { updated: counted.updated, percent: Math.round(share * 100), indexes: table.indexes.length },
      }
    }
  },

  message: ({ on, facts: { updated, percent, indexes } }) =>
    `${percent} % of the ${Math.round(updated / 1e6)} million updates of ${on} stayed in their page; the others wrote to ${indexes === 1 ? 'its index' : `all of its ${indexes} indexes`}.`,

  advice: () =>
    'If the updates leave the indexed columns alone, set a fillfactor of 80 and rewrite the table once, as pg_repack does; if they change one, see whether that index is needed.',

  fix: ({ on }) =>
    afterReview(
      `Do the updates of ${on} leave its indexed columns alone? The step is for pages that are written from now on.`,
      [
        statement(
          `alter table ${quoteRelation(on)} set (fillfactor = 80)`,
          `alter table ${quoteRelation(on)} reset (fillfactor)`,
          {
            lock: 'SHARE UPDATE EXCLUSIVE',
          },
        ),
      ],
    ),
})
