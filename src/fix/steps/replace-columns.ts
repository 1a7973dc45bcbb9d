import type { Catalog, Column, RewriteRule, Table, View } from '../../evidence/catalog/model.js'
import { heirsOf } from '../../evidence/catalog/inheritance.js'
import type { Target } from '../../evidence/target.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteRelation } from '../quote.js'
import { renameColumns } from '../rename-columns.js'
import type { Step } from '../step.js'
import { block, STEP } from './base.js'
import { inBatches, keyOf } from './batches.js'
import { type Carried, carriedBy, isReferenced, isStored, readingGenerated, uniqueAs, uniqueUsing } from './carried.js'
import { addAgain, addConstraint, setNotNull } from './constraints.js'
import {
  backwardDefinition,
  computeDefinition,
  type Context,
  createTrigger,
  differ,
  dropTrigger,
  forwardDefinition,
  type Keys,
  nameParts,
  namesOf,
  type Replacement,
} from './dual-write.js'
import { exchangeColumns } from './exchange-columns.js'
import { isPlainKey, keyIndexSteps, keyPartsOf } from './exchange-keys.js'
import { BOUND_WAIT } from './timeouts.js'

/** Before PostgreSQL 13 a partitioned table has no BEFORE triggers for each row. */
const TRIGGERS_ON_PARTITIONED = 130000

/**
 * Replaces columns without a long lock: new columns beside the old ones, a trigger that keeps both in step, the old rows filled in
 * batches, keys and checks built beforehand, the names exchanged in one short transaction; the old columns stay filled until the
 * contract phase drops them. Null where something hangs on a column that cannot be carried over this way.
 */
export function replaceColumns(
  replacements: readonly Replacement[],
  catalog: Catalog,
  target: Target,
): readonly Step[] | null {
  const parts = planReplacement(replacements, catalog, target)
  return parts && [...parts.expand, ...parts.backfill, ...parts.validate, ...parts.exchange, ...parts.contract]
}

/** The rows could not be filled: something else is done instead. */
function takesUpdates({ event, instead, enabled }: RewriteRule): boolean {
  return event === 'update' && instead && enabled !== 'disabled'
}

/** The steps of one table's replacement, for whoever weaves them with those of other tables. */
export type ReplacementSteps = Readonly<
  Record<'expand' | 'backfill' | 'validate' | 'exchange' | 'contract', readonly Step[]>
>

/** Names that columns have beside their own, by it. */
export function namesFor(table: Table, columns: readonly Column[]) {
  const taken = new Set(table.columns.map(({ name }) => name))
  return {
    newNames: new Map(columns.map(({ name }) => [name, newName([name], 'new', taken)])),
    oldNames: new Map(columns.map(({ name }) => [name, newName([name], 'legacy', taken)])),
  }
}

/** Null where something hangs on a column that cannot be carried over. */
export function planReplacement(
  asked: readonly Replacement[],
  catalog: Catalog,
  target: Target,
  keys: Keys | null = null,
): ReplacementSteps | null {
  const replacements = withGenerated(asked)
  const columns = replacements.map(({ column }) => column)
  const table = columns[0]!.table
  const generated = columns.filter((column) => column.generated)
  const key = keyOf(table)
  const heirs = heirsOf(table, catalog).length > 0
  if (!key || heirs || table.inherits.length > 0) return null
  if (!keys && key.some((part) => columns.includes(part))) return null
  if (keys && (table.variety !== 'ordinary' || (table.primaryKey && !isPlainKey(table.primaryKey.index)))) return null
  if (table.variety === 'foreign' || table.partitionOf || table.distribution) return null
  if (table.rewriteRules.some(takesUpdates)) return null
  if (generated.length > 0 && (table.variety !== 'ordinary' || key.some((part) => generated.includes(part))))
    return null
  if (table.variety === 'partitioned' && target.oldest < TRIGGERS_ON_PARTITIONED) return null
  const names = namesFor(table, columns)
  const casts = castsOf(replacements)
  const carried = carriedBy(table, columns, names.newNames, names.oldNames, casts, catalog, keys?.foreignKeys)
  // Their rows would have to be computed again once for each of the tables.
  if (!carried || (keys && carried.views.some(isStored))) return null
  const context = {
    table,
    key,
    replacements,
    ...names,
    carried,
    casts,
    target,
    keys: keys && { ...keys, ...keyPartsOf(table, columns, keys.repointed, catalog) },
    ...nameParts(table, columns, catalog),
  }
  const [first, ...others] = expand(context)
  const questions = [
    ...(generated.length > 0 ? [askAboutGenerated(generated)] : []),
    ...(carried.views.some(isStored) ? [askAboutStored(carried.views.filter(isStored))] : []),
  ]
  return {
    expand: [{ ...first!, ...(questions.length > 0 ? { review: questions.join(' ') } : {}) }, ...others],
    backfill: backfill(context),
    validate: validate(context),
    exchange: exchangeColumns(context),
    contract: contract(context),
  }
}

