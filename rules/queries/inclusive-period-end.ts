import { at, bindWorkload, type BoundQuery, list, periodsOf, type Predicate, rule, typeOf } from '../../src/kit.js'

const INSTANT = /^timestamp(?:tz)?$/

export default rule({
  severity: 'warning',
  aboutMoney: true,
  confidence: 0.9,
  docs: {
    summary: 'Bound a span of time by >= its beginning and < its end.',
    why: 'BETWEEN includes both ends. A date as the end of a span of timestamps is its midnight, so the last day is missing; an end like 23:59:59 loses the last second; and an instant on the boundary of two periods is counted in both.',
    bad: `create table usage_event (id bigint primary key, happened_at timestamptz not null, quantity numeric not null);
-- workload
select sum(quantity) from usage_event where happened_at between '2026-01-01' and '2026-01-31';`,
    good: `create table usage_event (id bigint primary key, happened_at timestamptz not null, quantity numeric not null);
-- workload
select sum(quantity) from usage_event where happened_at >= '2026-01-01' and happened_at < '2026-02-01';`,
    references: [
      'https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_BETWEEN_.28especially_with_timestamps.29',
    ],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, about } of bindWorkload(workload, catalog))
      for (const predicate of bound.blocks.flatMap(({ predicates }) => predicates)) {
        const reference = predicate.left.reference
        const column = reference && bound.origin(reference)
        const end = column && INSTANT.test(column.type.name) ? endOf(predicate, bound) : null
        if (!column || !end) continue
        yield { on: about(column.table), facts: { column: column.address, end }, related: [column] }
        break
      }
  },

  message: ({ on, facts: { column, end } }) =>
    ({
      midnight: `${on} takes ${column} up to a date, which is its midnight: what happened on the last day is missing.`,
      'last second': `${on} takes ${column} up to the last second of a day: what happened within that second is missing.`,
      boundary: `${on} takes ${column} between the start and the end of a period, both included: what happened at the end counts for two periods.`,
    })[end],
})

type End = 'midnight' | 'last second' | 'boundary'

/** What is wrong with the upper bound. */
function endOf({ operator, negated, right, left }: Predicate, bound: BoundQuery): End | null {
  if (operator !== 'between' || negated || !right) return null
  const [from, to] = list(at(right.tree, 'List', 'items'))
  const [start, end] = [from, to].map((side) => literalOf(side))
  if (end !== null && end !== undefined) {
    if (/\b23:59(?::59)?$/.test(end)) return 'last second'
    if (/^\d{4}-\d\d-\d\d(?:[ T]00:00(?::00)?)?$/.test(end)) return start === end ? null : 'midnight'
  }
  if (typeOf(to, bound) === 'date' && typeOf(from, bound) === 'date') return 'midnight'
  const columns = [from, to].map((side) => {
    const reference = bound.reference(at(side, 'ColumnRef'))
    return reference && reference.relation !== left.reference?.relation ? bound.origin(reference) : null
  })
  const [first, last] = columns
  if (!first || !last || first.table !== last.table || !INSTANT.test(last.type.name)) return null
  return periodsOf(first.table).some((period) => period.start === first && period.end === last) ? 'boundary' : null
}

/** The text of a literal, also with a cast to a time around it. */
function literalOf(tree: unknown): string | null {
  const text = at(tree, 'A_Const', 'sval', 'sval')
  if (typeof text === 'string') return text
  const type = at(list(at(tree, 'TypeCast', 'typeName', 'names')).at(-1), 'String', 'sval')
  return typeof type === 'string' && /^(?:date|timestamp|timestamptz)$/.test(type)
    ? literalOf(at(tree, 'TypeCast', 'arg'))
    : null
}
