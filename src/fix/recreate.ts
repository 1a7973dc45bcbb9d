import type {
  Catalog,
  Column,
  DefaultGrant,
  ForeignKey,
  Policy,
  RewriteRule,
  Schema,
  Sequence,
  Table,
  Trigger,
  UserType,
  View,
} from '../evidence/catalog/model.js'
import type { Recreation } from '../source/session.js'
import { quoteRelation } from './quote.js'
import { quoteBody, quoteIdentifier, quoteLiteral } from '../quote.js'

/**
 * The statements that make this catalog again on an empty database: structure only, no rows and no owners; and the roles
 * that grants and policies name. Read with `search_path` = `pg_catalog`, so that every printed name is qualified.
 */
export function recreateCatalog(catalog: Catalog): Recreation {
  const given = listGrants(catalog)
  const policies = catalog.tables.flatMap((table) => table.policies)
  const byDefault = catalog.schemas.flatMap(({ defaultGrants }) => defaultGrants)
  const named = [
    ...given.map(({ grantee }) => grantee),
    ...policies.flatMap(({ roles }) => roles),
    ...byDefault.flatMap(({ owner, grantee }) => [owner, grantee]),
  ]
  return {
    roles: [...new Set(named)].filter((role) => role !== 'PUBLIC'),
    statements: listStatements(catalog, given),
  }
}

/** The same without what no plan of a superuser depends on: triggers, policies, publications, comments and grants. */
export function recreateStructure(catalog: Catalog): Recreation {
  return { roles: [], statements: structureOf(catalog) }
}

function listStatements(catalog: Catalog, given: readonly Given[]): readonly string[] {
  return [
    ...structureOf(catalog),
    ...catalog.foreignKeys().flatMap((key) => (key.triggersDisabled ? [switchForeignKey(key, 'disable')] : [])),
    ...catalog.tables.flatMap(({ triggers }) =>
      triggers.filter(({ inherited }) => !inherited).flatMap(recreateTrigger),
    ),
    ...[...catalog.tables, ...catalog.views].flatMap(({ rewriteRules }) => rewriteRules.flatMap(recreateRule)),
    ...catalog.tables.flatMap(rowSecurity),
    ...publications(catalog.tables),
    ...comments(catalog),
    ...grants(catalog, given),
    ...catalog.schemas.flatMap((schema) =>
      schema.defaultGrants.map((grant) => changeDefaultGrant('grant', schema, grant)),
    ),
    'reset check_function_bodies',
  ]
}

function structureOf(catalog: Catalog): readonly string[] {
  const roots = catalog.tables.filter((table) => !table.partitionOf)
  const identities = new Map(
    catalog.sequences.flatMap((one) => (one.identity && one.ownedBy ? [[one.ownedBy, one] as const] : [])),
  )
  return [
    'set check_function_bodies to off',
    ...catalog.schemas.map(({ name }) => `create schema if not exists ${quoteIdentifier(name)}`),
    ...catalog.extensions.map(
      ({ name, schema }) =>
        `create extension if not exists ${quoteIdentifier(name)}${schema === 'pg_catalog' ? '' : ` schema ${quoteIdentifier(schema)}`} cascade`,
    ),
    ...catalog.types.filter(({ variety }) => variety === 'enum').map(enumType),
    ...catalog.types.filter(({ variety }) => variety !== 'enum').map(otherType),
    ...catalog.sequences.filter(({ identity }) => !identity).map(sequence),
    ...catalog.functions.flatMap(({ definition, variety }) =>
      definition && variety !== 'aggregate' ? [definition] : [],
    ),
    ...parentsFirst(catalog.tables).map((one) => table(one, identities)),
    ...catalog.tables.flatMap(ownDefaults),
    ...catalog.sequences.flatMap(({ ownedBy, identity, ...sequence }) =>
      ownedBy && !identity
        ? [
            `alter sequence ${quoteRelation(sequence)} owned by ${quoteRelation(ownedBy.table)}.${quoteIdentifier(ownedBy.name)}`,
          ]
        : [],
    ),
    ...catalog.sequences.flatMap(({ lastValue, schema, name }) =>
      lastValue === null
        ? []
        : [
            `select pg_catalog.setval(${quoteLiteral(quoteRelation({ schema, name }))}::pg_catalog.regclass, ${lastValue})`,
          ],
    ),
    ...catalog.views.map(view),
    ...keysAndIndexes(roots, catalog),
    ...catalog.tables.flatMap(({ extendedStatistics }) => extendedStatistics.map(({ definition }) => definition)),
    ...catalog.tables.flatMap((owner) => owner.foreignKeys.filter(({ inherited }) => !inherited)).map(constraint),
  ]
}