/** With the generated columns that hold what is computed from these: each depends on the old column. */
function withGenerated(replacements: readonly Replacement[]): readonly Replacement[] {
  const columns = replacements.map(({ column }) => column)
  const depending = readingGenerated(columns[0]!.table, columns).filter(
    (column) => column.generated?.stored && !columns.includes(column),
  )
  const same = (value: string) => value
  return [
    ...replacements,
    ...depending.map((column) => ({
      column,
      type: column.type.sql,
      forward: same,
      backward: same,
      losesValues: false,
      default: null,
    })),
  ]
}

function askAboutGenerated(columns: readonly Column[]): string {
  const [names, isOne] = [columns.map(({ name }) => name).join(', '), columns.length === 1]
  return `${names} ${isOne ? 'is a generated column' : 'are generated columns'}, which cannot be made anew without every row being written under a lock: may ${isOne ? 'its successor be a plain column' : 'their successors be plain columns'} that a trigger computes, also where a statement sends another value?`
}

function askAboutStored(views: readonly View[]): string {
  const [names, isOne] = [views.map(String).join(', '), views.length === 1]
  return `${names} ${isOne ? 'is made again without rows' : 'are made again without rows'} in the exchange, and filled by the statement behind it: may ${isOne ? 'its' : 'their'} readers fail until then?`
}

const NUMBERS = /^(?:smallint|integer|bigint|real|double precision|numeric)\b/

/** Constants that were compared with a number of the old type are compared with one of the new. */
function castsOf(replacements: readonly Replacement[]): ReadonlyMap<string, string> {
  return new Map(
    replacements.flatMap(({ column, type }) => {
      const [from, to] = [NUMBERS.exec(column.type.sql)?.[0], NUMBERS.exec(type)?.[0]]
      return from && to && from !== to && !column.type.domain ? [[from, to] as const] : []
    }),
  )
}

function expand(context: Context): readonly Step[] {
  const { table, replacements, trigger, forwardFunction, backwardFunction, computing } = context
  const relation = quoteRelation(table)
  const names = replacements.map((replacement) => namesOf(replacement, context))
  const added = replacements.map(({ type, column }, at) => {
    const collation =
      column.collation && /^(?:text|varchar|char|citext)/.test(type) ? ` collate ${column.collation}` : ''
    return `add column ${names[at]!.added} ${type}${collation}`
  })
  const create = (name: string, definition: string): Step => ({
    ...STEP,
    sql: definition,
    undo: `drop function if exists ${name}()`,
  })
  return [
    {
      ...STEP,
      sql: `alter table ${relation} ${added.join(', ')}`,
      undo: `alter table ${relation} ${names.map(({ added }) => `drop column ${added}`).join(', ')}`,
      lock: 'ACCESS EXCLUSIVE',
    },
    create(forwardFunction, forwardDefinition(context)),
    create(backwardFunction, backwardDefinition(context)),
    ...(computing ? [create(computing.routine, computeDefinition(context, computing.routine))] : []),
    {
      ...STEP,
      sql: createTrigger(table, trigger, forwardFunction),
      undo: dropTrigger(table, trigger),
      lock: 'SHARE ROW EXCLUSIVE',
      note: `From here on ${quoteIdentifier(trigger)} writes both columns, and a value that does not fit the new type is refused.`,
    },
  ]
}

