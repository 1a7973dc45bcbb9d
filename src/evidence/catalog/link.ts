import { addressed, type Draft, FIRING_STATES, parseOptions } from './draft.js'
import { orderRows } from './order.js'
import { linkIndexes } from './link-indexes.js'
import { linkRewriteRules } from './link-rewrite-rules.js'
import { linkTypes } from './link-types.js'
import type * as model from './model.js'
import type * as raw from './raw.js'

const VARIETIES = { r: 'ordinary', p: 'partitioned', f: 'foreign' } as const
const PERSISTENCES = { p: 'permanent', u: 'unlogged', t: 'temporary' } as const
const STATISTICS_KINDS: Readonly<Record<string, model.ExtendedStatistics['kinds'][number]>> = {
  d: 'ndistinct',
  f: 'dependencies',
  m: 'mcv',
  e: 'expressions',
}
const REPLICA_IDENTITIES = { d: 'default', n: 'nothing', f: 'full', i: 'index' } as const
const STRATEGIES = { r: 'range', l: 'list', h: 'hash' } as const
const ACTIONS = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
  ' ': 'no action',
} as const
const ROUTINES = { f: 'function', p: 'procedure', a: 'aggregate', w: 'window' } as const
const VOLATILITIES = { i: 'immutable', s: 'stable', v: 'volatile' } as const
const DEFAULTS = { r: 'tables', S: 'sequences', f: 'functions', T: 'types', n: 'schemas' } as const
const POLICY_COMMANDS = { '*': 'all', r: 'select', a: 'insert', w: 'update', d: 'delete' } as const