/** Each by the tables that it is known to send changes of. */
function publications(tables: readonly Table[]): readonly string[] {
  const names = [...new Set(tables.flatMap((table) => table.publications))]
  return names.map((name) => {
    const sent = tables.filter((table) => table.publications.includes(name)).map(quoteRelation)
    return `create publication ${quoteIdentifier(name)} for table ${sent.join(', ')}`
  })
}

function enumType(type: UserType): string {
  return `create type ${quoteRelation(type)} as enum (${type.labels.map(quoteLiteral).join(', ')})`
}

function otherType(type: UserType): string {
  if (type.variety === 'range') return `create type ${quoteRelation(type)} as range (subtype = ${type.subtype?.sql})`
  if (type.variety === 'composite') {
    const attributes = type.attributes.map((attribute) => `${quoteIdentifier(attribute.name)} ${attribute.type.sql}`)
    return `create type ${quoteRelation(type)} as (${attributes.join(', ')})`
  }
  return [
    `create domain ${quoteRelation(type)} as ${type.baseType?.sql}`,
    type.default === null ? '' : `default ${type.default}`,
    type.notNull ? 'not null' : '',
    ...type.checks.map(({ name, definition }) => `constraint ${quoteIdentifier(name)} ${definition}`),
  ]
    .filter(Boolean)
    .join(' ')
}

function sequence({ schema, name, typeName, ...options }: Sequence) {
  return `create sequence ${quoteRelation({ schema, name })} as ${typeName} ${numbering(options)}`
}

function numbering({ start, increment, minimum, maximum, cycle }: Omit<Sequence, 'schema' | 'name' | 'typeName'>) {
  return `increment by ${increment} minvalue ${minimum} maxvalue ${maximum} start with ${start}${cycle ? ' cycle' : ''}`
}

/** Parents stand before their partitions and heirs. */
function parentsFirst(tables: readonly Table[]): readonly Table[] {
  const ordered = new Set<Table>()
  const own = new Map(tables.map((table) => [table.address, table]))
  const add = (table: Table): void => {
    if (ordered.has(table)) return
    for (const parent of [...(table.partitionOf ? [table.partitionOf] : []), ...table.inherits])
      add(own.get(parent.address) ?? parent)
    ordered.add(table)
  }
  for (const one of tables) add(one)
  return [...ordered]
}

type Identities = ReadonlyMap<Column, Sequence>

function table(table: Table, identities: Identities): string {
  const unlogged = table.persistence === 'unlogged' ? 'unlogged ' : ''
  const options = Object.entries(table.options).map(([key, value]) => `${key} = ${quoteLiteral(value)}`)
  const settings = options.length > 0 ? ` with (${options.join(', ')})` : ''
  const by = table.partitionKey ? ` partition by ${table.partitionKey.definition}` : ''
  if (table.partitionOf)
    return (
      `create ${unlogged}table ${quoteRelation(table)} partition of ${quoteRelation(table.partitionOf)}` +
      ` ${table.partitionBound}${by}${settings}`
    )
  const inherits = table.inherits.length > 0 ? ` inherits (${table.inherits.map(quoteRelation).join(', ')})` : ''
  const parts = [
    ...table.columns.filter(({ local }) => local).map((one) => column(one, identities.get(one))),
    ...table.checks
      .filter(({ inherited, validated }) => !inherited && validated)
      .map(({ name, definition }) => `constraint ${quoteIdentifier(name)} ${definition}`),
  ]
  return `create ${unlogged}table ${quoteRelation(table)} (${parts.join(', ')})${inherits}${by}${settings}`
}

