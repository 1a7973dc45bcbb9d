import {
  bindWorkload,
  type BoundQuery,
  type Column,
  createIndex,
  groupBy,
  indexesLedBy,
  isFoundOtherwise,
  isKnownSmall,
  type Predicate,
  type Relation,
  rule,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  confidence: 0.9,
  docs: {
    summary: 'Index every alternative of an OR, or ask for each by itself.',
    why: 'PostgreSQL can combine indexes for an OR only if each of its alternatives has one on the same table. One without, or one about another table, makes it read all rows, and the indexes of the others are of no use.',
    bad: `create table customer (id bigint primary key, email text not null unique, phone text);
-- workload
select id from customer where email = $1 or phone = $2;`,
    good: `create table customer (id bigint primary key, email text not null unique, phone text);
create index on customer (phone);
-- workload
select id from customer where email = $1 or phone = $2;`,
    references: ['https://www.postgresql.org/docs/current/indexes-bitmap-scans.html'],
  },
  needs: ['catalog', 'workload'],
  uses: ['statistics'],

  *detect({ catalog, workload, statistics }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const [found] = alternativesIn(bound)
      if (!found) continue
      const { served, unserved, tables } = found
      const table = unserved[0]?.table ?? served[0]?.table
      if (!table || isKnownSmall(table, statistics, catalog)) continue
      yield {
        on: about(table),
        facts: {
          columns: unserved.map(({ name }) => name),
          indexed: served.map(({ name }) => name),
          tables: tables.map(({ name }) => name),
        },
        related: [...served, ...unserved],
      }
    }
  },

  message: ({ on, facts: { columns, indexed, tables } }) =>
    tables.length > 1
      ? `${on} chooses by a condition on ${tables[0]} or one on ${tables.slice(1).join(', ')}: no index serves an OR across tables.`
      : `${on} chooses by ${[...indexed, ...columns].join(' or ')}; ${columns.join(', ')} has no index, so that of ${indexed.join(', ')} does not help.`,

  advice: ({ facts: { columns, tables } }) =>
    tables.length > 1
      ? 'Ask for each alternative by itself, and put them together by UNION.'
      : `Index ${columns.join(', ')}, or ask for each alternative by itself and put them together by UNION.`,

  fix: ({ on, facts: { columns, tables }, catalog }) => {
    const table = on.relation && catalog.table(on.relation.schema, on.relation.name)
    if (!table || tables.length > 1) return []
    return columns.flatMap((name) => {
      const column = table.column(name)
      return column ? createIndex(table, { keys: [{ column }] }) : []
    })
  },
})

interface Alternatives {
  readonly served: readonly Column[]
  readonly unserved: readonly Column[]
  readonly tables: readonly Relation[]
}

/** ORs of plain comparisons with values that some indexes could serve, and not all can. */
function alternativesIn({ blocks }: BoundQuery): readonly Alternatives[] {
  return blocks.flatMap((block) => {
    const groups = groupBy(
      block.predicates.filter(({ alternative, clause }) => alternative && clause === 'where'),
      ({ alternative }) => alternative,
    )
    return [...groups].flatMap(([or, arms]): readonly Alternatives[] => {
      const compared = arms.map(comparedColumn)
      // Arms that are an AND of several, or something else than a look-up, are left alone.
      if (countArms(or) !== arms.length || compared.some((one) => one === null)) return []
      const sides = compared as readonly { readonly relation: Relation; readonly column: Column }[]
      const relations = [...new Set(sides.map(({ relation }) => relation))]
      if (relations.some((relation) => isFoundOtherwise(relation, arms[0]!))) return []
      const served = unique(sides.filter(({ column }) => indexesLedBy(column).length > 0))
      const unserved = unique(sides.filter(({ column }) => indexesLedBy(column).length === 0))
      if (relations.length > 1) return served.length === sides.length ? [{ served, unserved, tables: relations }] : []
      return served.length > 0 && unserved.length > 0 ? [{ served, unserved, tables: relations }] : []
    })
  })
}

function comparedColumn({ operator, negated, left, right }: Predicate) {
  if (negated || !/^(?:=|in|any)$/.test(operator) || !right) return null
  const [own, other] = left.kind === 'column' ? [left, right] : [right, left]
  const { reference } = own
  return reference?.column && other.kind === 'value' ? { relation: reference.relation, column: reference.column } : null
}

function countArms(or: unknown): number {
  return ((or as { readonly args?: readonly unknown[] } | null)?.args ?? []).length
}

function unique(sides: readonly { readonly column: Column }[]): readonly Column[] {
  return [...new Set(sides.map(({ column }) => column))]
}