/** Joins the flat rows by oid into the linked model, whose order depends on names alone. */
export function linkCatalog(unordered: raw.RawCatalog): model.Catalog {
  const rows = orderRows(unordered)
  const schemas = new Map<number, model.Schema>(
    rows.schemas.map((row) => [
      row.oid,
      addressed({
        kind: 'schema' as const,
        address: row.name,
        name: row.name,
        comment: row.comment,
        owner: row.owner,
        grants: row.grants,
        defaultGrants: (row.defaultGrants ?? []).map((grant) => ({ ...grant, objects: DEFAULTS[grant.objects] })),
      }),
    ]),
  )
  const temporary: model.Schema = addressed({
    kind: 'schema' as const,
    address: 'pg_temp',
    name: 'pg_temp',
    comment: null,
    owner: '',
    grants: [],
    defaultGrants: [],
  })
  const schemaOf = (oid: number) => schemas.get(oid) ?? temporary
  const types = linkTypes(rows, schemaOf)

  const relations = new Map<number, Draft<model.Table> | Draft<model.View>>()
  const tables = new Map<number, Draft<model.Table>>()
  const views = new Map<number, Draft<model.View>>()
  for (const row of rows.relations) {
    const shared = {
      address: `${schemaOf(row.schema).name}.${row.name}`,
      name: row.name,
      comment: row.comment,
      schema: schemaOf(row.schema),
      owner: row.owner,
      grants: [...row.grants],
      options: parseOptions(row.options),
    }
    if (row.kind === 'v' || row.kind === 'm') {
      const view: Draft<model.View> = addressed({
        ...shared,
        kind: 'view' as const,
        variety: row.kind === 'v' ? ('view' as const) : ('materialized view' as const),
        definition: row.definition ?? '',
        columns: [],
        indexes: [],
        rewriteRules: [],
        populated: row.populated,
        dependsOn: [],
        dependsOnColumns: [],
      })
      views.set(row.oid, view)
      relations.set(row.oid, view)
    } else {
      const table = newTable(row, shared)
      tables.set(row.oid, table)
      relations.set(row.oid, table)
    }
  }

  const columns = new Map<string, model.Column>()
  const columnAt = (relation: number, position: number) => columns.get(`${relation}/${position}`)
  const columnsAt = (relation: number, positions: readonly number[] | null) =>
    (positions ?? []).flatMap((position) => columnAt(relation, position) ?? [])
  for (const row of rows.columns) {
    const type = types.typeOf(row.type, row.sql, row.modifier)
    const table = tables.get(row.relation)
    if (!table) {
      views.get(row.relation)?.columns.push({ name: row.name, type })
      continue
    }
    const column = addressed({
      kind: 'column' as const,
      address: `${table.address}.${row.name}`,
      name: row.name,
      comment: row.comment,
      table: table as model.Table,
      position: row.position,
      type,
      notNull: row.notNull || (type.domain?.notNull ?? false),
      default: row.generated === '' ? row.expression : null,
      identity: row.identity === '' ? null : row.identity === 'a' ? ('always' as const) : ('by default' as const),
      generated: row.generated === '' ? null : { expression: row.expression ?? '', stored: row.generated === 's' },
      collation: row.collation,
      statisticsTarget: row.statisticsTarget,
      inherited: row.inherited,
      local: row.local ?? !row.inherited,
    })
    columns.set(`${row.relation}/${row.position}`, column)
    table.columns.push(column)
  }

  for (const row of rows.relations) {
    const table = tables.get(row.oid)
    if (!table) continue
    const parents = row.parents.flatMap((oid) => tables.get(oid) ?? [])
    if (row.isPartition && parents[0]) {
      table.partitionOf = parents[0] as model.Table
      parents[0].partitions.push(table as model.Table)
    } else table.inherits = parents as model.Table[]
    if (row.partitionStrategy)
      table.partitionKey = {
        strategy: STRATEGIES[row.partitionStrategy],
        columns: (row.partitionColumns ?? []).map((position) => columnAt(row.oid, position) ?? null),
        definition: row.partitionKey ?? '',
      }
  }

  for (const { relation, method, colocation, column } of rows.distribution ?? []) {
    const table = tables.get(relation)
    // Local tables that Citus knows of have no colocation group.
    if (!table || (method === 'n' && colocation === 0)) continue
    table.distribution =
      method === 'n'
        ? { kind: 'reference', column: null, colocation }
        : { kind: 'distributed', column: table.columns.find(({ name }) => name === column) ?? null, colocation }
  }

  const indexes = linkIndexes(rows.indexes, (oid) => relations.get(oid) as model.Table | model.View, columnAt)
  for (const row of rows.indexes) {
    const index = indexes.get(row.oid)
    if (index) relations.get(row.relation)?.indexes.push(index as model.Index)
  }

  for (const row of rows.constraints) {
    const table = tables.get(row.relation)
    if (!table) continue
    const shared = {
      kind: 'constraint' as const,
      address: `${table.address}.${row.name}`,
      name: row.name,
      comment: row.comment,
      table: table as model.Table,
      definition: row.definition,
      validated: row.validated,
      enforced: row.enforced,
      deferrable: row.deferrable,
      initiallyDeferred: row.deferred,
      columns: columnsAt(row.relation, row.columns),
      inherited: row.inherited,
    }
    const index = indexes.get(row.index)
    if (row.type === 'f') {
      const referenced = tables.get(row.referencedRelation)
      if (!referenced) continue
      const foreignKey: model.ForeignKey = addressed({
        ...shared,
        type: 'foreign key' as const,
        referencedTable: referenced as model.Table,
        referencedColumns: columnsAt(row.referencedRelation, row.referencedColumns),
        onUpdate: ACTIONS[row.onUpdate],
        onDelete: ACTIONS[row.onDelete],
        onDeleteSetColumns:
          row.onDeleteSetColumns && row.onDeleteSetColumns.length > 0
            ? columnsAt(row.relation, row.onDeleteSetColumns)
            : shared.columns,
        match: row.match === 'f' ? ('full' as const) : ('simple' as const),
        triggersDisabled: row.triggersDisabled ?? false,
      })
      table.foreignKeys.push(foreignKey)
      referenced.referencedBy.push(foreignKey)
      index?.supportsForeignKeys.push(foreignKey)
    } else if (row.type === 'c') {
      table.checks.push(addressed({ ...shared, type: 'check' as const, expression: row.expression ?? '' }))
    } else if (index) {
      const enforced = { ...shared, index: index as model.Index }
      const constraint: model.KeyConstraint | model.ExclusionConstraint =
        row.type === 'x'
          ? addressed({ ...enforced, type: 'exclusion' as const, operators: row.operators ?? [] })
          : addressed({
              ...enforced,
              type: row.type === 'p' ? ('primary key' as const) : ('unique' as const),
              nullsNotDistinct: index.nullsNotDistinct,
              withoutOverlaps: row.period,
            })
      index.constraint = constraint
      if (constraint.type === 'exclusion') table.exclusions.push(constraint)
      else if (constraint.type === 'primary key') table.primaryKey = constraint
      else table.uniques.push(constraint)
    }
  }

  const functions = new Map<number, model.Routine>(
    rows.functions.map((row) => [
      row.oid,
      addressed({
        kind: 'function' as const,
        address: `${schemaOf(row.schema).name}.${row.name}(${row.arguments})`,
        name: row.name,
        comment: row.comment,
        schema: schemaOf(row.schema),
        variety: ROUTINES[row.kind],
        arguments: row.arguments,
        returns: row.returns,
        language: row.language,
        volatility: VOLATILITIES[row.volatility],
        securityDefiner: row.securityDefiner,
        owner: row.owner,
        settings: parseOptions(row.settings),
        source: row.source,
        definition: row.definition,
        grants: row.grants,
      }),
    ]),
  )

  for (const row of rows.triggers) {
    const table = tables.get(row.relation)
    table?.triggers.push(
      addressed({
        kind: 'trigger' as const,
        address: `${table.address}.${row.name}`,
        name: row.name,
        comment: row.comment,
        table: table as model.Table,
        definition: row.definition,
        function: functions.get(row.function) ?? null,
        functionName: row.functionName,
        enabled: FIRING_STATES[row.enabled],
        timing: row.type & 2 ? ('before' as const) : row.type & 64 ? ('instead of' as const) : ('after' as const),
        forEach: row.type & 1 ? ('row' as const) : ('statement' as const),
        events: triggerEvents(row.type),
        isConstraint: row.isConstraint,
        inherited: row.inherited,
      }),
    )
  }

  for (const row of rows.policies) {
    const table = tables.get(row.relation)
    table?.policies.push(
      addressed({
        kind: 'policy' as const,
        address: `${table.address}.${row.name}`,
        name: row.name,
        comment: row.comment,
        table: table as model.Table,
        command: POLICY_COMMANDS[row.command],
        permissive: row.permissive,
        roles: row.roles,
        using: row.using,
        withCheck: row.withCheck,
      }),
    )
  }

  for (const row of rows.relations)
    for (const { schemaName, name, columns, kinds, definition } of row.extendedStatistics ?? [])
      tables.get(row.oid)?.extendedStatistics.push({
        address: `${schemaName}.${name}`,
        columns: columnsAt(row.oid, columns),
        kinds: kinds.flatMap((kind) => STATISTICS_KINDS[kind] ?? []),
        definition,
      })

  linkRewriteRules(rows.relations, relations)

  for (const row of rows.viewDependencies) {
    const view = views.get(row.view)
    const relation = relations.get(row.relation) as model.Table | model.View | undefined
    if (view && relation && !view.dependsOn.includes(relation)) view.dependsOn.push(relation)
    const column = columnAt(row.relation, row.position)
    if (view && column) view.dependsOnColumns.push(column)
  }

  const sequences = rows.sequences.map((row) =>
    addressed({
      kind: 'sequence' as const,
      address: `${schemaOf(row.schema).name}.${row.name}`,
      name: row.name,
      comment: row.comment,
      schema: schemaOf(row.schema),
      ownedBy: row.relation === null ? null : (columnAt(row.relation, row.position ?? 0) ?? null),
      identity: row.identity ?? false,
      typeName: row.type,
      start: BigInt(row.start),
      increment: BigInt(row.increment),
      minimum: BigInt(row.minimum),
      maximum: BigInt(row.maximum),
      cycle: row.cycle,
      lastValue: row.lastValue === null ? null : BigInt(row.lastValue),
    }),
  )

  return catalogOf({
    rows,
    schemas: [...schemas.values()],
    tables: [...tables.values()] as readonly model.Table[] as model.Table[],
    views: [...views.values()] as model.View[],
    types: types.userTypes,
    sequences,
    functions: [...functions.values()],
  })
}

