import type { Catalog, Index, Table, View } from './model.js'

/**
 * The catalog as sorted lines, one an object, without oids, sizes and positions: two catalogs that mean the same give
 * the same lines. Used to tell whether an undo brought back what was there before.
 */
export function describeCatalog(catalog: Catalog): readonly string[] {
  return [...lines(catalog)].sort()
}

/** Lines that only one of two catalogs has: `- ` before only, `+ ` after only. */
export function compareCatalogs(before: readonly string[], after: readonly string[]): readonly string[] {
  const had = new Set(before)
  const has = new Set(after)
  return [
    ...before.filter((line) => !has.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !had.has(line)).map((line) => `+ ${line}`),
  ]
}

function* lines(catalog: Catalog): Generator<string> {
  const line = (kind: string, address: string, facts: object) => `${kind} ${address} ${JSON.stringify(facts)}`
  for (const { address, owner, grants, comment } of catalog.schemas)
    yield line('schema', address, { owner, grants, comment })
  for (const table of catalog.tables) yield* tableLines(table, line)
  for (const view of catalog.views) {
    const { variety, owner, definition, grants, options, populated, comment } = view
    yield line('view', view.address, { variety, owner, definition, grants, options, populated, comment })
    yield* indexLines(view, line)
  }
  for (const { address, ownedBy, typeName, start, increment, minimum, maximum, cycle, comment } of catalog.sequences)
    yield line('sequence', address, {
      ownedBy: ownedBy?.address,
      typeName,
      range: [start, increment, minimum, maximum].map(String),
      cycle,
      comment,
    })
  for (const { address, variety, labels, baseType, notNull, checks, attributes, subtype, comment } of catalog.types)
    yield line('type', address, {
      variety,
      labels,
      base: baseType?.sql,
      notNull,
      checks,
      attributes: attributes.map(({ name, type }) => [name, type.sql]),
      subtype: subtype?.sql,
      comment,
    })
  for (const { address, definition, source, owner, grants, comment } of catalog.functions)
    yield line('function', address, { definition: definition ?? source, owner, grants, comment })
  for (const { name, schema, version } of catalog.extensions) yield line('extension', name, { schema, version })
}

type Line = (kind: string, address: string, facts: object) => string

function* tableLines(table: Table, line: Line): Generator<string> {
  const { variety, persistence, owner, partitionBound, rowSecurity, forceRowSecurity, replicaIdentity } = table
  yield line('table', table.address, {
    variety,
    persistence,
    owner,
    partitionOf: table.partitionOf?.address,
    partitionBound,
    partitionKey: table.partitionKey?.definition,
    inherits: table.inherits.map(({ address }) => address),
    rowSecurity,
    forceRowSecurity,
    replicaIdentity,
    options: table.options,
    grants: table.grants,
    comment: table.comment,
  })
  for (const column of table.columns) {
    const { notNull, identity, generated, collation, comment } = column
    yield line('column', column.address, {
      type: column.type.sql,
      notNull,
      default: column.default,
      identity,
      generated,
      collation,
      comment,
    })
  }
  const { primaryKey, uniques, checks, exclusions, foreignKeys } = table
  for (const constraint of [
    ...(primaryKey ? [primaryKey] : []),
    ...uniques,
    ...checks,
    ...exclusions,
    ...foreignKeys,
  ]) {
    const { definition, validated, enforced, comment } = constraint
    yield line('constraint', constraint.address, { definition, validated, enforced, comment })
  }
  yield* indexLines(table, line)
  for (const { address, definition, enabled } of table.triggers) yield line('trigger', address, { definition, enabled })
  for (const { address, command, permissive, roles, using, withCheck } of table.policies)
    yield line('policy', address, { command, permissive, roles, using, withCheck })
}

function* indexLines(relation: Table | View, line: Line): Generator<string> {
  for (const index of relation.indexes) {
    const { definition, valid, isReplicaIdentity, clustered, comment } = index
    yield line('index', index.address, {
      definition,
      valid,
      isReplicaIdentity,
      clustered,
      partitionOf: rootOf(index).address,
      comment,
    })
  }
}

function rootOf(index: Index): Index {
  return index.partitionOf ? rootOf(index.partitionOf) : index
}
