import {
  isDefaultPartition,
  newName,
  quoteRelation,
  rangeBoundsOf,
  rule,
  statement,
  type RangeBounds,
  type Table,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Let each range partition begin where the one before it ends.',
    why: 'A row whose key falls into the gap is refused (“no partition of relation found for row”), or lands in the default partition, where no query for that range looks for it alone.',
    bad: "create table event (at date not null) partition by range (at); create table event_1 partition of event for values from ('2031-01-01') to ('2031-02-01'); create table event_3 partition of event for values from ('2031-03-01') to ('2031-04-01');",
    good: "create table event (at date not null) partition by range (at); create table event_1 partition of event for values from ('2031-01-01') to ('2031-02-01'); create table event_2 partition of event for values from ('2031-02-01') to ('2031-03-01');",
    unless: 'The partitions in between were archived, and nothing is written there any more.',
    references: ['https://www.postgresql.org/docs/current/ddl-partitioning.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionKey?.strategy !== 'range') continue
      const bounds = boundsOf(table)
      if (!bounds) continue
      const gaps = bounds.flatMap(({ from, start }, at) => {
        const before = bounds[at - 1]
        return before && before.end < start ? [{ from: before.to, to: from }] : []
      })
      if (gaps.length === 0) continue
      const hasDefault = table.partitions.some(isDefaultPartition)
      yield {
        on: table,
        facts: { gaps, hasDefault },
        ...(hasDefault ? { assessment: { severity: 'info' } } : {}),
      }
    }
  },

  message: ({ on, facts: { gaps, hasDefault } }) =>
    `No partition of ${on} takes ${gaps.map(({ from, to }) => `${from} to ${to}`).join(', ')}${hasDefault ? ' but the default one' : ''}.`,

  fix: ({ on, facts: { gaps, hasDefault } }) => {
    // Rows may be in the default partition already, and deeper levels are a decision.
    if (hasDefault || on.partitions.some(({ partitionKey }) => partitionKey)) return []
    const taken = new Set(on.partitions.map(({ name }) => name))
    return gaps.map(({ from, to }) => {
      const name = newName([on.name, from.replaceAll(/\D/g, '')], 'part', taken)
      taken.add(name)
      const partition = { schema: on.schema, name }
      return statement(
        `create table ${quoteRelation(partition)} partition of ${quoteRelation(on)} for values from (${from}) to (${to})`,
        `drop table ${quoteRelation({ schema: on.schema, name })}`,
        { lock: 'ACCESS EXCLUSIVE' },
      )
    })
  },
})

/** Bounds of all range partitions in order; null when one of them cannot be read. */
function boundsOf({ partitions }: Table): readonly RangeBounds[] | null {
  const bounds = partitions.filter((partition) => !isDefaultPartition(partition)).map(rangeBoundsOf)
  const known = bounds.filter((bound) => bound !== null)
  return known.length === bounds.length ? known.toSorted((a, b) => a.start - b.start) : null
}
