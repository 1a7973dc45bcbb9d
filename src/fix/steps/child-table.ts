import type { Catalog, Column, Table } from '../../evidence/catalog/model.js'
import type { Target } from '../../evidence/target.js'
import { quoteBody, quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteColumns, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { block, STEP } from './base.js'
import { inBatches } from './batches.js'
import { addConstraint } from './constraints.js'

/** A column that holds a list, and how the list becomes rows of a table and these a list again. */
export interface ListColumn {
  readonly column: Column
  /** Words of the parent's name, in the singular, for the names of the child's columns. */
  readonly owner: string
  /** Name of the child table. */
  readonly child: string
  /** The element's column in the child. */
  readonly element: { readonly name: string; readonly type: string }
  /** A set of elements in SQL, one column, in order, for a value of the column. */
  readonly explode: (value: string) => string
  /** The list in SQL again: an aggregate over elements in the order of a number. */
  readonly collect: (element: string, order: string) => string
  /** The empty list in SQL. */
  readonly empty: string
  /** The key that each element is meant to be. */
  readonly references?: Column
  /** A condition in SQL that holds for a value that is no such list. */
  readonly unfit: (value: string) => string
}

/** While one side writes to the other, what that sets off does not write back. */
const COPYING = `pg_catalog.current_setting('pg_billing_audit.copying', true)`
const setCopying = (state: 'on' | 'off') =>
  `perform pg_catalog.set_config('pg_billing_audit.copying', '${state}', true);`

/** From here on a view can read with the rights of whoever asks. */
const SECURITY_INVOKER = 150000

/**
 * Moves a list out of a column into a table with a row for each element: the table is kept in step by a trigger and filled in
 * batches; then both sides follow each other, until the column is taken out of use. A view shows the parent as it was, made from
 * the new table. The parent needs a primary key; no step for a partitioned one.
 */
export function moveToChildTable(
  list: ListColumn,
  { catalog, target }: { readonly catalog: Catalog; readonly target: Target },
): readonly Step[] {
  const { table } = list.column
  const key = table.primaryKey?.columns ?? []
  if (key.length === 0 || table.variety !== 'ordinary' || table.partitionOf || key.includes(list.column)) return []
  if (catalog.tables.some(({ inherits }) => inherits.includes(table))) return []
  const context = describe(list, key, catalog)
  const view = compatibilityView(context, target)
  return [
    createChild(context),
    ...forwardSteps(context),
    ...(view ? [view] : []),
    fill(context),
    ...referenceSteps(context),
    ...bothWays(context),
    retire(context),
  ]
}

interface Context extends ListColumn {
  readonly table: Table
  readonly key: readonly Column[]
  /** The parent's key in the child, quoted. */
  readonly parents: readonly string[]
  readonly parent: string
  /** The column, quoted. */
  readonly name: string
  readonly childTable: string
  readonly childName: string
  readonly number: string
  readonly value: string
  readonly forward: string
  readonly backward: string
  readonly trigger: string
}

function describe(list: ListColumn, key: readonly Column[], catalog: Catalog): Context {
  const { column, owner, child, element } = list
  const { table } = column
  const { schema } = table
  const relations = new Set(
    [...catalog.tables, ...catalog.views].filter((one) => one.schema === schema).map((one) => one.name),
  )
  const functions = new Set(catalog.functions.filter((one) => one.schema === schema).map((one) => one.name))
  let childName = child
  for (let number = 1; relations.has(childName); number++) childName = `${child}${number}`
  const parents = key.map((part) => (part.name.startsWith(`${owner}_`) ? part.name : `${owner}_${part.name}`))
  const free = (name: string) => (parents.includes(name) ? `${name}_of_element` : name)
  const qualified = (suffix: string) =>
    quoteRelation({ schema, name: newName([table.name, column.name], suffix, functions) })
  return {
    ...list,
    table,
    key,
    parents: parents.map(quoteIdentifier),
    parent: quoteRelation(table),
    name: quoteIdentifier(column.name),
    childTable: quoteRelation({ schema, name: childName }),
    childName,
    number: quoteIdentifier('line_no'),
    value: quoteIdentifier(free(element.name)),
    forward: qualified('to_rows'),
    backward: qualified('to_list'),
    trigger: quoteIdentifier(newName([childName], 'dual_write')),
  }
}

/** `p.id = c.invoice_id and …` */
function joined({ key, parents }: Context, parent: string, child: string): string {
  return key.map((part, at) => `${child}.${parents[at]} = ${parent}.${quoteIdentifier(part.name)}`).join(' and ')
}

function createChild(context: Context): Step {
  const { table, key, parents, parent, name, childTable, number, value, element, unfit } = context
  const columns = [
    ...key.map((part, at) => `${parents[at]} ${part.type.sql} not null`),
    `${number} integer not null check (${number} > 0)`,
    `${value} ${element.type} not null`,
    `primary key (${parents.join(', ')}, ${number})`,
    `foreign key (${parents.join(', ')}) references ${parent} (${quoteColumns(key)}) on update cascade on delete cascade`,
  ]
  const create = `create table ${childTable} (${columns.join(', ')})`
  const grants = table.grants
    .filter(({ grantee, privilege }) => grantee !== table.owner && /^(?:SELECT|INSERT|UPDATE|DELETE)$/.test(privilege))
    .map(({ grantee, privilege }) => {
      const to = grantee === 'PUBLIC' ? 'public' : quoteIdentifier(grantee)
      return `grant ${privilege.toLowerCase()} on ${childTable} to ${to}`
    })
  return {
    ...STEP,
    sql: grants.length > 0 ? block([create, ...grants]) : create,
    undo: `drop table ${childTable}`,
    lock: 'SHARE ROW EXCLUSIVE',
    precheck: `select count(*) from ${parent} where ${unfit(name)}`,
  }
}

function insertRows(context: Context, from: string, row: string): string {
  const { key, parents, childTable, number, value, name, explode } = context
  const keys = key.map((part) => `${row}.${quoteIdentifier(part.name)}`).join(', ')
  return `insert into ${childTable} (${parents.join(', ')}, ${number}, ${value}) select ${keys}, e.number, e.element from ${from}${explode(`${row}.${name}`)} with ordinality as e (element, number)`
}

function forwardDefinition(context: Context): string {
  const { key, childTable, forward, name } = context
  const same = ['old', 'new'].map((row) => `(${joined(context, row, 'c')})`).join(' or ')
  const unchanged = [name, ...key.map((part) => quoteIdentifier(part.name))]
    .map((column) => `new.${column}::text is not distinct from old.${column}::text`)
    .join(' and ')
  const body = [
    'begin',
    `  if ${COPYING} = 'on' then return null; end if;`,
    `  if tg_op = 'UPDATE' and ${unchanged} then return null; end if;`,
    `  ${setCopying('on')}`,
    `  if tg_op = 'UPDATE' then delete from ${childTable} as c where ${same}; end if;`,
    `  ${insertRows(context, '', 'new')};`,
    `  ${setCopying('off')}`,
    '  return null;',
    'end',
  ]
  return `create function ${forward}() returns trigger language plpgsql as ${quoteBody(body.join('\n'))}`
}

function forwardTrigger({ trigger, parent, forward }: Context): string {
  return `create trigger ${trigger} after insert or update on ${parent} for each row execute function ${forward}()`
}

function forwardSteps(context: Context): readonly Step[] {
  const { forward, trigger, parent } = context
  return [
    { ...STEP, sql: forwardDefinition(context), undo: `drop function if exists ${forward}()` },
    {
      ...STEP,
      sql: forwardTrigger(context),
      undo: `drop trigger if exists ${trigger} on ${parent}`,
      lock: 'SHARE ROW EXCLUSIVE',
    },
  ]
}

/** Null where it could show rows that row security keeps from whoever asks. */
function compatibilityView(context: Context, target: Target): Step | null {
  const { table, column, parent, childTable } = context
  const invoker = target.oldest >= SECURITY_INVOKER
  if (table.rowSecurity && !invoker) return null
  const columns = table.columns.map((one) =>
    one === column ? `(${collected(context, 'p')}) as ${quoteIdentifier(one.name)}` : `p.${quoteIdentifier(one.name)}`,
  )
  const name = quoteRelation({ schema: table.schema, name: newName([table.name, 'with'], column.name) })
  return {
    ...STEP,
    sql: `create view ${name}${invoker ? ' with (security_invoker = true)' : ''} as select ${columns.join(', ')} from ${parent} as p`,
    undo: `drop view ${name}`,
    note: `It has the columns of ${table}, with the list made from ${childTable}: readers that still want the list read it here.`,
  }
}

/** The list of one parent, made from its rows. */
function collected(context: Context, parent: string): string {
  const { childTable, collect, number, value, empty } = context
  return `select coalesce(${collect(`c.${value}`, `c.${number}`)}, ${empty}) from ${childTable} as c where ${joined(context, parent, 'c')}`
}

/** A condition that holds where the rows are not those of the list. */
function differs(context: Context, parent: string): string {
  const { childTable, number, value, explode, name } = context
  const list = `select coalesce(array_agg(e.element order by e.number), '{}') from ${explode(`${parent}.${name}`)} with ordinality as e (element, number)`
  const rows = `select coalesce(array_agg(c.${value} order by c.${number}), '{}') from ${childTable} as c where ${joined(context, parent, 'c')}`
  return `(${list}) is distinct from (${rows})`
}

function fill(context: Context): Step {
  const { table, key, parent, name, childTable, explode } = context
  const keys = key.map((part) => quoteIdentifier(part.name)).join(', ')
  // The lists are locked before they are read, or one that is written meanwhile would leave rows of its past.
  const open = `exists (select from ${explode(`p.${name}`)}) and not exists (select from ${childTable} as c where ${joined(context, 'p', 'c')})`
  const work = (condition: string) =>
    `with p as materialized (select ${keys}, ${name} from ${parent} as p where ${condition} and ${open} for share) ${insertRows(context, 'p cross join lateral ', 'p')} on conflict do nothing`
  return {
    ...STEP,
    phase: 'backfill',
    sql: inBatches(table, key, work),
    undo: null,
    transactional: false,
    lock: 'ROW SHARE',
    scans: true,
    note: 'Commits after each batch. If it is interrupted, run it again: it passes over the rows that are done.',
  }
}

function referenceSteps({ table, childName, childTable, value, element, references }: Context): readonly Step[] {
  if (!references) return []
  const other = quoteRelation(references.table)
  const key = quoteIdentifier(references.name)
  const index = newName([childName, element.name], 'idx')
  const drop = `drop index concurrently if exists ${quoteRelation({ schema: table.schema, name: index })}`
  const found: Step = {
    ...STEP,
    phase: 'backfill',
    sql: `create index concurrently ${quoteIdentifier(index)} on ${childTable} (${value})`,
    undo: drop,
    transactional: false,
  }
  const keys = addConstraint(
    { schema: table.schema, name: childName },
    newName([childName, element.name], 'fkey'),
    `foreign key (${value}) references ${other} (${key})`,
    {
      lock: 'SHARE ROW EXCLUSIVE',
      precheck: `select count(*) from ${childTable} as c where not exists (select from ${other} as r where r.${key} = c.${value})`,
    },
  ).map((step) => (step.phase === 'expand' ? { ...step, phase: 'backfill' as const } : step))
  return [found, ...keys]
}

function backwardDefinition(context: Context): string {
  const { parents, parent, name, backward, key } = context
  const keys = key.map((part) => `p.${quoteIdentifier(part.name)}`).join(', ')
  const affected = (...tables: readonly string[]) =>
    tables.map((table) => `(${keys}) in (select ${parents.join(', ')} from ${table})`).join(' or ')
  const rebuild = (...tables: readonly string[]) => [
    `    perform from ${parent} as p where ${affected(...tables)} for no key update;`,
    `    update ${parent} as p set ${name} = (${collected(context, 'p')}) where ${affected(...tables)};`,
  ]
  const body = [
    'begin',
    `  if ${COPYING} = 'on' then return null; end if;`,
    `  ${setCopying('on')}`,
    `  if tg_op = 'UPDATE' then`,
    ...rebuild('was', 'became'),
    `  elsif tg_op = 'DELETE' then`,
    ...rebuild('was'),
    '  else',
    ...rebuild('became'),
    '  end if;',
    `  ${setCopying('off')}`,
    '  return null;',
    'end',
  ]
  return `create function ${backward}() returns trigger language plpgsql as ${quoteBody(body.join('\n'))}`
}

function backwardTriggers({
  childName,
  childTable,
  backward,
}: Context): readonly { readonly name: string; readonly sql: string }[] {
  const events = [
    ['insert', 'new table as became'],
    ['delete', 'old table as was'],
    ['update', 'old table as was new table as became'],
  ] as const
  return events.map(([event, tables]) => {
    const name = quoteIdentifier(newName([childName, event], 'dual_write'))
    return {
      name,
      sql: `create trigger ${name} after ${event} on ${childTable} referencing ${tables} for each statement execute function ${backward}()`,
    }
  })
}

function bothWays(context: Context): readonly Step[] {
  const { column, parent, name, childTable, backward, empty } = context
  const alter = `alter table ${parent} alter column ${name}`
  return [
    {
      ...STEP,
      phase: 'switch',
      sql: backwardDefinition(context),
      undo: `drop function if exists ${backward}()`,
      precheck: `select count(*) from ${parent} as p where ${differs(context, 'p')}`,
    },
    ...backwardTriggers(context).map(({ name: trigger, sql }): Step => ({
      ...STEP,
      phase: 'switch',
      sql,
      undo: `drop trigger if exists ${trigger} on ${childTable}`,
    })),
    // Writers that no longer send the column must still get through.
    ...(column.notNull && column.default === null
      ? [
          {
            ...STEP,
            phase: 'switch',
            sql: `${alter} set default ${empty}`,
            undo: `${alter} drop default`,
            lock: 'ACCESS EXCLUSIVE',
          } as const,
        ]
      : []),
  ]
}

/** Takes the column out of use; it is kept, under another name, for whoever wants to look back. */
function retire(context: Context): Step {
  const { table, column, key, parent, name, childTable, trigger, forward, backward } = context
  const taken = new Set(table.columns.map((other) => other.name))
  const keptName = /[A-Z]/.test(column.name) ? `${column.name}Legacy` : newName([column.name], 'legacy', taken)
  const kept = quoteIdentifier(keptName)
  const triggers = backwardTriggers(context)
  const again = (definition: string) => definition.replace(/^create /, 'create or replace ')
  const rebuild = (condition: string) =>
    `update ${parent} as p set ${name} = (${collected(context, 'p')}) where ${condition} and ${differs(context, 'p')}`
  const renameBack = `if exists (select from pg_catalog.pg_attribute where attrelid = ${quoteLiteral(parent)}::pg_catalog.regclass and attname = ${quoteLiteral(keptName)}) then alter table ${parent} rename column ${kept} to ${name}; end if`
  return {
    ...STEP,
    phase: 'contract',
    sql: block([
      `lock table ${parent} in access exclusive mode`,
      `drop trigger if exists ${trigger} on ${parent}`,
      ...triggers.map((one) => `drop trigger if exists ${one.name} on ${childTable}`),
      `drop function if exists ${forward}()`,
      `drop function if exists ${backward}()`,
      `alter table ${parent} rename column ${name} to ${kept}`,
    ]),
    undo: inBatches(table, key, rebuild, [
      renameBack,
      again(forwardDefinition(context)),
      again(backwardDefinition(context)),
      `drop trigger if exists ${trigger} on ${parent}`,
      forwardTrigger(context),
      ...triggers.flatMap((one) => [`drop trigger if exists ${one.name} on ${childTable}`, one.sql]),
    ]),
    transactional: false,
    lock: 'ACCESS EXCLUSIVE',
    alters: [column.address],
    note: `Run it in a later release, when nothing reads or writes ${column.name} any more; ${keptName} may be dropped in the one after.`,
  }
}