function backfill(context: Context): readonly Step[] {
  const { table, key, replacements, carried } = context
  const relation = quoteRelation(table)
  const parts = replacements.map((replacement) => {
    const { name, added } = namesOf(replacement, context)
    return {
      set: `${added} = ${replacement.forward(name)}`,
      undone: differ(added, replacement.forward(name), replacement.type),
    }
  })
  const work = (condition: string) =>
    `update ${relation} set ${parts.map(({ set }) => set).join(', ')} where ${condition} and (${parts.map(({ undone }) => undone).join(' or ')})`
  return [
    {
      ...STEP,
      phase: 'backfill',
      sql: inBatches(table, key, work),
      undo: null,
      transactional: false,
      lock: 'ROW EXCLUSIVE',
      scans: true,
      note: [
        'Commits after each batch. If it is interrupted, run it again: it passes over the rows that are done.',
        ...warnOfTriggers(table),
      ].join(' '),
    },
    ...(context.keys ? keyIndexSteps(table, context.keys, context).build : []),
    ...carried.indexes.map(({ original, name, definition }): Step => {
      const drop = `drop index concurrently if exists ${quoteRelation({ schema: table.schema, name })}`
      return {
        ...STEP,
        phase: 'backfill',
        sql: `create ${original.unique ? 'unique ' : ''}index concurrently ${quoteIdentifier(name)} on ${relation} ${definition}`,
        undo: drop,
        transactional: false,
        lock: 'SHARE UPDATE EXCLUSIVE',
        scans: true,
      }
    }),
  ]
}

/** Whoever notes changes of rows notes these. */
function warnOfTriggers({ triggers }: Table): readonly string[] {
  const names = triggers
    .filter(
      ({ events, enabled, definition }) =>
        events.includes('update') && enabled !== 'disabled' && !/ UPDATE OF /.test(definition),
    )
    .map(({ name }) => name)
  return names.length === 0 ? [] : [`Every row is updated once, which these triggers see: ${names.join(', ')}.`]
}

/** Each constraint of the new columns is made, and checked, before it counts. */
function validate(context: Context): readonly Step[] {
  const { table, replacements, newNames, carried, target } = context
  const filled = replacements
    .filter(({ column }) => column.notNull)
    .flatMap(({ column }) => setNotNull({ ...column, name: newNames.get(column.name)!, default: null }, target))
  const constraints = [
    ...carried.checks.map((copy) => ({ ...copy, options: {} })),
    ...carried.foreignKeys.map((copy) => ({ ...copy, options: { lock: 'SHARE ROW EXCLUSIVE' } as const })),
  ].flatMap(({ original, name, definition, options }) =>
    addConstraint(table, name, definition, options).slice(0, original.validated ? 2 : 1),
  )
  return [
    // The rows have to be filled first.
    ...[...filled, ...constraints].map((step) =>
      step.phase === 'expand' ? { ...step, phase: 'backfill' as const } : step,
    ),
    ...uniquesToAdopt(carried).map(({ name, constraint }): Step => ({
      ...STEP,
      phase: 'switch',
      sql: `alter table ${quoteRelation(table)} add constraint ${quoteIdentifier(name)} ${uniqueUsing(constraint, name)}`,
      undo: `alter table ${quoteRelation(table)} drop constraint ${quoteIdentifier(name)}`,
      lock: 'ACCESS EXCLUSIVE',
    })),
  ]
}

/** Where foreign keys stand on it, the exchange lets the constraint adopt its index. */
function uniquesToAdopt({ indexes }: Carried) {
  return indexes.flatMap(({ original, name }) =>
    original.constraint?.type === 'unique' && !isReferenced(original)
      ? [{ name, constraint: original.constraint }]
      : [],
  )
}

