import type {
  Catalog,
  CheckConstraint,
  Column,
  ForeignKey,
  Index,
  KeyConstraint,
  Policy,
  RewriteRule,
  Table,
  Trigger,
  View,
} from '../../evidence/catalog/model.js'
import { quoteIdentifier } from '../../quote.js'
import { newName, quoteRelation } from '../quote.js'
import { renameCasts, renameColumns } from '../rename-columns.js'
import { constraintNamesOf, relationNamesIn } from './base.js'

/** Something that hangs on columns that are replaced, with what stands in its place. */
export interface Copy<T> {
  readonly original: T
  /** Name of the copy until it takes the original's. */
  readonly name: string
  /** Name of the original from then on. */
  readonly oldName: string
  /** For an index all that follows `ON table`; for a constraint what follows its name. */
  readonly definition: string
  /** The same for the original, once its columns have their last names. */
  readonly oldDefinition: string
}

/** All that hangs on columns that are replaced, and has to hang on the new ones. */
export interface Carried {
  readonly indexes: readonly Copy<Index>[]
  readonly checks: readonly Copy<CheckConstraint>[]
  readonly foreignKeys: readonly Copy<ForeignKey>[]
  /** They name the column, and are made again from the same text. */
  readonly triggers: readonly Trigger[]
  readonly policies: readonly Policy[]
  /** Views that read the columns, and those that read these; what is read stands first. */
  readonly views: readonly View[]
  /** They read the columns or these views, of any relation. */
  readonly rewriteRules: readonly RewriteRule[]
  /** Generated columns that are computed from them when they are read; they hold nothing. */
  readonly virtuals: readonly Column[]
}

/**
 * What hangs on these columns. Constants beside the new ones are cast as `casts` says, so that they are compared in the new type.
 * Null when there is something among it that cannot be carried over without a long lock; a stored generated column is, unless it is
 * one of these columns. With `keys`, primary keys, what numbers them and these foreign keys are seen to elsewhere.
 */