/** What an heir or a partition says of a parent's column otherwise than the parent. */
function ownDefaults(table: Table): readonly string[] {
  const parents = table.partitionOf ? [table.partitionOf] : table.inherits
  return table.columns
    .filter(({ local, generated }) => (table.partitionOf !== null || !local) && !generated)
    .flatMap((own) => {
      const parent = parents.flatMap(({ columns }) => columns.filter(({ name }) => name === own.name)).at(0)
      const alter = `alter table only ${quoteRelation(table)} alter column ${quoteIdentifier(own.name)}`
      if (!parent) return []
      return [
        ...(own.default === parent.default
          ? []
          : [own.default === null ? `${alter} drop default` : `${alter} set default ${own.default}`]),
        ...(own.notNull && !parent.notNull ? [`${alter} set not null`] : []),
      ]
    })
}

function column(
  { name, type, collation, default: value, notNull, identity, generated }: Column,
  numbers: Sequence | undefined,
): string {
  return [
    quoteIdentifier(name),
    type.sql,
    collation ? `collate ${collation}` : '',
    generated ? `generated always as (${generated.expression}) ${generated.stored ? 'stored' : 'virtual'}` : '',
    identity
      ? `generated ${identity} as identity${numbers ? ` (sequence name ${quoteRelation(numbers)} ${numbering(numbers)})` : ''}`
      : '',
    value === null ? '' : `default ${value}`,
    notNull ? 'not null' : '',
  ]
    .filter(Boolean)
    .join(' ')
}

/**
 * The statements that make one view again, in a `DO` block: with its owner, where that role is there, its grants and comment.
 */
export function recreateView(one: View): readonly string[] {
  const { owner, comment, variety } = one
  const name = quoteRelation(one)
  const role = quoteIdentifier(owner)
  return [
    view(one),
    `if exists (select from pg_catalog.pg_roles where rolname = ${quoteLiteral(owner)} and rolname <> current_user) then alter ${variety} ${name} owner to ${role}; end if`,
    ...one.grants
      .filter(({ grantee }) => grantee !== owner)
      .map(({ grantee, privilege, grantable }) => {
        const to = grantee === 'PUBLIC' ? 'public' : quoteIdentifier(grantee)
        return `grant ${privilege.toLowerCase()} on ${name} to ${to}${grantable ? ' with grant option' : ''}`
      }),
    ...(comment === null ? [] : [`comment on ${variety} ${name} is ${quoteLiteral(comment)}`]),
  ]
}

function view({ variety, populated, options, definition, ...view }: View): string {
  const settings = Object.entries(options).map(([key, value]) => `${key} = ${value}`)
  const head = `create ${variety} ${quoteRelation(view)}${settings.length > 0 ? ` with (${settings.join(', ')})` : ''}`
  return `${head} as ${definition.replace(/;\s*$/, '')}${variety === 'view' || populated ? '' : ' with no data'}`
}

/** Keys and indexes of roots bring those of their partitions; what a partition has of its own comes after. */
function keysAndIndexes(roots: readonly Table[], catalog: Catalog): readonly string[] {
  const children = catalog.tables.filter((table) => table.partitionOf)
  const of = (tables: readonly Table[]) => [
    ...tables
      .flatMap(({ primaryKey, uniques, exclusions, checks }) => [
        ...[...(primaryKey ? [primaryKey] : []), ...uniques, ...exclusions].filter(({ index }) => !index.partitionOf),
        ...checks.filter(({ validated, inherited }) => !validated && !inherited),
      ])
      .map(constraint),
    ...tables
      .flatMap(({ indexes }) => indexes)
      .filter((index) => !index.constraint && !index.partitionOf && index.valid)
      .map(({ definition }) => definition.replace(/ ON ONLY /, ' ON ')),
  ]
  const identities = catalog.tables
    .filter(({ replicaIdentity }) => replicaIdentity === 'full' || replicaIdentity === 'nothing')
    .map((table) => `alter table ${quoteRelation(table)} replica identity ${table.replicaIdentity}`)
  return [
    ...of(roots),
    ...of(children),
    ...catalog.views.flatMap(({ indexes }) => indexes.map(({ definition }) => definition)),
    ...identities,
  ]
}

