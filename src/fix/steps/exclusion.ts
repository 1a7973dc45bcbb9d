import type { Catalog, Column, Table } from '../../evidence/catalog/model.js'
import type { Target } from '../../evidence/target.js'
import { quoteBody, quoteIdentifier } from '../../quote.js'
import type { Listing } from '../listing.js'
import { newName, quoteColumns, quoteRelation } from '../quote.js'
import type { Repair, Step } from '../step.js'
import { block, constraintNamesOf, relationNamesIn, STEP } from './base.js'
import { inBatches } from './batches.js'

/** Rows of one owner whose ranges must not overlap. SQL is over the table's columns. */
export interface Apart {
  readonly table: Table
  /** What makes two rows the same owner's, and how it is compared. */
  readonly owner: readonly { readonly column: Column; readonly sql: string }[]
  readonly range: {
    readonly type: 'daterange' | 'tsrange' | 'tstzrange'
    readonly sql: string
    /** The column that holds the range, where one does. */
    readonly column?: Column | null
  }
  /** Rows that this does not hold for may overlap; null for none. */
  readonly where: string | null
  /** Every column that is read. */
  readonly columns: readonly Column[]
  /** A SELECT that counts the rows in the way, and one of their keys. */
  readonly precheck: string
  readonly listing: Listing | null
  /** What ends the rows in the way; null where nobody can say. */
  readonly repair: Repair | null
}

/** Up to this size, indexes included, an exclusion constraint is built within about two seconds: a million rows take forty. */
const SMALL = 16 * 2 ** 20

/**
 * Keeps ranges from overlapping. An exclusion constraint is built under the strongest lock and can neither be added NOT VALID nor
 * adopt an index; where the table is known to be big, a narrow table beside it carries the constraint, kept by a trigger and filled in
 * batches.
 */
export function keepApart(
  apart: Apart,
  { catalog, target }: { readonly catalog: Catalog; readonly target: Target },
): readonly Step[] {
  const { table, owner } = apart
  const size = target.sizeOf(table)
  const key = table.primaryKey?.columns ?? []
  const isBig = size !== null && size > SMALL && key.length > 0 && table.variety === 'ordinary' && !table.partitionOf
  const gist = owner.length === 0 ? [] : provideGist(catalog)
  return [...gist, ...(isBig ? guard(apart, key, catalog) : [exclude(apart, size, target)])]
}

/** Two columns between which a row counts. */
export interface Period {
  readonly start: Column
  readonly end: Column
}

/**
 * Ends each row of one owner where the next begins; one that ends before it begins, or begins where the next does, is left empty. Null
 * where the end is computed, or where a CHECK may forbid an empty one.
 */
export function endAtNext(
  { start, end }: Period,
  owner: readonly { readonly column: Column; readonly sql: string }[],
  where: string | null,
): Repair | null {
  const { table } = end
  const isChecked = table.checks.some(({ columns }) =>
    [start, end].every((one) => columns.some(({ name }) => name === one.name)),
  )
  if (end.generated || isChecked) return null
  const relation = quoteRelation(table)
  const [from, until] = [start, end].map(({ name }) => quoteIdentifier(name))
  const begins = `coalesce(${from}, '-infinity')`
  const order = table.primaryKey ? quoteColumns(table.primaryKey.columns) : 'tableoid, ctid'
  const same = owner.length > 0 ? `partition by ${owner.map(({ sql }) => sql).join(', ')} ` : ''
  const next = `min(case when coalesce(${until}, 'infinity') > ${begins} then ${begins} end) over (${same}order by ${begins}, ${order} rows between 1 following and unbounded following)`
  const periods = `(select tableoid as part, ctid as place, ${begins} as begins, ${until} as ends, ${next} as next_begins from ${relation}${where === null ? '' : ` where ${where}`}) as x`
  return {
    steps: [
      {
        ...STEP,
        sql: `update ${relation} as r set ${until} = greatest(x.begins, least(x.ends, x.next_begins)) from ${periods} where r.tableoid = x.part and r.ctid = x.place and (x.ends < x.begins or coalesce(x.ends, 'infinity') > x.next_begins)`,
        undo: null,
        lock: 'ROW EXCLUSIVE',
        scans: true,
      },
    ],
    does: `each of them end where the next begins, and be left empty (${end.name} = ${start.name}) where it ends before it begins`,
    before: true,
  }
}

