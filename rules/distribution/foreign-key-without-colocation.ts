import { bindQuery, type Catalog, type Column, rule, type Table, type Workload } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  complexity: 'high',
  docs: {
    summary: 'Keep distributed tables that belong together in one colocation group.',
    why: 'Only tables of one group have the rows of one tenant on the same node. A join with a table of another group sends rows between nodes for each query, and no foreign key can hold between them.',
    bad: `create table tenant (id bigint primary key);
      create table invoice (tenant_id bigint not null, id bigint not null, primary key (tenant_id, id));
      create table payment (tenant_id bigint not null, id bigint not null, invoice_id bigint not null, primary key (tenant_id, id));
      -- distribution: public.invoice {"column": "tenant_id", "colocation": 1}
      -- distribution: public.payment {"column": "tenant_id", "colocation": 2}`,
    good: `create table tenant (id bigint primary key);
      create table invoice (tenant_id bigint not null, id bigint not null, primary key (tenant_id, id));
      create table payment (tenant_id bigint not null, id bigint not null, invoice_id bigint not null, primary key (tenant_id, id));
      -- distribution: public.invoice {"column": "tenant_id", "colocation": 1}
      -- distribution: public.payment {"column": "tenant_id", "colocation": 1}`,
    unless: 'Nothing ever joins them.',
    references: ['https://docs.citusdata.com/en/stable/sharding/data_modeling.html#table-co-location'],
  },
  needs: ['catalog'],
  uses: ['workload'],

  *detect({ catalog, workload }) {
    const distributed = catalog.tables.filter(({ distribution, partitionOf }) => distribution?.column && !partitionOf)
    const sizes = new Map<number, number>()
    for (const { distribution } of distributed)
      sizes.set(distribution?.colocation ?? 0, (sizes.get(distribution?.colocation ?? 0) ?? 0) + 1)
    for (const table of distributed) {
      const column = table.distribution?.column
      const group = table.distribution?.colocation
      const others = distributed.filter(
        (other) => other.distribution?.colocation !== group && isSame(other.distribution?.column, column),
      )
      // The smaller group moves to the larger, of two equal ones the later.
      const [target] = others.toSorted((a, b) => rank(b, sizes) - rank(a, sizes))
      if (!column || !target || rank(target, sizes) <= rank(table, sizes)) continue
      yield {
        on: table,
        related: [target],
        facts: { column: column.name, target: target.address, joined: countJoins(table, others, catalog, workload) },
      }
    }
  },

  message: ({ on, facts: { column, target, joined } }) =>
    `${on} is distributed by ${column} as ${target} is, but apart from it${joined > 0 ? `, and ${joined === 1 ? 'a query joins' : `${joined} queries join`} them` : ''}.`,

  advice: ({ on, facts: { target } }) =>
    `Move it: select alter_distributed_table('${on}', colocate_with => '${target}'), which writes the table anew and keeps writers out meanwhile.`,
})

/** Equal values of both go to shards of equal number, if both have the same type. */
function isSame(a: Column | null | undefined, b: Column | null | undefined): boolean {
  return a?.name === b?.name && a?.type.name === b?.type.name
}

function rank({ distribution }: Table, sizes: ReadonlyMap<number, number>): number {
  const group = distribution?.colocation ?? 0
  return (sizes.get(group) ?? 0) - group / 1e6
}

function countJoins(table: Table, others: readonly Table[], catalog: Catalog, workload: Workload | null): number {
  const distinct = new Map((workload?.queries ?? []).map((query) => [query.fingerprint, query]))
  return [...distinct.values()].filter(({ tree }) => {
    const { tables } = bindQuery(tree, catalog)
    return tables.has(table) && others.some((other) => tables.has(other))
  }).length
}
