import type { RawCatalog } from './raw.js'

/** The rows in an order that depends on names alone, neither on oids nor on the server's collation; columns by position. */
export function orderRows(rows: RawCatalog): RawCatalog {
  const schemas = rows.schemas.toSorted(byName)
  const schemaRank = rankOf(schemas)
  const relations = rows.relations.toSorted((a, b) => schemaRank(a.schema) - schemaRank(b.schema) || byName(a, b))
  const relationRank = rankOf(relations)
  const bySchema = (a: InSchema, b: InSchema) => schemaRank(a.schema) - schemaRank(b.schema) || byName(a, b)
  const byRelation = (a: InRelation, b: InRelation) =>
    relationRank(a.relation) - relationRank(b.relation) || byName(a, b)
  return {
    ...rows,
    schemas,
    relations,
    columns: rows.columns.toSorted(
      (a, b) => relationRank(a.relation) - relationRank(b.relation) || a.position - b.position,
    ),
    types: rows.types.toSorted((a, b) => compare(a.schemaName, b.schemaName) || byName(a, b)),
    constraints: rows.constraints.toSorted(byRelation),
    indexes: rows.indexes.toSorted(byRelation),
    sequences: rows.sequences.toSorted(bySchema),
    functions: rows.functions.toSorted((a, b) => bySchema(a, b) || compare(a.arguments, b.arguments)),
    triggers: rows.triggers.toSorted(byRelation),
    policies: rows.policies.toSorted(byRelation),
    extensions: rows.extensions.toSorted(byName),
    roles: rows.roles.toSorted(byName),
    viewDependencies: rows.viewDependencies.toSorted(
      (a, b) =>
        relationRank(a.view) - relationRank(b.view) ||
        relationRank(a.relation) - relationRank(b.relation) ||
        a.position - b.position,
    ),
  }
}

interface Named {
  readonly name: string
}

type InSchema = Named & { readonly schema: number }
type InRelation = Named & { readonly relation: number }

function byName(a: Named, b: Named): number {
  return compare(a.name, b.name)
}

/** By UTF-16 units, the same everywhere. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function rankOf(rows: readonly { readonly oid: number }[]): (oid: number) => number {
  const ranks = new Map(rows.map(({ oid }, at) => [oid, at]))
  return (oid) => ranks.get(oid) ?? -1
}
