import type { Catalog, Column, ForeignKey, Table } from '../../evidence/catalog/model.js'
import type { Target } from '../../evidence/target.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { block, constraintNamesOf, STEP } from './base.js'
import { addConstraint } from './constraints.js'
import type { Repointed } from './exchange-keys.js'
import type { Replacement } from './dual-write.js'
import { namesFor, planReplacement, type ReplacementSteps } from './replace-columns.js'

/** Columns, and all others that foreign keys make hold their values, as far as `concerns` says. */
export function withReferencing(
  columns: readonly Column[],
  concerns: (column: Column) => boolean,
): readonly { readonly column: Column; readonly like: Column }[] {
  const found = new Map(columns.map((column) => [column, column]))
  for (const [column, like] of found)
    for (const { columns: own, referencedColumns } of column.table.referencedBy) {
      const referencing = own[referencedColumns.indexOf(column)]
      if (referencing && !found.has(referencing) && concerns(referencing)) found.set(referencing, like)
    }
  return [...found].map(([column, like]) => ({ column, like }))
}

/** Tables that reference stand before what they reference; in a ring some do not. */
export function referencingFirst(tables: readonly Table[]): readonly Table[] {
  const ordered = new Set<Table>()
  const seen = new Set<Table>()
  const add = (table: Table): void => {
    if (seen.has(table)) return
    seen.add(table)
    for (const { table: other } of table.referencedBy) if (tables.includes(other)) add(other)
    ordered.add(table)
  }
  for (const table of tables) add(table)
  return [...ordered]
}

/**
 * Replaces columns of several tables that foreign keys tie together, table by table without a long lock, those that reference before
 * what they reference: the new columns have foreign keys of their own, which are checked before the first names are exchanged. Null
 * where something hangs on a column that cannot be carried over this way.
 */
export function replaceKeys(
  replacements: readonly Replacement[],
  catalog: Catalog,
  target: Target,
): readonly Step[] | null {
  const columns = replacements.map(({ column }) => column)
  const tables = referencingFirst([...new Set(columns.map(({ table }) => table))])
  const replaced = (table: Table) => columns.filter((column) => column.table === table)
  const names = new Map(tables.map((table) => [table, namesFor(table, replaced(table))]))
  const repointed = tables.flatMap((table) =>
    table.referencedBy.filter(({ referencedColumns }) => referencedColumns.some((column) => columns.includes(column))),
  )
  const keys = new Map(repointed.map((original) => [original, repoint(original, names)]))
  if ([...keys.values()].includes(null)) return null
  /** Tables before this one are still exchanged when this one's exchange is taken back. */
  const whenBack = (at: number) => (column: Column) =>
    quoteIdentifier(
      (tables.indexOf(column.table) < at ? names.get(column.table)?.oldNames.get(column.name) : undefined) ??
        column.name,
    )
  const plans: ReplacementSteps[] = []
  for (const [at, table] of tables.entries()) {
    const plan = planReplacement(
      replacements.filter(({ column }) => column.table === table),
      catalog,
      target,
      {
        foreignKeys: new Set(repointed),
        repointed: repointed.flatMap((key) => (key.referencedTable === table ? (keys.get(key) ?? []) : [])),
        nameWhenBack: whenBack(at),
      },
    )
    if (!plan) return null
    plans.push(onTable(plan, table))
  }
  const all = (part: keyof ReplacementSteps) => plans.flatMap((plan) => plan[part])
  const to = (table: Table) =>
    [...keys.values()].flatMap((key) => (key?.original.referencedTable === table ? [key] : []))
  return [
    ...all('expand'),
    ...all('backfill'),
    ...all('validate'),
    ...[...keys.values()].flatMap((key) => (key ? addBeside(key) : [])),
    ...tables.flatMap((table, at) => [
      ...to(table).map((key) => takeOver(key, names.get(table)!.newNames, whenBack(at))),
      ...(plans[at]?.exchange ?? []),
    ]),
    ...all('contract'),
  ]
}

type Names = ReadonlyMap<Table, ReturnType<typeof namesFor>>

