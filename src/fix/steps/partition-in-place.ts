import { recreatePolicy } from '../recreate.js'
import { heirsOf } from '../../evidence/catalog/inheritance.js'
import type { Catalog, Column, Index, Sequence, Table } from '../../evidence/catalog/model.js'
import type { Target } from '../../evidence/target.js'
import { quoteBody, quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteColumns, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { block, constraintNamesOf, relationNamesIn, STEP } from './base.js'
import { hasPlainIdentities, NUMBERING, numberByIdentity, numberBySequence, sequenceOf } from './identities.js'
import { createIndex } from './indexes.js'
import { addMonthPartitions, boundOf, hasMonths, inFormat, MONTHS_AHEAD } from './month-partitions.js'

/** The first instant that the table's rows must lie before once it is a partition: a month and more is left to exchange it. */
const BOUND = `(date_trunc('month', now() at time zone 'UTC') + interval '2 months')`

/**
 * Partitions a table by month of a column without copying it: beside it stands a partitioned table of the same shape, of which it
 * becomes the first partition by the exchange of names, under a lock that is held for no longer than the catalog takes. Empty where
 * something hangs on the table that would not follow.
 */
export function partitionInPlace(
  table: Table,
  time: Column,
  { catalog, target }: { readonly catalog: Catalog; readonly target: Target },
): readonly Step[] {
  const { primaryKey } = table
  if (!primaryKey || !canFollow(table, time, catalog, target)) return []
  const names = namesOf(table, catalog)
  const { parent, first, check } = names
  const key = primaryKey.columns.includes(time) ? primaryKey.columns : [...primaryKey.columns, time]
  const [current, successor] = [quoteRelation(table), quoteRelation(parent)]
  const functionName = `${quoteRelation({ schema: table.schema, name: names.routine })}`
  const isLonger = key.length > primaryKey.columns.length
  const keyIndex = isLonger
    ? newName([table.name, ...key.map(({ name }) => name)], 'key', relationNamesIn(table))
    : null
  const helper = `alter table ${current} add constraint ${quoteIdentifier(check)} check (${quoteIdentifier(time.name)} < %L) not valid`
  return [
    {
      ...STEP,
      sql: `create table ${successor} (\n  like ${current} including defaults including generated including storage including comments including constraints,\n  constraint ${quoteIdentifier(names.key)} primary key (${quoteColumns(key)})\n) partition by range (${quoteIdentifier(time.name)})`,
      undo: `drop table ${successor}`,
      lock: 'ACCESS SHARE',
    },
    ...equip(table, parent).map((sql) => ({ ...STEP, sql, undo: null, lock: 'SHARE ROW EXCLUSIVE' as const })),
    {
      ...STEP,
      sql: `create function ${functionName}(ahead integer) returns integer language plpgsql set search_path = pg_catalog, pg_temp as ${quoteBody(addMonthPartitions(table, time.type.name, true))}`,
      undo: `drop function ${functionName}(integer)`,
    },
    ...(isLonger
      ? createIndex(table, { unique: true, cleanUp: 'fresh', keys: key.map((column) => ({ column })) })
      : []),
    {
      ...STEP,
      sql: block([`execute format(${quoteLiteral(helper)}, ${boundOf(BOUND, time.type.name)})`]),
      undo: `alter table ${current} drop constraint if exists ${quoteIdentifier(check)}`,
      lock: 'ACCESS EXCLUSIVE',
      precheck: `select count(*) from ${current} where ${quoteIdentifier(time.name)} >= (${boundOf(BOUND, time.type.name)})::${time.type.sql}`,
      note: `From here on rows of the month after next are refused until the tables are exchanged: do both within this month.`,
    },
    {
      ...STEP,
      phase: 'validate',
      sql: `alter table ${current} validate constraint ${quoteIdentifier(check)}`,
      undo: null,
      lock: 'SHARE UPDATE EXCLUSIVE',
      scans: true,
    },
    exchange(table, names, keyIndex, functionName, serialsOf(table, catalog)),
    {
      ...STEP,
      phase: 'contract',
      sql: `alter table ${quoteRelation(first)} drop constraint ${quoteIdentifier(check)}`,
      undo: null,
      lock: 'ACCESS EXCLUSIVE',
    },
  ]
}

/** From here on a partitioned table can have triggers before rows. */
const BEFORE_ROWS = 130000

interface Names {
  /** The partitioned table until it takes the name. */
  readonly parent: Pick<Table, 'schema' | 'name'>
  /** The table that was, as a partition. */
  readonly first: Pick<Table, 'schema' | 'name'>
  /** The constraint that says before when all its rows lie. */
  readonly check: string
  /** The partitioned table's primary key. */
  readonly key: string
  readonly routine: string
}

function namesOf(table: Table, catalog: Catalog): Names {
  const { schema, name } = table
  const taken = new Set(
    [...catalog.tables, ...catalog.views, ...catalog.sequences, ...catalog.indexes()].map((each) => each.name),
  )
  const routines = new Set(catalog.functions.filter((each) => each.schema === schema).map((each) => each.name))
  return {
    parent: { schema, name: newName([name], 'partitioned', taken) },
    first: { schema, name: newName([name], 'first', taken) },
    check: newName([name], 'first_check', constraintNamesOf(table)),
    key: newName([name], 'by_time_pkey', new Set([...taken, ...constraintNamesOf(table)])),
    routine: newName([name], 'add_partitions', routines),
  }
}

/** All that hangs on the table is known, and can hang on a partitioned one. */
function canFollow(table: Table, time: Column, catalog: Catalog, target: Target): boolean {
  const { primaryKey } = table
  const constraints = [...table.checks, ...table.foreignKeys, ...(primaryKey ? [primaryKey] : [])]
  return (
    table.variety === 'ordinary' &&
    table.persistence === 'permanent' &&
    hasMonths(time.type.name) &&
    time.notNull &&
    !time.type.domain &&
    table.partitionOf === null &&
    table.distribution === null &&
    table.inherits.length === 0 &&
    heirsOf(table, catalog).length === 0 &&
    table.referencedBy.length === 0 &&
    table.uniques.length + table.exclusions.length + table.rewriteRules.length + table.publications.length === 0 &&
    table.replicaIdentity === 'default' &&
    Object.keys(table.options).length === 0 &&
    constraints.every(
      ({ validated, enforced, inherited, deferrable }) => validated && enforced && !inherited && !deferrable,
    ) &&
    table.foreignKeys.every(({ triggersDisabled }) => !triggersDisabled) &&
    table.indexes.every((index) => index.constraint === primaryKey || isPlain(index)) &&
    table.triggers.every(
      ({ isConstraint, enabled, forEach, timing, definition }) =>
        !isConstraint &&
        enabled === 'origin' &&
        (forEach === 'statement' ||
          (!/ REFERENCING /.test(definition) && (timing === 'after' || target.oldest >= BEFORE_ROWS))),
    ) &&
    hasPlainIdentities(table, catalog.sequences) &&
    !catalog.views.some(({ dependsOn }) => dependsOn.includes(table)) &&
    !catalog.functions.some(({ returns, arguments: taken }) => isTypeIn(table, `${returns ?? ''} ${taken}`))
  )
}

function isPlain({ unique, valid, clustered, isReplicaIdentity, options }: Index): boolean {
  return !unique && valid && !clustered && !isReplicaIdentity && Object.keys(options).length === 0
}

/** A function takes or gives rows of the table. */
function isTypeIn({ name }: Table, signature: string): boolean {
  return signature.split(/[^\p{L}\d_$]+/u).includes(name)
}

/** Statements that give the partitioned table the indexes, foreign keys, policies, privileges and words of the other. */
function equip(table: Table, parent: Names['parent']): readonly string[] {
  const successor = quoteRelation(parent)
  const names = relationNamesIn(table)
  return [
    ...table.indexes
      .filter(({ constraint }) => constraint === null)
      .map(({ name, definition }) => {
        const index = quoteIdentifier(newName([name], 'by_time', names))
        return `create index ${index} on ${successor} ${definition.slice(definition.indexOf(' USING ') + 1)}`
      }),
    ...table.foreignKeys.map(
      ({ name, definition }) => `alter table ${successor} add constraint ${quoteIdentifier(name)} ${definition}`,
    ),
    ...table.policies.flatMap((policy) => recreatePolicy({ ...policy, table: { ...table, ...parent }, comment: null })),
    ...(table.rowSecurity ? [`alter table ${successor} enable row level security`] : []),
    ...(table.forceRowSecurity ? [`alter table ${successor} force row level security`] : []),
    ...(table.comment === null ? [] : [`comment on table ${successor} is ${quoteLiteral(table.comment)}`]),
    grantAlike(table, successor),
  ]
}

/** Owner and privileges, on columns too, as the server itself knows them. */
function grantAlike(table: Table, successor: string): string {
  const oid = `${quoteLiteral(quoteRelation(table))}::pg_catalog.regclass`
  const grant = (columns: string) =>
    `pg_catalog.format('grant %s${columns === '' ? '' : ' (%I)'} on ${inFormat(successor)} to %s%s', g.privilege_type, ${columns}case g.grantee when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) end, case when g.is_grantable then ' with grant option' else '' end)`
  return block(
    [
      `for statement in ${[
        `select ${grant('')} from pg_catalog.pg_class cross join lateral pg_catalog.aclexplode(relacl) as g where oid = ${oid} and g.grantee <> relowner`,
        `select ${grant('attname, ')} from pg_catalog.pg_attribute cross join lateral pg_catalog.aclexplode(attacl) as g where attrelid = ${oid}`,
        `select pg_catalog.format('alter table ${inFormat(successor)} owner to %I', pg_catalog.pg_get_userbyid(relowner)) from pg_catalog.pg_class where oid = ${oid} and pg_catalog.pg_get_userbyid(relowner) <> current_user`,
      ].join(' union all ')} loop execute statement; end loop`,
    ],
    ['statement text'],
  )
}

/** The two tables exchange names, and the old one becomes a partition; taken back, rows that came since go into the old one. */
function exchange(
  table: Table,
  { parent, first, check, key }: Names,
  keyIndex: string | null,
  routine: string,
  serials: readonly Sequence[],
): Step {
  const [current, successor, old] = [table, parent, first].map(quoteRelation) as [string, string, string]
  const pkey = quoteIdentifier(table.primaryKey?.name ?? key)
  const identities = table.columns.filter(({ identity }) => identity)
  const stored = quoteColumns(table.columns.filter(({ generated }) => generated === null))
  const rename = (from: string, to: string) => `alter table ${from} rename to ${quoteIdentifier(to)}`
  const own = (to: string) =>
    serials.map(
      (sequence) =>
        `alter sequence ${quoteRelation(sequence)} owned by ${to}.${quoteIdentifier(sequence.ownedBy?.name ?? '')}`,
    )
  return {
    ...STEP,
    phase: 'switch',
    sql: block(
      [
        `lock table ${current} in access exclusive mode`,
        ...table.triggers.map(({ name }) => `drop trigger ${quoteIdentifier(name)} on ${current}`),
        ...identities.flatMap((column) => [
          ...numberBySequence(column),
          `alter table ${successor} alter column ${quoteIdentifier(column.name)} set default nextval(${quoteLiteral(sequenceOf(column))}::regclass)`,
          `alter sequence ${sequenceOf(column)} owned by ${successor}.${quoteIdentifier(column.name)}`,
        ]),
        ...own(successor),
        ...(keyIndex === null
          ? []
          : [
              `alter table ${current} drop constraint ${pkey}`,
              `alter table ${current} add constraint ${pkey} primary key using index ${quoteIdentifier(keyIndex)}`,
            ]),
        `bound := (select pg_catalog.substring(pg_catalog.pg_get_constraintdef(oid), '''([^'']+)''::') from pg_catalog.pg_constraint where conrelid = ${quoteLiteral(current)}::pg_catalog.regclass and conname = ${quoteLiteral(check)})`,
        rename(current, first.name),
        rename(successor, table.name),
        `execute pg_catalog.format('alter table ${inFormat(current)} attach partition ${inFormat(old)} for values from (minvalue) to (%L)', bound)`,
        ...table.triggers.map(({ definition }) => definition),
        `perform ${routine}(${MONTHS_AHEAD})`,
      ],
      ['bound text', ...NUMBERING],
    ),
    undo: block(
      [
        `lock table ${current} in access exclusive mode`,
        ...table.triggers.map(({ name }) => `drop trigger ${quoteIdentifier(name)} on ${current}`),
        `alter table ${current} detach partition ${old}`,
        rename(current, parent.name),
        rename(old, table.name),
        `insert into ${current} (${stored})${identities.length > 0 ? ' overriding system value' : ''} select ${stored} from ${successor}`,
        ...(keyIndex === null
          ? []
          : [
              `alter table ${current} drop constraint ${pkey}`,
              `alter table ${current} add constraint ${pkey} primary key (${quoteColumns(table.primaryKey?.columns ?? [])})`,
            ]),
        ...own(current),
        ...identities.flatMap((column) => [
          `alter sequence ${sequenceOf(column)} owned by ${current}.${quoteIdentifier(column.name)}`,
          `alter table ${successor} alter column ${quoteIdentifier(column.name)} drop default`,
          ...numberByIdentity(column),
        ]),
        ...table.triggers.map(({ definition }) => definition),
      ],
      NUMBERING,
    ),
    lock: 'ACCESS EXCLUSIVE',
    note: `Call ${routine}(${MONTHS_AHEAD}) every month, by pg_cron or the application's scheduler: a row without a partition is refused.`,
  }
}

/** Sequences that go with the table, but for those of identities. */
function serialsOf(table: Table, { sequences }: Catalog): readonly Sequence[] {
  return sequences.filter(({ ownedBy, identity }) => ownedBy?.table === table && !identity)
}