/** `btree_gist` lets a GiST index compare plain values for equality; it goes where other extensions are, and not among the tables. */
function provideGist({ extensions, schemas }: Catalog): readonly Step[] {
  if (extensions.some(({ name }) => name === 'btree_gist')) return []
  const names = schemas.map(({ name }) => name)
  const home = extensions.find(({ schema }) => names.includes(schema) && schema !== 'public')?.schema
  const schema = quoteIdentifier(home ?? 'extensions')
  const provided = home !== undefined || names.includes('extensions')
  return [
    ...(provided
      ? []
      : [{ ...STEP, sql: `create schema if not exists ${schema}`, undo: `drop schema ${schema}` } as const]),
    {
      ...STEP,
      sql: `create extension if not exists btree_gist with schema ${schema}`,
      undo: 'drop extension btree_gist',
    },
  ]
}

/** First version with UNIQUE … WITHOUT OVERLAPS. */
const WITHOUT_OVERLAPS = 180000

/** PostgreSQL 18's form, where it can say the same: a column holds the range, plain columns are the owner, and all rows count. */
function isTemporalKey({ owner, range, where }: Apart, target: Target): boolean {
  return (
    target.oldest >= WITHOUT_OVERLAPS &&
    Boolean(range.column) &&
    where === null &&
    owner.length > 0 &&
    owner.every(({ column, sql }) => sql === quoteIdentifier(column.name))
  )
}

function exclude(apart: Apart, size: number | null, target: Target): Step {
  const { table, owner, range, where, precheck, listing, repair } = apart
  const relation = quoteRelation(table)
  const name = quoteIdentifier(
    newName([table.name], 'no_overlap', new Set([...relationNamesIn(table), ...constraintNamesOf(table)])),
  )
  const keys = [...owner.map(({ sql }) => `${sql} with =`), `${range.sql} with &&`]
  const constraint = isTemporalKey(apart, target)
    ? `unique (${[...owner.map(({ sql }) => sql), `${range.sql} without overlaps`].join(', ')})`
    : `exclude using gist (${keys.join(', ')})${where === null ? '' : ` where (${where})`}`
  return {
    ...STEP,
    sql: `alter table ${relation} add constraint ${name} ${constraint}`,
    undo: `alter table ${relation} drop constraint ${name}`,
    lock: 'ACCESS EXCLUSIVE',
    scans: true,
    precheck,
    ...(listing ? { listing } : {}),
    ...(repair ? { repair } : {}),
    note:
      size === null
        ? `Nobody can read or write ${table} while it is built, some 20 s for 500,000 rows; where the size is known and big, a table beside it carries the constraint instead.`
        : `${table} is small (${Math.ceil(size / 2 ** 20)} MiB), so that it is built within about two seconds.`,
  }
}

