import type { Catalog, Index, Table, View } from './model.js'

/** One object without oids, sizes and positions: two catalogs that mean the same describe it the same. */
export interface Description {
  readonly kind: string
  readonly address: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** The catalog as sorted lines, one an object. Used to tell whether an undo brought back what was there before. */
export function describeCatalog(catalog: Catalog): readonly string[] {
  return [...describeObjects(catalog)]
    .map(({ kind, address, facts }) => `${kind} ${address} ${JSON.stringify(facts)}`)
    .sort()
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

/** Every object of the catalog, described. */
export function* describeObjects(catalog: Catalog): Generator<Description> {
  const describe = (kind: string, address: string, facts: Description['facts']): Description => ({
    kind,
    address,
    facts,
  })
  for (const { address, owner, grants, defaultGrants, comment } of catalog.schemas)
    yield describe('schema', address, { owner, grants, defaultGrants, comment })
  for (const table of catalog.tables) yield* tableLines(table, describe)
  for (const view of catalog.views) {
    const { variety, owner, definition, grants, options, populated, comment } = view
    yield describe('view', view.address, { variety, owner, definition, grants, options, populated, comment })
    yield* indexLines(view, describe)
    yield* ruleLines(view, describe)
  }
  for (const { address, ownedBy, typeName, start, increment, minimum, maximum, cycle, comment } of catalog.sequences)
    yield describe('sequence', address, {
      ownedBy: ownedBy?.address,
      typeName,
      range: [start, increment, minimum, maximum].map(String),
      cycle,
      comment,
    })
  for (const { address, variety, labels, baseType, notNull, checks, attributes, subtype, comment } of catalog.types)
    yield describe('type', address, {
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
    yield describe('function', address, { definition: definition ?? source, owner, grants, comment })
  for (const { name, schema, version } of catalog.extensions) yield describe('extension', name, { schema, version })
}

type Describe = (kind: string, address: string, facts: Description['facts']) => Description

function* tableLines(table: Table, describe: Describe): Generator<Description> {
  const { variety, persistence, owner, partitionBound, rowSecurity, forceRowSecurity, replicaIdentity } = table
  yield describe('table', table.address, {
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
    options: Object.entries(table.options).sort(),
    grants: table.grants,
    comment: table.comment,
  })
  for (const column of table.columns) {
    const { notNull, identity, generated, collation, comment } = column
    yield describe('column', column.address, {
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
    const kept = constraint.type === 'foreign key' ? { triggersDisabled: constraint.triggersDisabled } : {}
    yield describe('constraint', constraint.address, { definition, validated, enforced, ...kept, comment })
  }
  yield* indexLines(table, describe)
  for (const { address, definition, enabled, comment } of table.triggers)
    yield describe('trigger', address, { definition, enabled, comment })
  for (const { address, command, permissive, roles, using, withCheck, comment } of table.policies)
    yield describe('policy', address, { command, permissive, roles, using, withCheck, comment })
  for (const { address, definition } of table.extendedStatistics)
    yield describe('statistics object', address, { definition: inAnyOrder(definition) })
  yield* ruleLines(table, describe)
}

/** `CREATE STATISTICS` with its list sorted: the server prints it in the order of the table's columns. */
function inAnyOrder(definition: string): string {
  return definition.replace(/(?<= ON ).*(?= FROM )/s, (list) => list.split(', ').toSorted().join(', '))
}

function* ruleLines({ rewriteRules }: Table | View, describe: Describe): Generator<Description> {
  for (const { address, definition, enabled, comment } of rewriteRules)
    yield describe('rewrite rule', address, { definition, enabled, comment })
}

function* indexLines(relation: Table | View, describe: Describe): Generator<Description> {
  for (const index of relation.indexes) {
    const { definition, valid, isReplicaIdentity, clustered, comment } = index
    yield describe('index', index.address, {
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