/** Null for a foreign key that is not on a plain unique index of a plain table. */
function repoint(original: ForeignKey, names: Names): Repointed | null {
  const { table, columns, referencedTable, referencedColumns } = original
  const isKey = referencedTable.indexes.some(
    ({ supportsForeignKeys, keys }) =>
      supportsForeignKeys.includes(original) &&
      keys.length === referencedColumns.length &&
      keys.every(({ column }) => column && referencedColumns.includes(column)),
  )
  if (!isKey || original.inherited || !original.enforced || table.variety !== 'ordinary' || table.partitionOf)
    return null
  const tail = actionsOf(original)
  if (tail === null) return null
  const define = (own: (column: Column) => string, referenced: (column: Column) => string) =>
    `foreign key (${columns.map(own).join(', ')}) references ${quoteRelation(referencedTable)} (${referencedColumns.map(referenced).join(', ')})${tail}`
  const added = ({ table: owner, name }: Column) => quoteIdentifier(names.get(owner)?.newNames.get(name) ?? name)
  return {
    original,
    name: newName([original.name], 'new', constraintNamesOf(table)),
    definition: define(added, added),
    definedAs: (own) => define(own, ({ name }) => quoteIdentifier(name)),
  }
}

/** What stands behind the referenced columns; null where it names columns again. */
function actionsOf({
  match,
  onUpdate,
  onDelete,
  deferrable,
  initiallyDeferred,
  columns,
  onDeleteSetColumns,
}: ForeignKey) {
  if (onDelete.startsWith('set') && onDeleteSetColumns.length > 0 && onDeleteSetColumns.length < columns.length)
    return null
  return [
    match === 'full' ? ' match full' : '',
    onUpdate === 'no action' ? '' : ` on update ${onUpdate}`,
    onDelete === 'no action' ? '' : ` on delete ${onDelete}`,
    deferrable ? ` deferrable${initiallyDeferred ? ' initially deferred' : ''}` : '',
  ].join('')
}

/** The new foreign key, checked, beside the old one; after it is taken back the old one is checked again. */
function addBeside({ original, name, definition }: Repointed): readonly Step[] {
  const { table, validated } = original
  const on = `alter table ${quoteRelation(table)}`
  const [add, check] = addConstraint(table, name, definition, { lock: 'SHARE ROW EXCLUSIVE' })
  return [
    { ...add!, phase: 'backfill', on: table.address },
    ...(validated
      ? [{ ...check!, on: table.address, undo: `${on} validate constraint ${quoteIdentifier(original.name)}` }]
      : []),
  ]
}

/** The old foreign key goes, and the new one takes its name. */
function takeOver(
  { original, name, definedAs }: Repointed,
  added: ReadonlyMap<string, string>,
  own: (column: Column) => string,
): Step {
  const { table, referencedTable, referencedColumns } = original
  const on = `alter table ${quoteRelation(table)}`
  const [old, fresh] = [quoteIdentifier(original.name), quoteIdentifier(name)]
  const regclass = (one: Table) => `${quoteLiteral(quoteRelation(one))}::pg_catalog.regclass`
  const [column = ''] = referencedColumns.flatMap((one) => added.get(one.name) ?? [])
  // Taking back the exchange of the referenced table has done it already.
  const isNew = `exists (select from pg_catalog.pg_constraint join pg_catalog.pg_attribute on attrelid = confrelid and attnum = any (confkey) where conrelid = ${regclass(table)} and conname = ${quoteLiteral(original.name)} and attname = ${quoteLiteral(column)})`
  return {
    ...STEP,
    phase: 'switch',
    sql: block([
      `lock table ${quoteRelation(referencedTable)}, ${quoteRelation(table)} in access exclusive mode`,
      `${on} drop constraint ${old}`,
      `${on} rename constraint ${fresh} to ${old}`,
    ]),
    undo: block([
      `if ${isNew} then ${[
        `${on} rename constraint ${old} to ${fresh}`,
        `${on} add constraint ${old} ${definedAs(own)} not valid`,
      ].join('; ')}; end if`,
    ]),
    lock: 'ACCESS EXCLUSIVE',
    on: table.address,
  }
}

/** Each table is exchanged in a transaction of its own. */
function onTable(plan: ReplacementSteps, { address }: Table): ReplacementSteps {
  const marked = (steps: readonly Step[]) => steps.map((step) => ({ ...step, on: address }))
  const { expand, backfill, validate, exchange, contract } = plan
  return {
    expand: marked(expand),
    backfill: marked(backfill),
    validate: marked(validate),
    exchange: marked(exchange),
    contract: marked(contract),
  }
}
