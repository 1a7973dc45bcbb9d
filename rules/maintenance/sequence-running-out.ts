import { afterReview, columnsFedBySequences, daysCounted, countInserted, rule, widenKey } from '../../src/kit.js'

const LARGEST: Readonly<Record<string, bigint>> = { int2: 2n ** 15n - 1n, int4: 2n ** 31n - 1n, int8: 2n ** 63n - 1n }
/** A key is widened in months, so a year's warning is needed. */
const HORIZON_DAYS = 365
/** From this share on it is reported without any rate. */
const REPORTED_ANYHOW = 0.6

export default rule({
  severity: 'warning',
  tier: 'measured',
  impact: 'high',
  complexity: 'high',
  docs: {
    summary: 'Widen a key whose numbers last for less than a year.',
    why: 'When they are used up every insert fails, and widening the key of a table that grows that fast takes months to plan.',
    bad: `create table event (id int generated always as identity primary key);
      select setval('event_id_seq', 1200000000);
      -- statistics: public.event {"inserted": 2000000000}`,
    good: `create table event (id int generated always as identity primary key);
      select setval('event_id_seq', 600000000);
      -- statistics: public.event {"inserted": 1000000}`,
    unless: 'The rows came with an import that will not come again.',
    references: ['https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-SERIAL'],
  },
  needs: ['catalog', 'statistics'],
  countedDays: 7,

  *detect({ catalog, statistics }) {
    const days = daysCounted(statistics) ?? 0
    for (const [sequence, columns] of columnsFedBySequences(catalog)) {
      const { lastValue, cycle, increment, minimum, maximum } = sequence
      if (lastValue === null || cycle || increment <= 0n) continue
      const limit = columns.reduce((least, { type }) => {
        const largest = LARGEST[type.name] ?? least
        return largest < least ? largest : least
      }, maximum)
      if (Number(lastValue - minimum) / Number(limit - minimum || 1n) >= REPORTED_ANYHOW) continue
      const inserted = columns.reduce((sum, { table }) => sum + countInserted(table, statistics), 0)
      // More rows than numbers were not given by this sequence alone.
      const perDay = (Math.min(inserted, Number(lastValue - minimum)) * Number(increment)) / days
      const left = Math.floor(Number(limit - lastValue) / perDay)
      if (perDay > 0 && left < HORIZON_DAYS)
        yield { on: sequence, related: columns, facts: { left, perDay: Math.round(perDay) } }
    }
  },

  message: ({ on, facts: { left, perDay } }) => `${on} runs out in about ${left} days, at ${perDay} numbers a day.`,

  advice: () =>
    'Begin to make the column, and those that reference it, bigint: add a bigint column, fill it in batches, exchange the two.',

  fix: ({ on, catalog, target }) => {
    const [column, ...others] = columnsFedBySequences(catalog).get(on) ?? []
    if (!column || others.length > 0) return []
    return afterReview(
      `Do the programs that read ${column}, and what references it, take numbers of 64 bits?`,
      widenKey(column, { catalog, target }),
    )
  },
})