export function carriedBy(
  table: Table,
  columns: readonly Column[],
  newNames: ReadonlyMap<string, string>,
  oldNames: ReadonlyMap<string, string>,
  casts: ReadonlyMap<string, string>,
  catalog: Catalog,
  keys: ReadonlySet<ForeignKey> | null = null,
): Carried | null {
  const uses = (expression: string | null) => expression !== null && renameColumns(expression, newNames) !== expression
  const has = (some: readonly (Column | null)[]) => some.some((column) => column && columns.includes(column))
  const virtuals = readingGenerated(table, columns).filter(({ generated }) => !generated?.stored)
  if (
    has(table.partitionKey?.columns ?? []) ||
    has(table.exclusions.flatMap((exclusion) => exclusion.columns)) ||
    has(table.referencedBy.flatMap((key) => (keys?.has(key) ? [] : key.referencedColumns))) ||
    (!keys && has(table.primaryKey?.columns ?? [])) ||
    readingGenerated(table, columns).some((one) => one.generated?.stored && !columns.includes(one)) ||
    virtuals.some((one) => one.notNull || isNamedInChecks(one)) ||
    columns.some(
      (column) =>
        column.generated?.stored === false ||
        column.inherited ||
        (!keys && (column.identity || /\bnextval\(/.test(column.default ?? ''))),
    )
  )
    return null

  const taken = new Set([...relationNamesIn(table), ...constraintNamesOf(table)])
  /** Null where the definition cannot be written for other columns. */
  const copy = <T extends { readonly name: string }>(
    original: T,
    define: (names: ReadonlyMap<string, string>) => string | null,
  ): Copy<T> | null => {
    const [renamed, oldDefinition] = [define(newNames), define(oldNames)]
    if (renamed === null || oldDefinition === null) return null
    const definition = renameCasts(renamed, casts)
    const name = newName([original.name], 'new', taken)
    const oldName = newName([original.name], 'legacy', taken)
    taken.add(name).add(oldName)
    return { original, name, oldName, definition, oldDefinition }
  }
  const indexes = indexesUsing(table, columns)
    .filter((index) => !(keys && index.constraint?.type === 'primary key'))
    .map((index) => (isPlain(index, keys) ? copy(index, (names) => defineIndex(index, names)) : null))
  const checks = table.checks
    .filter(({ expression }) => uses(expression))
    .map((check) => (check.enforced && !check.inherited ? copy(check, (names) => defineCheck(check, names)) : null))
  const foreignKeys = table.foreignKeys
    .filter((foreignKey) => has(foreignKey.columns) && !keys?.has(foreignKey))
    .map((foreignKey) =>
      foreignKey.inherited || !foreignKey.enforced || has(foreignKey.onDeleteSetColumns)
        ? null
        : copy(foreignKey, (names) => defineForeignKey(foreignKey, names)),
    )
  const readers = readersOf([...columns, ...virtuals], catalog)
  const isWhole = <T>(list: readonly (T | null)[]): list is readonly T[] => !list.includes(null)
  if (!isWhole(indexes) || !isWhole(checks) || !isWhole(foreignKeys)) return null
  if (readers.triggers.some(({ inherited }) => inherited)) return null
  if (table.variety === 'partitioned' && (indexes.length > 0 || foreignKeys.length > 0)) return null
  return { indexes, checks, foreignKeys, ...readers, virtuals }
}

/** Indexes that hold any of these columns, or are computed from them. */
export function indexesUsing(table: Table, columns: readonly Column[]): readonly Index[] {
  const names = new Map(columns.map(({ name }) => [name, `${name}_`]))
  const uses = (expression: string) => renameColumns(expression, names) !== expression
  return table.indexes.filter(
    ({ keys, included, predicate }) =>
      [...keys.map(({ column }) => column), ...included].some((column) => column && columns.includes(column)) ||
      (predicate !== null && uses(predicate)) ||
      keys.some(({ column, expression }) => !column && uses(expression)),
  )
}

/** Generated columns whose expression reads any of these columns. */
export function readingGenerated(table: Table, columns: readonly Column[]): readonly Column[] {
  const names = new Map(columns.map(({ name }) => [name, `${name}_`]))
  return table.columns.filter(
    ({ generated }) => generated && renameColumns(generated.expression, names) !== generated.expression,
  )
}

function isNamedInChecks({ table, name }: Column): boolean {
  return table.checks.some(({ columns }) => columns.some((column) => column.name === name))
}

/** Its rows would have to be computed again. */
export function isStored({ variety }: View): boolean {
  return variety === 'materialized view'
}

/** What names columns in words of its own. */
export type Readers = Pick<Carried, 'triggers' | 'policies' | 'views' | 'rewriteRules'>

/** What names these columns of one table: triggers, policies of any table, views and what reads these, rewrite rules. */
export function readersOf(columns: readonly Column[], catalog: Catalog): Readers {
  const table = columns[0]!.table
  const views = viewsAbove(columns, catalog)
  return {
    rewriteRules: [...catalog.tables, ...catalog.views]
      .flatMap((owner) => owner.rewriteRules)
      .filter(
        ({ relation, definition }) =>
          views.some((view) => view === relation || mentionsWord(definition, view.name)) ||
          (mentionsWord(definition, table.name) && columns.some(({ name }) => mentionsWord(definition, name))),
      ),
    triggers: table.triggers.filter(({ definition }) => columns.some(({ name }) => mentionsWord(definition, name))),
    policies: catalog.tables
      .flatMap((owner) => owner.policies)
      .filter(
        ({ table: owner, using, withCheck }) =>
          columns.some(({ name }) => mentionsWord(`${using} ${withCheck}`, name)) &&
          (owner === table || mentionsWord(`${using} ${withCheck}`, table.name)),
      ),
    views,
  }
}

/** Rules go before the views that they read or stand on, and views before those that they read. */
export function dropRulesAndViews({ views, rewriteRules }: Pick<Readers, 'views' | 'rewriteRules'>): readonly string[] {
  return [
    ...rewriteRules.map(({ name, relation }) => `drop rule ${quoteIdentifier(name)} on ${quoteRelation(relation)}`),
    ...views.toReversed().map((view) => `drop ${view.variety} ${quoteRelation(view)}`),
  ]
}

/** Whether a text may name the column; a word too many costs nothing, since what is made again is made from the same text. */
function mentionsWord(text: string, name: string): boolean {
  const word = quoteIdentifier(name).replaceAll(/[^\w]/g, '\\$&')
  return new RegExp(`(?<![\\w"])${word}(?![\\w"])`).test(text)
}

/** Whether foreign keys stand on it. */
export function isReferenced({ supportsForeignKeys }: Index): boolean {
  return supportsForeignKeys.length > 0
}

/** Nothing but foreign keys that are seen to depends on the index, and its definition has no part that the catalog's model does not know. */
function isPlain(index: Index, keys: ReadonlySet<ForeignKey> | null): boolean {
  return (
    index.valid &&
    !index.isReplicaIdentity &&
    !index.clustered &&
    index.supportsForeignKeys.every((foreignKey) => keys?.has(foreignKey)) &&
    (index.constraint === null || (index.constraint.type === 'unique' && !index.constraint.withoutOverlaps)) &&
    !/_ops\w* \(| TABLESPACE /.test(index.definition)
  )
}

function defineCheck({ expression }: CheckConstraint, names: ReadonlyMap<string, string>): string | null {
  const renamed = renameColumns(expression, names)
  return renamed === null ? null : `check (${renamed})`
}

function defineIndex(index: Index, newNames: ReadonlyMap<string, string>): string | null {
  const rename = (expression: string) => renameColumns(expression, newNames)
  const nameOf = (column: Column) => quoteIdentifier(newNames.get(column.name) ?? column.name)
  const keys = index.keys.map(
    ({ column, expression, collation, opclass, isDefaultOpclass, descending, nullsFirst }) => {
      const changed = column && newNames.has(column.name)
      const key = column ? nameOf(column) : rename(expression)
      return (
        key &&
        [
          key,
          // Collation and operator class of the old type mean nothing to the new one.
          collation && !changed && !/^(?:pg_catalog|"pg_catalog")\."?default"?$/.test(collation)
            ? `collate ${collation}`
            : '',
          isDefaultOpclass || changed ? '' : opclass,
          descending ? 'desc' : '',
          nullsFirst === descending ? '' : nullsFirst ? 'nulls first' : 'nulls last',
        ]
          .filter(Boolean)
          .join(' ')
      )
    },
  )
  const predicate = index.predicate === null ? null : rename(index.predicate)
  if (keys.includes(null) || (index.predicate !== null && predicate === null)) return null
  const options = Object.entries(index.options).map(([name, value]) => `${name} = ${value}`)
  return [
    `using ${quoteIdentifier(index.method)} (${keys.join(', ')})`,
    index.included.length > 0 ? `include (${index.included.map(nameOf).join(', ')})` : '',
    index.nullsNotDistinct ? 'nulls not distinct' : '',
    options.length > 0 ? `with (${options.join(', ')})` : '',
    predicate === null ? '' : `where ${predicate}`,
  ]
    .filter(Boolean)
    .join(' ')
}

function defineForeignKey({ columns, definition }: ForeignKey, newNames: ReadonlyMap<string, string>): string {
  const own = columns.map(({ name }) => quoteIdentifier(newNames.get(name) ?? name)).join(', ')
  const rest = definition.slice(definition.indexOf(') REFERENCES ') + 1).replace(/ NOT VALID$/, '')
  return `foreign key (${own})${rest}`
}

/** How a unique constraint takes over its index. */
export function uniqueUsing(constraint: KeyConstraint, index: string): string {
  return `unique using index ${quoteIdentifier(index)}${deferralOf(constraint)}`
}

/** A unique constraint from the index that was made for it. */
export function uniqueAs(constraint: KeyConstraint, indexDefinition: string): string {
  const { nullsNotDistinct } = constraint
  const columns = indexDefinition.slice(indexDefinition.indexOf('(')).replace(' nulls not distinct', '')
  return `unique ${nullsNotDistinct ? 'nulls not distinct ' : ''}${columns}${deferralOf(constraint)}`
}

function deferralOf({ deferrable, initiallyDeferred }: KeyConstraint): string {
  return deferrable ? ` deferrable${initiallyDeferred ? ' initially deferred' : ''}` : ''
}

function viewsAbove(columns: readonly Column[], catalog: Catalog): readonly View[] {
  const found = new Set(
    catalog.views.filter(({ dependsOnColumns }) => dependsOnColumns.some((column) => columns.includes(column))),
  )
  for (let size = -1; size !== found.size;) {
    size = found.size
    for (const view of catalog.views)
      if (view.dependsOn.some((read) => read.kind === 'view' && found.has(read))) found.add(view)
  }
  const ordered = new Set<View>()
  const add = (view: View): void => {
    if (ordered.has(view)) return
    for (const read of view.dependsOn) if (read.kind === 'view' && found.has(read)) add(read)
    ordered.add(view)
  }
  for (const view of found) add(view)
  return [...ordered]
}
