import type { Column, Table } from '../../evidence/catalog/model.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteRelation } from '../quote.js'
import { inFormat } from './month-partitions.js'

/** What the statements below want to be declared in their block. */
export const NUMBERING = ['number bigint', 'statement text'] as const

/** The sequence that takes the place of an identity column's own, under its name. */
export function sequenceOf({ table, name }: Column): string {
  return quoteRelation({ schema: table.schema, name: newName([table.name, name], 'seq') })
}

/**
 * Statements of PL/pgSQL that let a plain sequence number a column in the place of an identity, from where that stands: partitions have
 * none of their own, and Citus takes tables with identities in but not out. Whoever may insert may then use the sequence.
 */
export function numberBySequence(column: Column): readonly string[] {
  const relation = quoteRelation(column.table)
  const sequence = sequenceOf(column)
  const on = `alter table ${relation} alter column ${quoteIdentifier(column.name)}`
  return [
    `number := nextval(pg_catalog.pg_get_serial_sequence(${quoteLiteral(relation)}, ${quoteLiteral(column.name)}))`,
    `${on} drop identity`,
    `execute pg_catalog.format('create sequence ${inFormat(sequence)} as ${column.type.sql} start with %s', number)`,
    `${on} set default nextval(${quoteLiteral(sequence)}::regclass)`,
    `alter sequence ${sequence} owned by ${relation}.${quoteIdentifier(column.name)}`,
    `for statement in select pg_catalog.format('grant usage on sequence ${inFormat(sequence)} to %s', case g.grantee when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) end) from pg_catalog.pg_class cross join lateral pg_catalog.aclexplode(relacl) as g where oid = ${quoteLiteral(relation)}::pg_catalog.regclass and g.grantee <> relowner and g.privilege_type = 'INSERT' loop execute statement; end loop`,
  ]
}

/** The way back. */
export function numberByIdentity(column: Column): readonly string[] {
  const relation = quoteRelation(column.table)
  const sequence = sequenceOf(column)
  const on = `alter table ${relation} alter column ${quoteIdentifier(column.name)}`
  return [
    `number := nextval(${quoteLiteral(sequence)}::regclass)`,
    `${on} drop default`,
    `drop sequence ${sequence}`,
    `${on} add generated ${column.identity} as identity`,
    `perform pg_catalog.setval(pg_catalog.pg_get_serial_sequence(${quoteLiteral(relation)}, ${quoteLiteral(column.name)}), number, false)`,
  ]
}

/** Identity columns that count from one by one, as these statements make them again. */
export function hasPlainIdentities(
  table: Table,
  sequences: readonly {
    readonly ownedBy: Column | null
    readonly identity: boolean
    readonly start: bigint
    readonly increment: bigint
    readonly cycle: boolean
  }[],
): boolean {
  return sequences
    .filter(({ ownedBy, identity }) => identity && ownedBy?.table === table)
    .every(({ start, increment, cycle }) => start === 1n && increment === 1n && !cycle)
}
