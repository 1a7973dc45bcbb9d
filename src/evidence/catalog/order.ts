import type { RawCatalog } from './raw.js'

/** The rows in an order that depends on names alone, neither on oids nor on the server's collation; columns by position. */
export function orderRows(rows: RawCatalog): RawCatalog {
  const schemas = sortBy(rows.schemas, ({ name }) => name)
  const schemaRank = rankOf(schemas)
  const relations = sortBy(rows.relations, ({ schema, name }) => [schemaRank(schema), name])
  const relationRank = rankOf(relations)
  const ofSchema = ({ schema, name }: { readonly schema: number; readonly name: string }) => [schemaRank(schema), name]
  const ofRelation = ({ relation, name }: { readonly relation: number; readonly name: string }) => [
    relationRank(relation),
    name,
  ]
  return {
    ...rows,
    schemas,
    relations,
    columns: sortBy(rows.columns, ({ relation, position }) => [relationRank(relation), position]),
    types: sortBy(rows.types, ({ schemaName, name }) => [schemaName, name]),
    constraints: sortBy(rows.constraints, ofRelation),
    indexes: sortBy(rows.indexes, ofRelation),
    sequences: sortBy(rows.sequences, ofSchema),
    functions: sortBy(rows.functions, (routine) => [...ofSchema(routine), routine.arguments]),
    triggers: sortBy(rows.triggers, ofRelation),
    policies: sortBy(rows.policies, ofRelation),
    extensions: sortBy(rows.extensions, ({ name }) => name),
    roles: sortBy(rows.roles, ({ name }) => name),
    viewDependencies: sortBy(rows.viewDependencies, ({ view, relation, position }) => [
      relationRank(view),
      relationRank(relation),
      position,
    ]),
  }
}

type Key = string | number

function rankOf(rows: readonly { readonly oid: number }[]): (oid: number) => number {
  const ranks = new Map(rows.map(({ oid }, at) => [oid, at]))
  return (oid) => ranks.get(oid) ?? -1
}

function sortBy<T>(rows: readonly T[], keyOf: (row: T) => Key | readonly Key[]): readonly T[] {
  return rows
    .map((row) => ({ row, keys: [keyOf(row)].flat() as readonly Key[] }))
    .sort((a, b) => compareKeys(a.keys, b.keys))
    .map(({ row }) => row)
}

function compareKeys(a: readonly Key[], b: readonly Key[]): number {
  for (const [at, key] of a.entries()) {
    const other = b[at] as Key
    if (key !== other) return key < other ? -1 : 1
  }
  return 0
}
