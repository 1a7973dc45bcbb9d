import type { Catalog, Column, ForeignKey, Policy, RewriteRule, Table } from '../../evidence/catalog/model.js'
import type { Target } from '../../evidence/target.js'
import { quoteBody, quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteRelation } from '../quote.js'
import { recreateRule, recreateTrigger, recreateView } from '../recreate.js'
import type { Step } from '../step.js'
import { block, STEP } from './base.js'
import { inBatches, keyOf } from './batches.js'
import { type Carried, carriedBy, type Copy, dropRulesAndViews, uniqueAs, uniqueUsing } from './carried.js'
import { carryByName } from './carry-by-name.js'
import { addConstraint, setNotNull } from './constraints.js'
import {
  isPlainKey,
  keyIndexSteps,
  type KeyParts,
  keyPartsOf,
  keysBackward,
  keysForward,
  type KeyStatements,
  type Repointed,
} from './exchange-keys.js'

/** A column that gives way to one of another type. */
export interface Replacement {
  readonly column: Column
  /** The new type in SQL. */
  readonly type: string
  /** The new value in SQL from the old. */
  readonly forward: (value: string) => string
  /** The old value in SQL from the new, so that the way back stays open; null for what the old type cannot hold. */
  readonly backward: (value: string) => string
  /** `backward` may give null for a value. */
  readonly losesValues: boolean
  /** The new column's default in SQL; null for none. */
  readonly default: string | null
}

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

/** What is exchanged beside the columns when they are keys. */
export interface Keys {
  /** Foreign keys that are seen to by whoever asks. */
  readonly foreignKeys: ReadonlySet<ForeignKey>
  readonly repointed: readonly Repointed[]
  /** A column's name, quoted, of any table, when this one's exchange has been taken back. */
  readonly nameWhenBack: (column: Column) => string
}

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
  replacements: readonly Replacement[],
  catalog: Catalog,
  target: Target,
  keys: Keys | null = null,
): ReplacementSteps | null {
  const columns = replacements.map(({ column }) => column)
  const table = columns[0]!.table
  const key = keyOf(table)
  const heirs = catalog.tables.some(({ inherits }) => inherits.includes(table))
  if (!key || heirs || table.inherits.length > 0) return null
  if (!keys && key.some((part) => columns.includes(part))) return null
  if (keys && (table.variety !== 'ordinary' || (table.primaryKey && !isPlainKey(table.primaryKey.index)))) return null
  if (table.variety === 'foreign' || table.partitionOf || table.distribution) return null
  if (table.rewriteRules.some(takesUpdates)) return null
  if (table.variety === 'partitioned' && target.oldest < TRIGGERS_ON_PARTITIONED) return null
  const names = namesFor(table, columns)
  const carried = carriedBy(
    table,
    columns,
    names.newNames,
    names.oldNames,
    castsOf(replacements),
    catalog,
    keys?.foreignKeys,
  )
  if (!carried) return null
  const context = {
    table,
    key,
    replacements,
    ...names,
    carried,
    target,
    keys: keys && { ...keys, ...keyPartsOf(table, columns, keys.repointed, catalog) },
    ...nameParts(table, columns, catalog),
  }
  return {
    expand: expand(context),
    backfill: backfill(context),
    validate: validate(context),
    exchange: exchange(context),
    contract: contract(context),
  }
}

const NUMBERS = /^(?:smallint|integer|bigint|real|double precision|numeric)\b/

/** Constants that were compared with a number of the old type are compared with one of the new. */
function castsOf(replacements: readonly Replacement[]): ReadonlyMap<string, string> {
  return new Map(
    replacements.flatMap(({ column, type }) => {
      const [from, to] = [NUMBERS.exec(column.type.sql)?.[0], NUMBERS.exec(type)?.[0]]
      return from && to && !column.type.domain ? [[from, to] as const] : []
    }),
  )
}

interface Context {
  readonly table: Table
  readonly key: readonly Column[]
  readonly replacements: readonly Replacement[]
  /** Name of the new column until the exchange, by the column's name. */
  readonly newNames: ReadonlyMap<string, string>
  /** Name of the old column from the exchange on. */
  readonly oldNames: ReadonlyMap<string, string>
  readonly carried: Carried
  readonly target: Target
  readonly keys: (Keys & KeyParts) | null
  readonly trigger: string
  readonly forwardFunction: string
  readonly backwardFunction: string
}