/** Enables or disables the triggers by which the server keeps a foreign key; their names hold numbers that no other server has. */
export function switchForeignKey({ table, name }: ForeignKey, to: 'enable' | 'disable'): string {
  const constraint = `conrelid = ${quoteLiteral(quoteRelation(table))}::pg_catalog.regclass and conname = ${quoteLiteral(name)}`
  return `do ${quoteBody(
    [
      'declare',
      '  one text;',
      'begin',
      `  for one in select pg_catalog.format('alter table %s ${to} trigger %I', tgrelid::pg_catalog.regclass, tgname) from pg_catalog.pg_trigger join pg_catalog.pg_constraint as c on c.oid = tgconstraint where ${constraint} loop execute one; end loop;`,
      'end',
    ].join('\n'),
  )}`
}

function constraint({ table, name, definition }: { table: Table; name: string; definition: string }): string {
  return `alter table ${quoteRelation(table)} add constraint ${quoteIdentifier(name)} ${definition}`
}

interface Given {
  readonly on: string
  readonly grantee: string
  readonly privilege: string
  readonly grantable: boolean
}

function listGrantable(catalog: Catalog) {
  return [
    ...catalog.schemas.map((schema) => ({ ...schema, on: `schema ${quoteIdentifier(schema.name)}` })),
    ...[...catalog.tables, ...catalog.views].map((relation) => ({ ...relation, on: quoteRelation(relation) })),
    ...catalog.functions
      .filter(({ variety }) => variety !== 'aggregate')
      .map((routine) => ({ ...routine, on: `routine ${quoteRelation(routine)}(${routine.arguments})` })),
  ]
}

/** Grants to others than the owner. */
function listGrants(catalog: Catalog): readonly Given[] {
  return listGrantable(catalog).flatMap(({ on, owner, grants }) =>
    grants
      .filter(({ grantee }) => grantee !== owner)
      .map(({ grantee, privilege, grantable }) => ({ on, grantee, privilege, grantable })),
  )
}

/** What PostgreSQL grants to everybody by itself is first taken away. */
function grants(catalog: Catalog, given: readonly Given[]): readonly string[] {
  return [
    ...listGrantable(catalog)
      .filter(({ on }) => /^(schema|routine) /.test(on))
      .map(({ on }) => `revoke all on ${on} from public`),
    ...given.map(
      ({ on, grantee, privilege, grantable }) =>
        `grant ${privilege.toLowerCase()} on ${on} to ${role(grantee)}${grantable ? ' with grant option' : ''}`,
    ),
  ]
}

/** Gives a default privilege, or takes it away. */
export function changeDefaultGrant(
  change: 'grant' | 'revoke',
  schema: Schema,
  { owner, objects, grantee, privilege }: DefaultGrant,
): string {
  const to = `${change === 'grant' ? 'to' : 'from'} ${role(grantee)}`
  return `alter default privileges for role ${quoteIdentifier(owner)} in schema ${quoteIdentifier(schema.name)} ${change} ${privilege.toLowerCase()} on ${objects} ${to}`
}

function role(grantee: string): string {
  return grantee === 'PUBLIC' ? 'public' : quoteIdentifier(grantee)
}

const FIRES = { origin: '', always: 'enable always', replica: 'enable replica', disabled: 'disable' } as const

