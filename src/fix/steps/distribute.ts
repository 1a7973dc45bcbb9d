import type { Column, ForeignKey, Index, Table } from '../../evidence/catalog/model.js'
import { quoteBody, quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteColumns, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { block, constraintNamesOf, STEP } from './base.js'
import { inBatches } from './batches.js'
import { NUMBERING, numberByIdentity, numberBySequence, sequenceOf } from './identities.js'

/** A table whose rows are to lie where their tenant's do. */
export interface Spread {
  readonly table: Table
  /** Name of the distribution column. */
  readonly column: string
  /** The key to the parent that the column has to be filled from; null where the table has it. */
  readonly through: ForeignKey | null
  /** Unique indexes, of keys or not, that lack the column. */
  readonly keys: readonly Index[]
  /** Foreign keys to other such tables that lack it, and the name that it has there. */
  readonly references: readonly { readonly key: ForeignKey; readonly column: string }[]
}

export interface SpreadPlan {
  /** The table of the tenants, which the others are kept beside. */
  readonly tenants: Table
  readonly tenantKey: Column
  /** Parents before their children. */
  readonly tables: readonly Spread[]
  /** Tables that every node gets a copy of. */
  readonly copied: readonly Table[]
  /** Foreign keys between distributed tables that can stay as they are. */
  readonly kept: readonly ForeignKey[]
}

/**
 * Carries the distribution column into every unique key and foreign key between tables that are to be distributed, and distributes
 * them where Citus is installed; elsewhere the last step does nothing. Empty where something that it does not know depends on a key.
 */
export function spreadByTenant(plan: SpreadPlan): readonly Step[] {
  const { tables, kept } = plan
  const widened = tables.flatMap(({ references }) => references.map(({ key }) => key))
  const replaced = tables.flatMap(({ keys }) => keys)
  const known = [...widened, ...kept]
  const isPlain = tables.every(({ table }) => table.variety === 'ordinary' && table.primaryKey !== null)
  const depend = replaced.flatMap(({ supportsForeignKeys }) => supportsForeignKeys)
  if (
    !isPlain ||
    depend.some((key) => !widened.includes(key)) ||
    known.some(({ deferrable, match }) => deferrable || match === 'full')
  )
    return []
  if (
    replaced.some(
      ({ method, predicate, keys, constraint }) =>
        method !== 'btree' || predicate !== null || keys.some(({ column }) => !column) || constraint?.deferrable,
    )
  )
    return []
  const named = tables.map((spread) => ({ spread, made: nameKeys(spread) }))
  return [
    ...tables.flatMap((spread) => addColumn(spread, plan)),
    ...named.flatMap(({ spread, made }) => made.map((one) => createKey(spread, one))),
    switchKeys(named),
    ...widened.map((key): Step => ({
      ...STEP,
      phase: 'contract',
      sql: `alter table ${quoteRelation(key.table)} validate constraint ${quoteIdentifier(key.name)}`,
      undo: null,
      lock: 'SHARE UPDATE EXCLUSIVE',
      scans: true,
      on: key.table.address,
    })),
    distribute(plan),
  ]
}

interface MadeKey {
  readonly index: Index
  readonly name: string
}

function nameKeys({ table, keys, column }: Spread): readonly MadeKey[] {
  const taken = new Set([...table.indexes.map(({ name }) => name), ...constraintNamesOf(table)])
  return keys.map((index) => {
    const name = newName([table.name, column, ...index.keys.map((key) => key.column!.name)], 'key', taken)
    taken.add(name)
    return { index, name }
  })
}

/** The column, filled from the parent and kept by a trigger while old code leaves it out. */
function addColumn({ table, column, through }: Spread, { tenantKey, tables }: SpreadPlan): readonly Step[] {
  if (!through) return []
  const relation = quoteRelation(table)
  const name = quoteIdentifier(column)
  const parent = quoteRelation(through.referencedTable)
  const parentColumn = quoteIdentifier(tables.find((one) => one.table === through.referencedTable)?.column ?? column)
  const joined = (row: string) =>
    through.columns
      .map(
        (own, at) => `p.${quoteIdentifier(through.referencedColumns[at]!.name)} = ${row}.${quoteIdentifier(own.name)}`,
      )
      .join(' and ')
  const { routine, trigger } = fillerOf({ table, column })
  const check = quoteIdentifier(newName([table.name, column], 'filled', constraintNamesOf(table)))
  const on = { on: table.address }
  return [
    {
      ...STEP,
      ...on,
      sql: `alter table ${relation} add column ${name} ${tenantKey.type.sql}`,
      undo: `alter table ${relation} drop column ${name}`,
      lock: 'ACCESS EXCLUSIVE',
    },
    {
      ...STEP,
      sql: `create function ${routine}() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as ${quoteBody(['begin', `  select p.${parentColumn} into new.${name} from ${parent} as p where ${joined('new')};`, '  return new;', 'end'].join('\n'))}`,
      undo: `drop function if exists ${routine}()`,
    },
    {
      ...STEP,
      ...on,
      sql: `create trigger ${trigger} before insert or update of ${quoteColumns(through.columns)} on ${relation} for each row execute function ${routine}()`,
      undo: `drop trigger if exists ${trigger} on ${relation}`,
      lock: 'SHARE ROW EXCLUSIVE',
    },
    {
      ...STEP,
      ...on,
      phase: 'backfill',
      sql: inBatches(
        table,
        table.primaryKey!.columns,
        (condition) =>
          `update ${relation} as t set ${name} = (select p.${parentColumn} from ${parent} as p where ${joined('t')}) where ${condition} and t.${name} is null`,
      ),
      undo: null,
      transactional: false,
      lock: 'ROW EXCLUSIVE',
      scans: true,
      note: 'Commits after each batch. If it is interrupted, run it again: it passes over the rows that are done.',
    },
    {
      ...STEP,
      ...on,
      phase: 'validate',
      sql: `alter table ${relation} add constraint ${check} check (${name} is not null) not valid`,
      undo: `alter table ${relation} alter column ${name} drop not null`,
      lock: 'ACCESS EXCLUSIVE',
    },
    {
      ...STEP,
      ...on,
      phase: 'validate',
      sql: `alter table ${relation} validate constraint ${check}`,
      undo: null,
      lock: 'SHARE UPDATE EXCLUSIVE',
      scans: true,
    },
    {
      ...STEP,
      ...on,
      phase: 'validate',
      sql: block([
        `alter table ${relation} alter column ${name} set not null`,
        `alter table ${relation} drop constraint ${check}`,
      ]),
      undo: null,
      lock: 'ACCESS EXCLUSIVE',
    },
  ]
}

/** What fills the column until every writer does. */
function fillerOf({ table, column }: Pick<Spread, 'table' | 'column'>) {
  return {
    routine: quoteRelation({ schema: table.schema, name: newName([table.name, column], 'fill', new Set()) }),
    trigger: quoteIdentifier(newName([table.name, column], 'fill', new Set(table.triggers.map((one) => one.name)))),
  }
}

function createKey({ table, column }: Spread, { index, name }: MadeKey): Step {
  const columns = [quoteIdentifier(column), ...index.keys.map((key) => quoteIdentifier(key.column!.name))]
  const nulls = index.nullsNotDistinct ? ' nulls not distinct' : ''
  return {
    ...STEP,
    phase: 'validate',
    on: table.address,
    sql: `create unique index concurrently ${quoteIdentifier(name)} on ${quoteRelation(table)} (${columns.join(', ')})${nulls}`,
    undo: `drop index concurrently if exists ${quoteRelation({ schema: table.schema, name })}`,
    transactional: false,
    lock: 'SHARE UPDATE EXCLUSIVE',
    scans: true,
    note: 'If it fails, it leaves an invalid index: drop it, and run this again.',
  }
}

/** In one transaction keys and foreign keys give way to wider ones of the same names; it changes the catalog alone. */
function switchKeys(named: readonly { readonly spread: Spread; readonly made: readonly MadeKey[] }[]): Step {
  const references = named.flatMap(({ spread }) => spread.references.map((one) => ({ ...one, spread })))
  const alter = (table: Table) => `alter table ${quoteRelation(table)}`
  const drop = ({ table, name }: ForeignKey) => `${alter(table)} drop constraint ${quoteIdentifier(name)}`
  const keys = named.flatMap(({ made }) => made)
  const wide = ({ key, column, spread }: (typeof references)[number]) => {
    const own = [quoteIdentifier(spread.column), ...key.columns.map(({ name }) => quoteIdentifier(name))]
    const other = [quoteIdentifier(column), ...key.referencedColumns.map(({ name }) => quoteIdentifier(name))]
    // Citus knows no SET NULL on a key that holds the distribution column.
    const onDelete = /^(?:cascade|restrict)$/.test(key.onDelete) ? ` on delete ${key.onDelete}` : ''
    const onUpdate = /^(?:cascade|restrict)$/.test(key.onUpdate) ? ` on update ${key.onUpdate}` : ''
    return `${alter(key.table)} add constraint ${quoteIdentifier(key.name)} foreign key (${own.join(', ')}) references ${quoteRelation(key.referencedTable)} (${other.join(', ')})${onUpdate}${onDelete} not valid`
  }
  const replace = ({ index, name }: MadeKey) => {
    const table = index.table as Table
    const { constraint } = index
    if (!constraint)
      return [
        `drop index ${quoteRelation({ schema: table.schema, name: index.name })}`,
        `alter index ${quoteRelation({ schema: table.schema, name })} rename to ${quoteIdentifier(index.name)}`,
      ]
    const type = constraint.type === 'primary key' ? 'primary key' : 'unique'
    return [
      `${alter(table)} drop constraint ${quoteIdentifier(constraint.name)}, add constraint ${quoteIdentifier(constraint.name)} ${type} using index ${quoteIdentifier(name)}`,
    ]
  }
  const restore = ({ index }: MadeKey) => {
    const table = index.table as Table
    const { constraint } = index
    if (!constraint)
      return [`drop index ${quoteRelation({ schema: table.schema, name: index.name })}`, index.definition]
    return [
      `${alter(table)} drop constraint ${quoteIdentifier(constraint.name)}, add constraint ${quoteIdentifier(constraint.name)} ${constraint.definition}`,
    ]
  }
  return {
    ...STEP,
    phase: 'switch',
    sql: block([...references.map(({ key }) => drop(key)), ...keys.flatMap(replace), ...references.map(wide)]),
    undo: block([
      ...references.map(({ key }) => drop(key)),
      ...keys.flatMap(restore),
      ...references.map(
        ({ key }) => `${alter(key.table)} add constraint ${quoteIdentifier(key.name)} ${key.definition}`,
      ),
    ]),
    lock: 'ACCESS EXCLUSIVE',
    note: 'It changes the catalog alone, but locks all of these tables at once: choose a quiet moment, and a short lock_timeout.',
  }
}

/** Where Citus is installed: reference tables, then tenants, then the others beside them. Keys between these tables go first and come back last. */
function distribute({ tenants, tenantKey, tables, copied, kept }: SpreadPlan): Step {
  const regclass = (table: Table) => quoteLiteral(quoteRelation(table))
  // A table with identity columns that Citus takes over because of such a key can no longer be distributed.
  const shared = tables.flatMap(({ table }) =>
    table.foreignKeys.filter(({ referencedTable }) => copied.includes(referencedTable)),
  )
  const moved = [
    ...new Set([...kept, ...shared, ...tables.flatMap(({ references }) => references.map(({ key }) => key))]),
  ]
  const identities = [...tables.map(({ table }) => table), ...copied].flatMap(({ columns }) =>
    columns.filter(({ identity }) => identity),
  )
  const lines = [
    `if not exists (select from pg_catalog.pg_extension where extname = 'citus') then`,
    `  raise notice 'Citus is not installed: nothing is distributed.';`,
    '  return;',
    'end if;',
    'create temporary table keys_between on commit drop as select conrelid::pg_catalog.regclass::text as owner, conname, pg_catalog.pg_get_constraintdef(oid) as definition from pg_catalog.pg_constraint',
    `  where contype = 'f' and (conrelid, conname) in (${moved.map(({ table, name }) => `(${regclass(table)}::pg_catalog.regclass, ${quoteLiteral(name)})`).join(', ') || '(0, null)'});`,
    `for key in select * from keys_between loop execute pg_catalog.format('alter table %s drop constraint %I', key.owner, key.conname); end loop;`,
    // Citus distributes no table with triggers.
    ...tables
      .filter(({ through }) => through)
      .flatMap((spread) => {
        const { routine, trigger } = fillerOf(spread)
        return [
          `drop trigger if exists ${trigger} on ${quoteRelation(spread.table)};`,
          `drop function if exists ${routine}();`,
        ]
      }),
    ...identities.flatMap(numberBySequence).map((statement) => `${statement};`),
    ...copied.map((table) => `perform create_reference_table(${regclass(table)});`),
    `perform create_distributed_table(${regclass(tenants)}, ${quoteLiteral(tenantKey.name)});`,
    ...tables
      .filter(({ table }) => table !== tenants)
      .map(
        ({ table, column }) =>
          `perform create_distributed_table(${regclass(table)}, ${quoteLiteral(column)}, colocate_with => ${regclass(tenants)});`,
      ),
    `for key in select * from keys_between loop execute pg_catalog.format('alter table %s add constraint %I %s', key.owner, key.conname, key.definition); end loop;`,
  ]
  const undone = [
    `if exists (select from pg_catalog.pg_extension where extname = 'citus') then`,
    ...[...tables.map(({ table }) => table), ...copied].map(
      (table) =>
        `  if exists (select from pg_dist_partition where logicalrelid = ${regclass(table)}::pg_catalog.regclass) then perform undistribute_table(${regclass(table)}, cascade_via_foreign_keys => true); end if;`,
    ),
    ...identities.map(
      (column) =>
        `  if pg_catalog.to_regclass(${quoteLiteral(sequenceOf(column))}) is not null and not exists (select from pg_catalog.pg_attribute where attrelid = ${regclass(column.table)}::pg_catalog.regclass and attname = ${quoteLiteral(column.name)} and attidentity <> '') then ${numberByIdentity(column).join('; ')}; end if;`,
    ),
    'end if;',
  ]
  const asBlock = (body: readonly string[], declarations: readonly string[]) =>
    `do ${quoteBody(`declare\n${declarations.map((one) => `  ${one};\n`).join('')}begin\n${body.map((line) => `  ${line}`).join('\n')}\nend`)}`
  return {
    ...STEP,
    phase: 'contract',
    sql: asBlock(lines, ['key record', ...NUMBERING]),
    undo: asBlock(undone, NUMBERING),
    note: 'On a server without Citus it does nothing, and so it did on the scratch server. With Citus it takes away the triggers that fill the new columns, which every writer must give by then, and copies every row to its node while writers wait: try it on a copy.',
  }
}