function nameParts(table: Table, columns: readonly Column[], catalog: Catalog) {
  const functions = new Set(catalog.functions.filter(({ schema }) => schema === table.schema).map(({ name }) => name))
  const parts = [table.name, ...columns.map(({ name }) => name)]
  // Triggers fire in order of their names: what others change in the row has to be seen.
  let trigger = newName(['zz', table.name], 'dual_write')
  while (table.triggers.some(({ name }) => Buffer.compare(Buffer.from(name), Buffer.from(trigger)) >= 0))
    trigger = `z${trigger.slice(0, 62)}`
  const name = (suffix: string) => quoteRelation({ schema: table.schema, name: newName(parts, suffix, functions) })
  return { trigger, forwardFunction: name('forward'), backwardFunction: name('backward') }
}

/** What one column is called: before the exchange the old one and the new one, after it the kept one and its successor. */
function namesOf({ column: { name } }: Replacement, { newNames, oldNames }: Context) {
  return {
    name: quoteIdentifier(name),
    added: quoteIdentifier(newNames.get(name)!),
    kept: quoteIdentifier(oldNames.get(name)!),
  }
}

function expand(context: Context): readonly Step[] {
  const { table, replacements, trigger, forwardFunction, backwardFunction } = context
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
    {
      ...STEP,
      sql: createTrigger(context, forwardFunction),
      undo: dropTrigger(context),
      lock: 'SHARE ROW EXCLUSIVE',
      note: `From here on ${quoteIdentifier(trigger)} writes both columns, and a value that does not fit the new type is refused.`,
    },
  ]
}

function forwardDefinition(context: Context): string {
  return syncFunction(
    context.forwardFunction,
    context.replacements.map((replacement) => {
      const { added, name } = namesOf(replacement, context)
      return `new.${added} := ${replacement.forward(`new.${name}`)};`
    }),
  )
}

/** Only what is changed is taken over: the old value may say more than can be made from the new one. */
function backwardDefinition(context: Context): string {
  return syncFunction(
    context.backwardFunction,
    context.replacements.flatMap((replacement) => {
      const { kept, name } = namesOf(replacement, context)
      return [
        `if tg_op = 'INSERT' or ${differ(`new.${name}`, `old.${name}`, replacement.type)} then`,
        `  new.${kept} := ${replacement.backward(`new.${name}`)};`,
        'end if;',
      ]
    }),
  )
}

function syncFunction(name: string, lines: readonly string[]): string {
  const body = ['begin', ...lines.map((line) => `  ${line}`), '  return new;', 'end'].join('\n')
  return `create function ${name}() returns trigger language plpgsql as ${quoteBody(body)}`
}

/** json and a few other types cannot be compared but as text. */
function differ(a: string, b: string, type: string): string {
  const compared = /^(?:json|xml|point|polygon|txid_snapshot)\b/i.test(type)
    ? (value: string) => `(${value})::text`
    : String
  return `${compared(a)} is distinct from ${compared(b)}`
}

function createTrigger({ table, trigger }: Context, routine: string): string {
  return `create trigger ${quoteIdentifier(trigger)} before insert or update on ${quoteRelation(table)} for each row execute function ${routine}()`
}

function dropTrigger({ table, trigger }: Context): string {
  return `drop trigger if exists ${quoteIdentifier(trigger)} on ${quoteRelation(table)}`
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
      note: 'Commits after each batch. If it is interrupted, run it again: it passes over the rows that are done.',
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
    ...uniques(carried).map(({ name, constraint }): Step => ({
      ...STEP,
      phase: 'switch',
      sql: `alter table ${quoteRelation(table)} add constraint ${quoteIdentifier(name)} ${uniqueUsing(constraint, name)}`,
      undo: `alter table ${quoteRelation(table)} drop constraint ${quoteIdentifier(name)}`,
      lock: 'ACCESS EXCLUSIVE',
    })),
  ]
}

function uniques({ indexes }: Carried) {
  return indexes.flatMap(({ original, name }) =>
    original.constraint?.type === 'unique' ? [{ name, constraint: original.constraint }] : [],
  )
}

