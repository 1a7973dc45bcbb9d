import { SECURITY_INVOKER } from './views.js'
import type { Catalog } from '../../evidence/catalog/model.js'
import { heirsOf } from '../../evidence/catalog/inheritance.js'
import type { Target } from '../../evidence/target.js'
import { quoteBody, quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { block, STEP } from './base.js'
import { inBatches } from './batches.js'
import {
  type Child,
  collected,
  differs,
  insertRows,
  joined,
  type ListColumn,
  nameChild,
  tablesOf,
} from './child-rows.js'
import { createTables, referenceSteps } from './child-definition.js'
import { defineTakingApart } from './element-columns.js'
import { BOUND_WAIT } from './timeouts.js'

export type { ListColumn } from './child-rows.js'
export type { ElementCheck, ElementColumn } from './element-columns.js'

/** While one side writes to the other, what that sets off does not write back. */
const COPYING = `pg_catalog.current_setting('pg_billing_audit.copying', true)`
const setCopying = (state: 'on' | 'off') =>
  `perform pg_catalog.set_config('pg_billing_audit.copying', '${state}', true);`

/**
 * Moves a list out of a column into a table with a row for each element: the table is kept in step by a trigger and filled in
 * batches; then both sides follow each other, until the column is taken out of use. Keys that become columns are checked element by
 * element, and those that do not fit stand in a table of rejects. A view shows the parent as it was, made from the new table. The
 * parent needs a primary key; no step for a partitioned one.
 */
export function moveToChildTable(
  list: ListColumn,
  { catalog, target }: { readonly catalog: Catalog; readonly target: Target },
): readonly Step[] {
  const { table } = list.column
  const key = table.primaryKey?.columns ?? []
  if (key.length === 0 || table.variety !== 'ordinary' || table.partitionOf || key.includes(list.column)) return []
  if (heirsOf(table, catalog).length > 0) return []
  const child = nameChild(list, key, catalog)
  const view = compatibilityView(child, target)
  return [
    ...createTables(child),
    ...forwardSteps(child),
    ...view,
    fill(child),
    ...referenceSteps(child),
    ...bothWays(child),
    retire(child),
  ]
}

function forwardDefinition(child: Child): string {
  const { key, forward, name } = child
  const same = ['old', 'new'].map((row) => `(${joined(child, row, 'c')})`).join(' or ')
  const unchanged = [name, ...key.map((part) => quoteIdentifier(part.name))]
    .map((column) => `new.${column}::text is not distinct from old.${column}::text`)
    .join(' and ')
  const body = [
    'begin',
    `  if ${COPYING} = 'on' then return null; end if;`,
    `  if tg_op = 'UPDATE' and ${unchanged} then return null; end if;`,
    `  ${setCopying('on')}`,
    ...tablesOf(child).map(
      ({ table }) => `  if tg_op = 'UPDATE' then delete from ${table} as c where ${same}; end if;`,
    ),
    `  ${insertRows(child, '', 'new')};`,
    `  ${setCopying('off')}`,
    '  return null;',
    'end',
  ]
  return `create function ${forward}() returns trigger language plpgsql as ${quoteBody(body.join('\n'))}`
}

function forwardTrigger({ trigger, parent, forward }: Child): string {
  return `create trigger ${trigger} after insert or update on ${parent} for each row execute function ${forward}()`
}

/** What takes elements apart; null where they stay whole. */
function takingApart({ sorting, typed, checks = [] }: Child): { readonly sql: string; readonly drop: string } | null {
  return (
    sorting && {
      sql: defineTakingApart(sorting.takeApart, typed, checks),
      drop: `drop function if exists ${sorting.takeApart}(jsonb)`,
    }
  )
}

function forwardSteps(child: Child): readonly Step[] {
  const { forward, trigger, parent } = child
  const apart = takingApart(child)
  return [
    ...(apart ? [{ ...STEP, sql: apart.sql, undo: apart.drop }] : []),
    { ...STEP, sql: forwardDefinition(child), undo: `drop function if exists ${forward}()` },
    {
      ...STEP,
      sql: forwardTrigger(child),
      undo: `drop trigger if exists ${trigger} on ${parent}`,
      lock: 'SHARE ROW EXCLUSIVE',
    },
  ]
}

/** None where it could show rows that row security keeps from whoever asks. */
function compatibilityView(child: Child, target: Target): readonly Step[] {
  const { table, column, parent, childTable } = child
  const invoker = target.oldest >= SECURITY_INVOKER
  if (table.rowSecurity && !invoker) return []
  const columns = table.columns.map((one) =>
    one === column ? `(${collected(child, 'p')}) as ${quoteIdentifier(one.name)}` : `p.${quoteIdentifier(one.name)}`,
  )
  const name = quoteRelation({ schema: table.schema, name: newName([table.name, 'with'], column.name) })
  const readers = table.grants
    .filter(({ grantee, privilege }) => grantee !== table.owner && privilege === 'SELECT')
    .map(({ grantee }) => (grantee === 'PUBLIC' ? 'public' : quoteIdentifier(grantee)))
  return [
    {
      ...STEP,
      sql: `create view ${name}${invoker ? ' with (security_invoker = true)' : ''} as select ${columns.join(', ')} from ${parent} as p`,
      undo: `drop view ${name}`,
      note: `It has the columns of ${table}, with the list made from ${childTable}: readers that still want the list read it here.`,
    },
    ...(readers.length > 0 ? [{ ...STEP, sql: `grant select on ${name} to ${readers.join(', ')}`, undo: null }] : []),
  ]
}

function fill(child: Child): Step {
  const { table, key, parent, name, explode } = child
  const keys = key.map((part) => quoteIdentifier(part.name)).join(', ')
  const filled = tablesOf(child).map(
    ({ table: one }) => `exists (select from ${one} as c where ${joined(child, 'p', 'c')})`,
  )
  // The lists are locked before they are read, or one that is written meanwhile would leave rows of its past.
  const open = `exists (select from ${explode(`p.${name}`)}) and ${filled.map((one) => `not ${one}`).join(' and ')}`
  const work = (condition: string) =>
    insertRows(child, 'p cross join lateral ', 'p', {
      first: `p as materialized (select ${keys}, ${name} from ${parent} as p where ${condition} and ${open} for share)`,
      ending: ' on conflict do nothing',
    })
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

function backwardDefinition(child: Child): string {
  const { parents, parent, name, backward, key } = child
  const keys = key.map((part) => `p.${quoteIdentifier(part.name)}`).join(', ')
  const affected = (...tables: readonly string[]) =>
    tables.map((table) => `(${keys}) in (select ${parents.join(', ')} from ${table})`).join(' or ')
  const rebuild = (...tables: readonly string[]) => [
    `    perform from ${parent} as p where ${affected(...tables)} for no key update;`,
    `    update ${parent} as p set ${name} = (${collected(child, 'p')}) where ${affected(...tables)};`,
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

interface BackwardTrigger {
  readonly name: string
  readonly table: string
  readonly sql: string
}

function backwardTriggers(child: Child): readonly BackwardTrigger[] {
  const events = [
    ['insert', 'new table as became'],
    ['delete', 'old table as was'],
    ['update', 'old table as was new table as became'],
  ] as const
  return tablesOf(child).flatMap(({ table, name: relation }) =>
    events.map(([event, tables]) => {
      const name = quoteIdentifier(newName([relation, event], 'dual_write'))
      return {
        name,
        table,
        sql: `create trigger ${name} after ${event} on ${table} referencing ${tables} for each statement execute function ${child.backward}()`,
      }
    }),
  )
}

function bothWays(child: Child): readonly Step[] {
  const { column, parent, name, backward, empty } = child
  const alter = `alter table ${parent} alter column ${name}`
  return [
    {
      ...STEP,
      phase: 'switch',
      sql: backwardDefinition(child),
      undo: `drop function if exists ${backward}()`,
      precheck: `select count(*) from ${parent} as p where ${differs(child, 'p')}`,
    },
    ...backwardTriggers(child).map(({ name: trigger, table, sql }): Step => ({
      ...STEP,
      phase: 'switch',
      sql,
      undo: `drop trigger if exists ${trigger} on ${table}`,
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
function retire(child: Child): Step {
  const { table, column, key, parent, name, trigger, forward, backward } = child
  const taken = new Set(table.columns.map((other) => other.name))
  const keptName = /[A-Z]/.test(column.name) ? `${column.name}Legacy` : newName([column.name], 'legacy', taken)
  const triggers = backwardTriggers(child)
  const apart = takingApart(child)
  const again = (definition: string) => definition.replace(/^create /, 'create or replace ')
  const rebuild = (condition: string) =>
    `update ${parent} as p set ${name} = (${collected(child, 'p')}) where ${condition} and (${differs(child, 'p')})`
  const rename = (from: string, to: string) =>
    `if exists (select from pg_catalog.pg_attribute where attrelid = ${quoteLiteral(parent)}::pg_catalog.regclass and attname = ${quoteLiteral(from)}) then alter table ${parent} rename column ${quoteIdentifier(from)} to ${quoteIdentifier(to)}; end if`
  return {
    ...STEP,
    phase: 'contract',
    sql: block([
      BOUND_WAIT,
      `lock table ${parent} in access exclusive mode`,
      `drop trigger if exists ${trigger} on ${parent}`,
      ...triggers.map((one) => `drop trigger if exists ${one.name} on ${one.table}`),
      `drop function if exists ${forward}()`,
      `drop function if exists ${backward}()`,
      ...(apart ? [apart.drop] : []),
      rename(column.name, keptName),
    ]),
    undo: inBatches(table, key, rebuild, [
      rename(keptName, column.name),
      ...(apart ? [again(apart.sql)] : []),
      again(forwardDefinition(child)),
      again(backwardDefinition(child)),
      `drop trigger if exists ${trigger} on ${parent}`,
      forwardTrigger(child),
      ...triggers.flatMap((one) => [`drop trigger if exists ${one.name} on ${one.table}`, one.sql]),
    ]),
    transactional: false,
    lock: 'ACCESS EXCLUSIVE',
    alters: [column.address],
    note: `Run it in a later release, when nothing reads or writes ${column.name} any more; ${keptName} may be dropped in the one after.`,
  }
}
