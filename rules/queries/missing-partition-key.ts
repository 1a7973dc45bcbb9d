import { bindWorkload, type Block, type Relation, rule, type Table } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  confidence: 0.95,
  docs: {
    summary: 'Give the partition key in every query of a partitioned table.',
    why: 'Without a condition on the partition key no partition can be left out: the query is planned for all of them, locks all of them and looks into all of them, more with every month that is added.',
    bad: `create table usage_event (id bigint, customer_id bigint not null, happened_at timestamptz not null, primary key (id, happened_at)) partition by range (happened_at);
create table usage_event_1 partition of usage_event for values from ('2026-01-01') to ('2026-02-01');
create table usage_event_2 partition of usage_event for values from ('2026-02-01') to ('2026-03-01');
-- workload
select id from usage_event where customer_id = $1;`,
    good: `create table usage_event (id bigint, customer_id bigint not null, happened_at timestamptz not null, primary key (id, happened_at)) partition by range (happened_at);
create table usage_event_1 partition of usage_event for values from ('2026-01-01') to ('2026-02-01');
create table usage_event_2 partition of usage_event for values from ('2026-02-01') to ('2026-03-01');
-- workload
select id from usage_event where customer_id = $1 and happened_at >= $2 and happened_at < $3;`,
    references: ['https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITION-PRUNING'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const found = bound.blocks.flatMap(unpruned)[0]
      if (!found) continue
      const { table, wrapped } = found
      yield {
        on: about(table),
        facts: {
          key: (table.partitionKey?.columns ?? []).flatMap((column) => column?.name ?? []),
          partitions: table.partitions.length,
          wrapped,
        },
      }
    }
  },

  message: ({ on, facts: { key, partitions, wrapped } }) =>
    wrapped
      ? `${on} compares the partition key ${key.join(', ')} of ${on.relation?.name} only inside an expression, so that all ${partitions} partitions are read.`
      : `${on} says nothing of the partition key ${key.join(', ')} of ${on.relation?.name}: all ${partitions} partitions are read.`,
})

/** Partitioned tables of a block that no condition on the first key column can leave partitions of out. */
function unpruned(block: Block): readonly { readonly table: Table; readonly wrapped: boolean }[] {
  if (block.command === 'insert' || block.command === 'values') return []
  return block.relations.flatMap((relation) => {
    const { table } = relation
    const keys = table?.partitionKey?.columns ?? []
    const [first] = keys
    if (!table || !first || table.partitions.length < 2 || keys.includes(null)) return []
    // The first rows by the key come out of the first partitions.
    if (
      block.limit !== null &&
      block.orderBy.length > 0 &&
      JSON.stringify(block.orderBy[0]?.tree).includes(`"${first.name}"`)
    )
      return []
    // Every row is wanted.
    if (block.predicates.length === 0) return []
    const mentioned = block.predicates.flatMap(({ left, right, alternative, operator }) =>
      [left, right].flatMap((side) =>
        side?.references.some((one) => one.relation === relation && one.column === first)
          ? [{ prunes: side.kind === 'column' && operator !== '<>', alternative }]
          : [],
      ),
    )
    if (mentioned.some(({ prunes }) => prunes)) return []
    return isJoinedByKey(relation, first.name) ? [] : [{ table, wrapped: mentioned.length > 0 }]
  })
}

/** `(a, b) = …` and the like name the key inside a row. */
function isJoinedByKey({ block, alias }: Relation, name: string): boolean {
  return block.predicates.some(({ tree }) => {
    const text = JSON.stringify(tree ?? null)
    return (
      text.includes('RowExpr') &&
      text.includes(`"${name}"`) &&
      (text.includes(`"${alias}"`) || block.relations.length === 1)
    )
  })
}