/** Exchanges the names, there and back: the same in both directions but for what is called how. */
function exchange(context: Context): readonly Step[] {
  const { table, replacements, forwardFunction, backwardFunction, carried } = context
  const relation = quoteRelation(table)
  const names = replacements.map((replacement) => ({ ...namesOf(replacement, context), replacement }))
  const differs = names.map(({ name, added, replacement }) =>
    differ(added, replacement.forward(name), replacement.type),
  )
  const renames = copiesOf(carried)
  const renameAll = (from: (copy: Renamed) => string, to: (copy: Renamed) => string) =>
    renames.map((copy) =>
      copy.kind === 'index'
        ? `alter index ${quoteRelation({ schema: table.schema, name: from(copy) })} rename to ${quoteIdentifier(to(copy))}`
        : `alter table ${relation} rename constraint ${quoteIdentifier(from(copy))} to ${quoteIdentifier(to(copy))}`,
    )
  const remake = [
    ...carried.triggers.flatMap(recreateTrigger),
    ...carried.policies.map(rebindPolicy),
    ...carried.views.flatMap(recreateView),
    ...carried.rewriteRules.flatMap(recreateRule),
  ]
  const hanging = carryByName(
    table,
    replacements.map(({ column }) => column.name),
    carried.views,
  )
  const begin = [
    `lock table ${relation} in access exclusive mode`,
    ...hanging.collect,
    ...dropRulesAndViews(carried),
    ...carried.triggers.map((trigger) => `drop trigger ${quoteIdentifier(trigger.name)} on ${relation}`),
    dropTrigger(context),
  ]
  const comments = (of: 'name' | 'added') =>
    names
      .filter(({ replacement }) => replacement.column.comment !== null)
      .map((one) => `comment on column ${relation}.${one[of]} is ${quoteLiteral(one.replacement.column.comment ?? '')}`)
  const defaults = names.filter(({ replacement }) => replacement.default !== null)
  const loosened = names.filter(({ replacement: { losesValues, column } }) => losesValues && column.notNull)
  const { forward, backward } = exchangeKeys(context)
  const up = [
    ...begin,
    ...forward.beforeRenaming,
    ...names.flatMap(({ name, kept, added }) => [
      `alter table ${relation} rename column ${name} to ${kept}`,
      `alter table ${relation} rename column ${added} to ${name}`,
    ]),
    ...defaults.map(
      ({ name, replacement }) => `alter table ${relation} alter column ${name} set default ${replacement.default}`,
    ),
    ...forward.afterRenaming,
    ...loosened.map(({ kept }) => `alter table ${relation} alter column ${kept} drop not null`),
    ...renameAll(
      ({ original }) => original,
      ({ oldName }) => oldName,
    ),
    ...renameAll(
      ({ name }) => name,
      ({ original }) => original,
    ),
    ...forward.last,
    createTrigger(context, backwardFunction),
    ...comments('name'),
    ...remake,
    ...hanging.restore,
  ]
  const down = [
    ...begin,
    ...backward.beforeRenaming,
    ...names.flatMap(({ name, kept, added }) => [
      `alter table ${relation} rename column ${name} to ${added}`,
      `alter table ${relation} rename column ${kept} to ${name}`,
    ]),
    ...loosened.map(({ name }) => `alter table ${relation} alter column ${name} set not null`),
    ...backward.afterRenaming,
    ...defaults.map(({ added }) => `alter table ${relation} alter column ${added} drop default`),
    ...renameAll(
      ({ original }) => original,
      ({ name }) => name,
    ),
    ...renameAll(
      ({ oldName }) => oldName,
      ({ original }) => original,
    ),
    ...backward.last,
    createTrigger(context, forwardFunction),
    ...remake,
    ...hanging.restore,
  ]
  return [
    {
      ...STEP,
      phase: 'switch',
      sql: block(up, [...hanging.declarations, ...forward.declarations]),
      undo: block(down, [...hanging.declarations, ...backward.declarations]),
      lock: 'ACCESS EXCLUSIVE',
      precheck: `select count(*) from ${relation} where ${differs.join(' or ')}`,
      alters: replacements.map(({ column }) => column.address),
      note: 'Renames only, so the lock is held for milliseconds; the old columns are kept in step until the contract phase drops them. The columns change places: an INSERT without a list of columns, or what reads SELECT * by position, must name them first.',
    },
  ]
}

/** What the exchange does about keys, there and back. */
function exchangeKeys(context: Context): Readonly<Record<'forward' | 'backward', KeyStatements>> {
  const { table, keys, newNames, oldNames } = context
  const nothing = { declarations: [], beforeRenaming: [], afterRenaming: [], last: [] }
  if (!keys) return { forward: nothing, backward: nothing }
  return {
    forward: keysForward(table, keys, ({ name }) => quoteIdentifier(oldNames.get(name) ?? name)),
    backward: keysBackward(table, keys, ({ name }) => quoteIdentifier(newNames.get(name) ?? name), keys.nameWhenBack),
  }
}