function newTable(
  row: raw.RawRelation,
  shared: Pick<Draft<model.Table>, 'address' | 'name' | 'comment' | 'schema' | 'owner' | 'grants' | 'options'>,
): Draft<model.Table> {
  return addressed({
    ...shared,
    kind: 'table' as const,
    variety: VARIETIES[row.kind as 'r' | 'p' | 'f'],
    persistence: PERSISTENCES[row.persistence],
    columns: [],
    primaryKey: null,
    uniques: [],
    checks: [],
    exclusions: [],
    foreignKeys: [],
    referencedBy: [],
    indexes: [],
    triggers: [],
    policies: [],
    rewriteRules: [],
    partitionOf: null,
    partitionBound: row.partitionBound,
    partitionKey: null,
    partitions: [],
    inherits: [],
    distribution: null,
    rowSecurity: row.rowSecurity,
    forceRowSecurity: row.forceRowSecurity,
    replicaIdentity: REPLICA_IDENTITIES[row.replicaIdentity],
    extendedStatistics: [],
    publications: [...(row.publications ?? [])],
    column(this: Draft<model.Table>, name: string) {
      return this.columns.find((column) => column.name === name)
    },
  })
}

function catalogOf(parts: {
  readonly rows: raw.RawCatalog
  readonly schemas: model.Schema[]
  readonly tables: model.Table[]
  readonly views: model.View[]
  readonly types: readonly model.UserType[]
  readonly sequences: readonly model.Sequence[]
  readonly functions: readonly model.Routine[]
}): model.Catalog {
  const { rows } = parts
  const name = rows.database[0]?.name ?? ''
  const tables = parts.tables.filter(({ persistence }) => persistence !== 'temporary')
  const byAddress = new Map(tables.map((table) => [table.address, table]))
  const columns = tables.flatMap((table) => table.columns)
  const foreignKeys = tables.flatMap((table) => table.foreignKeys)
  const indexes = [...tables, ...parts.views].flatMap((relation) => relation.indexes)
  const constraints = tables.flatMap(({ primaryKey, uniques, foreignKeys: keys, checks, exclusions }) => [
    ...(primaryKey ? [primaryKey] : []),
    ...uniques,
    ...keys,
    ...checks,
    ...exclusions,
  ])
  return {
    serverVersion: rows.database[0]?.version ?? 0,
    databaseName: name,
    database: addressed({ kind: 'database' as const, address: name, name, comment: null }),
    schemas: parts.schemas,
    tables,
    temporaryTables: parts.tables.filter(({ persistence }) => persistence === 'temporary'),
    views: parts.views,
    sequences: parts.sequences,
    types: parts.types,
    functions: parts.functions,
    extensions: rows.extensions.map((row) => addressed({ kind: 'extension' as const, address: row.name, ...row })),
    roles: rows.roles.map((role) => ({ ...role, inheritsFrom: role.inheritsFrom ?? [] })),
    columns: () => columns,
    constraints: () => constraints,
    indexes: () => indexes,
    foreignKeys: () => foreignKeys,
    table: (schema, name) => byAddress.get(`${schema}.${name}`),
  }
}

function triggerEvents(type: number): model.Trigger['events'] {
  const events: [number, model.Trigger['events'][number]][] = [
    [4, 'insert'],
    [16, 'update'],
    [8, 'delete'],
    [32, 'truncate'],
  ]
  return events.filter(([bit]) => type & bit).map(([, event]) => event)
}