function contract(context: Context): readonly Step[] {
  const { table, key, replacements, trigger, forwardFunction, backwardFunction, carried, oldNames } = context
  const relation = quoteRelation(table)
  const names = replacements.map((replacement) => ({ ...namesOf(replacement, context), replacement }))
  const filled = names.filter(({ replacement: { column } }) => !column.generated)
  const plain = carried.indexes.filter(({ original }) => !original.constraint)
  const parts = filled.map(({ kept, name, replacement }) => ({
    set: `${kept} = ${replacement.backward(name)}`,
    undone: differ(kept, replacement.backward(name), replacement.column.type.name),
  }))
  const work = (condition: string) =>
    `update ${relation} set ${parts.map(({ set }) => set).join(', ')} where ${condition} and (${parts.map(({ undone }) => undone).join(' or ')})`
  const types = new Map(replacements.map(({ column, type }) => [column, type]))
  const widened = key.map((part) => ({ ...part, type: { ...part.type, sql: types.get(part) ?? part.type.sql } }))
  const keepAgain = [
    `alter table ${relation} ${names.map(({ kept, replacement: { column } }) => `add column if not exists ${kept} ${column.type.sql}${column.collation ? ` collate ${column.collation}` : ''}${generatedAs(column, oldNames)}`).join(', ')}`,
    replaceable(forwardDefinition(context)),
    replaceable(backwardDefinition(context)),
    dropTrigger(table, trigger),
    createTrigger(table, trigger, backwardFunction),
  ]
  const constrainAgain = [
    ...names.flatMap(({ kept, replacement: { column, losesValues } }) => [
      ...(column.default === null || isNumbered(context, column)
        ? []
        : [`alter table ${relation} alter column ${kept} set default ${column.default}`]),
      ...(column.notNull && !losesValues ? [`alter table ${relation} alter column ${kept} set not null`] : []),
      ...(column.comment === null ? [] : [`comment on column ${relation}.${kept} is ${quoteLiteral(column.comment)}`]),
    ]),
    ...[...carried.checks, ...carried.foreignKeys].flatMap(({ original, oldName, oldDefinition }) =>
      addAgain(relation, oldName, `${oldDefinition}${original.validated ? '' : ' not valid'}`),
    ),
    ...carried.indexes.flatMap(({ original: { constraint }, oldName, oldDefinition }) =>
      constraint?.type === 'unique' ? addAgain(relation, oldName, uniqueAs(constraint, oldDefinition)) : [],
    ),
  ]
  return [
    ...(context.keys ? keyIndexSteps(table, context.keys, context).drop : []),
    ...plain.map(({ original, oldName, oldDefinition }): Step => ({
      ...STEP,
      phase: 'contract',
      sql: `drop index concurrently if exists ${quoteRelation({ schema: table.schema, name: oldName })}`,
      undo: `create ${original.unique ? 'unique ' : ''}index concurrently ${quoteIdentifier(oldName)} on ${relation} ${oldDefinition}`,
      transactional: false,
      lock: 'SHARE UPDATE EXCLUSIVE',
    })),
    {
      ...STEP,
      phase: 'contract',
      sql: block([
        BOUND_WAIT,
        `lock table ${relation} in access exclusive mode`,
        dropTrigger(table, trigger),
        `drop function if exists ${forwardFunction}()`,
        `drop function if exists ${backwardFunction}()`,
        // What is generated goes before what it is computed from.
        `alter table ${relation} ${[...names]
          .sort(generatedFirst)
          .map(({ kept }) => `drop column if exists ${kept}`)
          .join(', ')}`,
      ]),
      undo:
        filled.length > 0
          ? inBatches(table, widened, work, keepAgain, constrainAgain)
          : block([...keepAgain, ...constrainAgain]),
      transactional: false,
      lock: 'ACCESS EXCLUSIVE',
      alters: replacements.map(({ column }) => column.address),
      note: 'Run it in a later release, when nothing that is deployed would have to go back.',
    },
  ]
}

function generatedFirst(a: { readonly replacement: Replacement }, b: { readonly replacement: Replacement }): number {
  return Number(b.replacement.column.generated !== null) - Number(a.replacement.column.generated !== null)
}

function generatedAs({ generated }: Column, names: ReadonlyMap<string, string>): string {
  return generated ? ` generated always as (${renameColumns(generated.expression, names)}) stored` : ''
}

/** Its sequence belongs to the new column by then. */
function isNumbered({ keys }: Context, column: Column): boolean {
  return keys?.numbered.some((one) => one.column === column) ?? false
}

const replaceable = (definition: string) => definition.replace(/^create /, 'create or replace ')