interface Renamed extends Pick<Copy<unknown>, 'name' | 'oldName'> {
  readonly kind: 'index' | 'constraint'
  readonly original: string
}

function copiesOf({ indexes, checks, foreignKeys }: Carried): readonly Renamed[] {
  return [
    ...indexes.map(({ original, name, oldName }) => ({
      kind: original.constraint ? ('constraint' as const) : ('index' as const),
      original: original.name,
      name,
      oldName,
    })),
    ...[...checks, ...foreignKeys].map(({ original, name, oldName }) => ({
      kind: 'constraint' as const,
      original: original.name,
      name,
      oldName,
    })),
  ]
}

/** The same words again, which now mean the columns that have these names. */
function rebindPolicy({ name, table, using, withCheck }: Policy): string {
  return [
    `alter policy ${quoteIdentifier(name)} on ${quoteRelation(table)}`,
    using === null ? '' : `using (${using})`,
    withCheck === null ? '' : `with check (${withCheck})`,
  ]
    .filter(Boolean)
    .join(' ')
}

function contract(context: Context): readonly Step[] {
  const { table, key, replacements, forwardFunction, backwardFunction, carried } = context
  const relation = quoteRelation(table)
  const names = replacements.map((replacement) => ({ ...namesOf(replacement, context), replacement }))
  const plain = carried.indexes.filter(({ original }) => !original.constraint)
  const parts = names.map(({ kept, name, replacement }) => ({
    set: `${kept} = ${replacement.backward(name)}`,
    undone: differ(kept, replacement.backward(name), replacement.column.type.name),
  }))
  const work = (condition: string) =>
    `update ${relation} set ${parts.map(({ set }) => set).join(', ')} where ${condition} and (${parts.map(({ undone }) => undone).join(' or ')})`
  const types = new Map(replacements.map(({ column, type }) => [column, type]))
  const widened = key.map((part) => ({ ...part, type: { ...part.type, sql: types.get(part) ?? part.type.sql } }))
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
        `lock table ${relation} in access exclusive mode`,
        dropTrigger(context),
        `drop function if exists ${forwardFunction}()`,
        `drop function if exists ${backwardFunction}()`,
        `alter table ${relation} ${names.map(({ kept }) => `drop column if exists ${kept}`).join(', ')}`,
      ]),
      undo: inBatches(
        table,
        widened,
        work,
        [
          `alter table ${relation} ${names.map(({ kept, replacement: { column } }) => `add column if not exists ${kept} ${column.type.sql}${column.collation ? ` collate ${column.collation}` : ''}`).join(', ')}`,
          replaceable(forwardDefinition(context)),
          replaceable(backwardDefinition(context)),
          dropTrigger(context),
          createTrigger(context, backwardFunction),
        ],
        [
          ...names.flatMap(({ kept, replacement: { column, losesValues } }) => [
            ...(column.default === null || isNumbered(context, column)
              ? []
              : [`alter table ${relation} alter column ${kept} set default ${column.default}`]),
            ...(column.notNull && !losesValues ? [`alter table ${relation} alter column ${kept} set not null`] : []),
            ...(column.comment === null
              ? []
              : [`comment on column ${relation}.${kept} is ${quoteLiteral(column.comment)}`]),
          ]),
          ...[...carried.checks, ...carried.foreignKeys].flatMap(({ original, oldName, oldDefinition }) =>
            addAgain(relation, oldName, `${oldDefinition}${original.validated ? '' : ' not valid'}`),
          ),
          ...carried.indexes.flatMap(({ original: { constraint }, oldName, oldDefinition }) =>
            constraint?.type === 'unique' ? addAgain(relation, oldName, uniqueAs(constraint, oldDefinition)) : [],
          ),
        ],
      ),
      transactional: false,
      lock: 'ACCESS EXCLUSIVE',
      alters: replacements.map(({ column }) => column.address),
      note: 'Run it in a later release, when nothing that is deployed would have to go back.',
    },
  ]
}

/** Its sequence belongs to the new column by then. */
function isNumbered({ keys }: Context, column: Column): boolean {
  return keys?.numbered.some((one) => one.column === column) ?? false
}

const replaceable = (definition: string) => definition.replace(/^create /, 'create or replace ')

/** An undo that commits on its way may have to be run again. */
function addAgain(relation: string, name: string, definition: string): readonly string[] {
  const quoted = quoteIdentifier(name)
  return [
    `alter table ${relation} drop constraint if exists ${quoted}`,
    `alter table ${relation} add constraint ${quoted} ${definition}`,
  ]
}