/** The statements that make one trigger again, firing when it did. */
export function recreateTrigger({ table, name, definition, enabled, comment }: Trigger): readonly string[] {
  const change = FIRES[enabled]
  const [quoted, relation] = [quoteIdentifier(name), quoteRelation(table)]
  return [
    definition,
    ...(change === '' ? [] : [`alter table ${relation} ${change} trigger ${quoted}`]),
    ...(comment === null ? [] : [`comment on trigger ${quoted} on ${relation} is ${quoteLiteral(comment)}`]),
  ]
}

/** The statements that make one rewrite rule again, firing when it did. */
export function recreateRule({ relation, name, definition, enabled, comment }: RewriteRule): readonly string[] {
  const change = FIRES[enabled]
  const [quoted, on] = [quoteIdentifier(name), quoteRelation(relation)]
  return [
    definition.replace(/;\s*$/, ''),
    ...(change === '' ? [] : [`alter table ${on} ${change} rule ${quoted}`]),
    ...(comment === null ? [] : [`comment on rule ${quoted} on ${on} is ${quoteLiteral(comment)}`]),
  ]
}

/** Of all that is not made together with its comment. */
function comments(catalog: Catalog): readonly string[] {
  const on = (object: string, comment: string | null) =>
    comment === null ? [] : [`comment on ${object} is ${quoteLiteral(comment)}`]
  const named = (object: { readonly name: string; readonly table: Table }) =>
    `${quoteIdentifier(object.name)} on ${quoteRelation(object.table)}`
  return [
    ...catalog.schemas.flatMap(({ name, comment }) => on(`schema ${quoteIdentifier(name)}`, comment)),
    ...catalog.types.flatMap((type) =>
      on(`${type.variety === 'domain' ? 'domain' : 'type'} ${quoteRelation(type)}`, type.comment),
    ),
    ...catalog.sequences.flatMap((sequence) => on(`sequence ${quoteRelation(sequence)}`, sequence.comment)),
    ...catalog.functions.flatMap((routine) =>
      on(`routine ${quoteRelation(routine)}(${routine.arguments})`, routine.comment),
    ),
    ...catalog.views.flatMap((view) => on(`${view.variety} ${quoteRelation(view)}`, view.comment)),
    ...catalog
      .indexes()
      .flatMap((index) =>
        on(`index ${quoteRelation({ schema: index.table.schema, name: index.name })}`, index.comment),
      ),
    ...catalog.constraints().flatMap((constraint) => on(`constraint ${named(constraint)}`, constraint.comment)),
    ...catalog.tables.flatMap((table) => [
      ...on(`${table.variety === 'foreign' ? 'foreign table' : 'table'} ${quoteRelation(table)}`, table.comment),
      ...table.columns.flatMap(({ name, comment }) =>
        on(`column ${quoteRelation(table)}.${quoteIdentifier(name)}`, comment),
      ),
    ]),
  ]
}

function rowSecurity(table: Table): readonly string[] {
  const on = `alter table ${quoteRelation(table)}`
  return [
    ...(table.rowSecurity ? [`${on} enable row level security`] : []),
    ...(table.forceRowSecurity ? [`${on} force row level security`] : []),
    ...table.policies.flatMap(recreatePolicy),
  ]
}

/** The statements that make one policy again. */
export function recreatePolicy(policy: Policy): readonly string[] {
  const { name, table, command, permissive, roles, using, withCheck, comment } = policy
  const on = `${quoteIdentifier(name)} on ${quoteRelation(table)}`
  return [
    [
      `create policy ${on} as ${permissive ? 'permissive' : 'restrictive'} for ${command}`,
      roles.length > 0 ? `to ${roles.map(role).join(', ')}` : '',
      using === null ? '' : `using (${using})`,
      withCheck === null ? '' : `with check (${withCheck})`,
    ]
      .filter(Boolean)
      .join(' '),
    ...(comment === null ? [] : [`comment on policy ${on} is ${quoteLiteral(comment)}`]),
  ]
}