function guard(apart: Apart, key: readonly Column[], catalog: Catalog): readonly Step[] {
  const { table, owner, range, where, columns, precheck, listing, repair } = apart
  const { schema } = table
  const relations = new Set(
    [...catalog.tables, ...catalog.views].flatMap((one) => (one.schema === schema ? [one.name] : [])),
  )
  const keyNames = new Set(key.map((part) => part.name))
  const functions = new Set(catalog.functions.flatMap((one) => (one.schema === schema ? [one.name] : [])))
  const name = newName([table.name], 'periods', relations)
  const [relation, beside] = [quoteRelation(table), quoteRelation({ schema, name })]
  const routine = quoteRelation({ schema, name: newName([name], 'keep', functions) })
  const trigger = quoteIdentifier(newName([name], 'keep', new Set(table.triggers.map((one) => one.name))))
  // Their own names would promise foreign keys, which the table itself has.
  const named = owner.map((one, at) => ({
    ...one,
    name: quoteIdentifier(
      key.includes(one.column) ? one.column.name : newName(['owner'], `of_period${at || ''}`, keyNames),
    ),
  }))
  const others = named.filter(({ column }) => !key.includes(column))
  const period = quoteIdentifier(newName(['period'], 'of', new Set(table.columns.map((one) => one.name))))
  const into = [quoteColumns(key), ...others.map((one) => one.name), period].join(', ')
  const values = [quoteColumns(key), ...others.map(({ sql }) => sql), range.sql].join(', ')
  const counts = `${where === null ? '' : `(${where}) and `}not isempty(${range.sql})`
  const same = (row: string, own: string) =>
    key.map(({ name: part }) => `${own}${quoteIdentifier(part)} = ${row}.${quoteIdentifier(part)}`).join(' and ')
  const missing = `not exists (select from ${beside} as g where ${same('t', 'g.')})`
  const work = (condition: string) =>
    `with t as materialized (select * from ${relation} as t where ${condition} and ${counts} and ${missing} for share) insert into ${beside} (${into}) select ${values} from t on conflict do nothing`
  const body = [
    'begin',
    `  if tg_op = 'UPDATE' then delete from ${beside} where (${same('old', '')}) or (${same('new', '')}); end if;`,
    `  insert into ${beside} (${into}) select ${values} from ${relation} where ${same('new', '')} and ${counts};`,
    '  return null;',
    'end',
  ]
  const changed = [...new Set([...key, ...columns])]
  return [
    {
      ...STEP,
      sql: `create table ${beside} (${[
        ...key.map((part) => `${quoteIdentifier(part.name)} ${part.type.sql} not null`),
        ...others.map(({ name: one, column }) => `${one} ${column.type.sql}${column.notNull ? ' not null' : ''}`),
        `${period} ${range.type} not null check (not isempty(${period}))`,
        `primary key (${quoteColumns(key)})`,
        `foreign key (${quoteColumns(key)}) references ${relation} (${quoteColumns(key)}) on update cascade on delete cascade`,
        `exclude using gist (${[...named.map((one) => `${one.name} with =`), `${period} with &&`].join(', ')})`,
      ].join(', ')})`,
      undo: `drop table ${beside}`,
      lock: 'SHARE ROW EXCLUSIVE',
      precheck,
      ...(listing ? { listing } : {}),
      ...(repair ? { repair } : {}),
      note: `${table} is too big for the constraint itself: no row can be written for as long as that takes to build. This narrow table carries it.`,
    },
    {
      ...STEP,
      // Whoever writes the table need not be let into the one beside it.
      sql: block([
        `create function ${routine}() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as ${quoteBody(body.join('\n'), 'keep')}`,
        `revoke execute on function ${routine}() from public`,
      ]),
      undo: `drop function ${routine}()`,
    },
    {
      ...STEP,
      sql: `create trigger ${trigger} after insert or update of ${quoteColumns(changed)} on ${relation} for each row execute function ${routine}()`,
      undo: `drop trigger ${trigger} on ${relation}`,
      lock: 'SHARE ROW EXCLUSIVE',
    },
    {
      ...STEP,
      phase: 'backfill',
      sql: inBatches(table, key, work),
      undo: null,
      transactional: false,
      lock: 'ROW SHARE',
      scans: true,
      note: 'Commits after each batch. If it is interrupted, run it again: it passes over the rows that are done.',
    },
    {
      ...STEP,
      phase: 'validate',
      sql: `analyze ${beside}`,
      undo: null,
      precheck: `select count(*) from ${relation} as t where ${counts} and ${missing}`,
    },
  ]
}
