import {
  afterReview,
  columnsFedBySequences,
  daysCounted,
  countInserted,
  rule,
  type Column,
  type Sequence,
  widenKey,
} from '../../src/kit.js'

const LARGEST: Readonly<Record<string, bigint>> = { int2: 2n ** 15n - 1n, int4: 2n ** 31n - 1n, int8: 2n ** 63n - 1n }
const TYPES: Readonly<Record<string, string>> = { smallint: 'int2', integer: 'int4', bigint: 'int8' }

/** Percent of the numbers that may be used before it is time to plan, and to act. */
const PLAN = 60
const ACT = 85
/** Days that counters must tell of before a rate is made of them. */
const COUNTED = 1

export default rule({
  severity: 'warning',
  impact: 'high',
  complexity: 'high',
  docs: {
    summary: 'Widen a key before its numbers run out.',
    why: 'When the sequence or its column reaches the maximum, every insert fails, and widening a large table’s key takes hours that nobody has then.',
    bad: "create table event (id serial primary key); select setval('event_id_seq', 1900000000);",
    good: "create table event (id bigserial primary key); select setval('event_id_seq', 1900000000);",
    unless: 'The numbers come to their end on purpose.',
    references: ['https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-SERIAL'],
  },
  needs: ['catalog'],
  uses: ['statistics'],

  *detect({ catalog, statistics }) {
    const fed = columnsFedBySequences(catalog)
    const days = statistics ? (daysCounted(statistics) ?? 0) : 0
    for (const sequence of catalog.sequences) {
      const { lastValue, cycle, increment, minimum } = sequence
      if (lastValue === null || cycle || increment <= 0n) continue
      const columns = fed.get(sequence) ?? []
      const limit = limitOf(sequence, columns)
      // The sequence alone is the limit, and may be widened at once: narrow-sequence says so.
      if (columns.length > 0 && columns.every(({ type }) => (LARGEST[type.name] ?? 0n) > sequence.maximum)) {
        if (sequence.maximum === LARGEST[TYPES[sequence.typeName] ?? '']) continue
      }
      const used = Number(((lastValue - minimum) * 100n) / (limit.maximum - minimum || 1n))
      if (used < PLAN) continue
      const inserted = statistics ? columns.reduce((sum, { table }) => sum + countInserted(table, statistics), 0) : 0
      // More rows than numbers were not given by this sequence alone.
      const perDay = (Math.min(inserted, Number(lastValue - minimum)) * Number(increment)) / days
      const daysLeft = days >= COUNTED && perDay > 0 ? Math.floor(Number(limit.maximum - lastValue) / perDay) : null
      yield {
        on: sequence,
        related: columns,
        facts: { limitedBy: limit.by, used, left: String(limit.maximum - lastValue), daysLeft },
        assessment: { tier: 'measured', ...(used >= ACT ? { severity: 'error' } : {}) },
      }
    }
  },

  message: ({ on, facts: { limitedBy, used, left, daysLeft } }) =>
    `${on} has used ${used} % of the numbers that ${limitedBy} has room for; ${left} are left${daysLeft === null ? '' : `, at the rate so far for ${daysLeft} days`}.`,

  advice: ({ facts: { limitedBy } }) =>
    `Make ${limitedBy} a bigint, and with it the columns that reference it: add a bigint column, fill it in batches, exchange the two.`,

  fix: ({ on, catalog, target }) => {
    const [column, ...others] = columnsFedBySequences(catalog).get(on) ?? []
    if (!column || others.length > 0) return []
    return afterReview(
      `Do the programs that read ${column}, and what references it, take numbers of 64 bits?`,
      widenKey(column, { catalog, target }),
    )
  },
})

/** What comes to its end first: the sequence, or the narrowest column that it numbers. */
function limitOf(sequence: Sequence, columns: readonly Column[]): { readonly by: string; readonly maximum: bigint } {
  const limits = columns.map((column) => ({
    by: column.address,
    maximum: LARGEST[column.type.name] ?? sequence.maximum,
  }))
  const own = { by: sequence.address, maximum: sequence.maximum }
  return limits.reduce((least, limit) => (limit.maximum <= least.maximum ? limit : least), own)
}
