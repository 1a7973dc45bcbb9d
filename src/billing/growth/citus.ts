import type { ForeignKey, Table } from '../../evidence/catalog/model.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import type { DistributionPlan } from './distribution.js'

/**
 * The statements that spread the tables, once nothing stands in the way. Citus refuses to distribute a table that a local one
 * references, so keys between distributed tables go first and come back last.
 */
export function listCitusCalls({ tables, tenants, column, of }: DistributionPlan): readonly string[] {
  const distributed = tables.filter(({ placement }) => placement === 'distributed')
  const anchor = distributed.find(({ table }) => table === tenants) ?? distributed[0]
  const others = distributed.filter((one) => one !== anchor)
  const between = distributed.flatMap(({ table }) =>
    table.foreignKeys.filter(
      ({ inherited, referencedTable }) => !inherited && of(referencedTable)?.placement === 'distributed',
    ),
  )
  const distribute = ({ table, column: own }: (typeof distributed)[number], beside: string) =>
    `select create_distributed_table(${regclass(table)}, ${quoteLiteral(own?.name ?? column)}${beside});`
  return [
    ...between.map((key) => `${alter(key)} drop constraint ${quoteIdentifier(key.name)};`),
    ...tables
      .filter(({ placement }) => placement === 'reference')
      .map(({ table }) => `select create_reference_table(${regclass(table)});`),
    ...(anchor ? [distribute(anchor, '')] : []),
    ...others.map((one) => distribute(one, anchor ? `, colocate_with => ${regclass(anchor.table)}` : '')),
    ...between.map((key) => `${alter(key)} add constraint ${quoteIdentifier(key.name)} ${key.definition};`),
  ]
}

function alter({ table }: ForeignKey): string {
  return `alter table ${relation(table)}`
}

function regclass(table: Table): string {
  return quoteLiteral(relation(table))
}

function relation({ schema, name }: Table): string {
  return `${quoteIdentifier(schema.name)}.${quoteIdentifier(name)}`
}
