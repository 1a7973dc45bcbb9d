import type { Policy, Table, View } from '../../evidence/catalog/model.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import { quoteRelation } from '../quote.js'
import { recreateRule, recreateTrigger, recreateView } from '../recreate.js'
import { renameCasts } from '../rename-columns.js'
import type { Step } from '../step.js'
import { block, STEP } from './base.js'
import { type Carried, type Copy, dropRulesAndViews, isReferenced, isStored, uniqueUsing } from './carried.js'
import { carryByName } from './carry-by-name.js'
import { type Context, createTrigger, differ, dropTrigger, namesOf } from './dual-write.js'
import { keysBackward, keysForward, type KeyStatements } from './exchange-keys.js'

/** Exchanges the names, there and back: the same in both directions but for what is called how. */
export function exchangeColumns(context: Context): readonly Step[] {
  const { table, replacements, trigger, forwardFunction, backwardFunction, computing, carried, casts } = context
  const relation = quoteRelation(table)
  const names = replacements.map((replacement) => ({ ...namesOf(replacement, context), replacement }))
  const differs = names.map(({ name, added, replacement }) =>
    differ(added, replacement.forward(name), replacement.type),
  )
  const renames = copiesOf(carried)
  const renameAll = (from: (copy: Renamed) => string, to: (copy: Renamed) => string, adopted = true) =>
    renames
      .filter((copy) => adopted || !copy.isAdopted)
      .map((copy) =>
        copy.kind === 'index'
          ? `alter index ${quoteRelation({ schema: table.schema, name: from(copy) })} rename to ${quoteIdentifier(to(copy))}`
          : `alter table ${relation} rename constraint ${quoteIdentifier(from(copy))} to ${quoteIdentifier(to(copy))}`,
      )
  const remake = (isFilled: boolean) => [
    ...compileAnew(table),
    ...carried.triggers.flatMap(recreateTrigger),
    ...carried.policies.map(rebindPolicy),
    ...carried.views.flatMap((view) => makeAgain(view, isFilled)),
    ...carried.rewriteRules.flatMap(recreateRule),
  ]
  const hanging = carryByName(
    table,
    [...replacements.map(({ column }) => column.name), ...carried.virtuals.map(({ name }) => name)],
    carried.views,
  )
  const begin = [
    `lock table ${relation} in access exclusive mode`,
    ...hanging.collect,
    ...dropRulesAndViews(carried),
    ...carried.triggers.map((trigger) => `drop trigger ${quoteIdentifier(trigger.name)} on ${relation}`),
    dropTrigger(table, trigger),
    ...carried.virtuals.map(({ name }) => `alter table ${relation} drop column ${quoteIdentifier(name)}`),
  ]
  /** Columns that hold nothing are computed from the column that has the name. */
  const virtuals = (types: ReadonlyMap<string, string>) =>
    carried.virtuals.flatMap(({ name, type, generated, comment }) => [
      `alter table ${relation} add column ${quoteIdentifier(name)} ${type.sql} generated always as (${renameCasts(generated?.expression ?? '', types)}) virtual`,
      ...(comment === null
        ? []
        : [`comment on column ${relation}.${quoteIdentifier(name)} is ${quoteLiteral(comment)}`]),
    ])
  const referenced = carried.indexes.flatMap(({ original, name }) =>
    original.constraint?.type === 'unique' && isReferenced(original) ? [{ name, constraint: original.constraint }] : [],
  )
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
      false,
    ),
    ...referenced.map(
      ({ name, constraint }) =>
        `alter table ${relation} add constraint ${quoteIdentifier(constraint.name)} ${uniqueUsing(constraint, name)}`,
    ),
    ...forward.last,
    createTrigger(table, trigger, backwardFunction),
    ...(computing ? [createTrigger(table, computing.trigger, computing.routine)] : []),
    ...virtuals(casts),
    ...comments('name'),
    ...remake(false),
    ...hanging.restore,
  ]
  const down = [
    ...begin,
    ...(computing ? [dropTrigger(table, computing.trigger)] : []),
    ...backward.beforeRenaming,
    ...referenced.map(
      ({ constraint }) => `alter table ${relation} drop constraint ${quoteIdentifier(constraint.name)}`,
    ),
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
      false,
    ),
    ...renameAll(
      ({ oldName }) => oldName,
      ({ original }) => original,
    ),
    ...backward.last,
    createTrigger(table, trigger, forwardFunction),
    ...virtuals(new Map()),
    ...remake(true),
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
    ...carried.views.filter((view) => isStored(view) && view.populated).map(refresh),
  ]
}

/** A view as it was; a materialized one with its indexes, and with its rows where it is to be filled at once. */
function makeAgain(view: View, isFilled: boolean): readonly string[] {
  return [
    ...recreateView(isFilled || !isStored(view) ? view : { ...view, populated: false }),
    ...view.indexes.map(({ definition }) => definition),
  ]
}

function refresh(view: View): Step {
  return {
    ...STEP,
    phase: 'switch',
    sql: `refresh materialized view ${quoteRelation(view)}`,
    undo: null,
    lock: 'ACCESS EXCLUSIVE',
    scans: true,
    on: view.address,
    note: 'Its readers fail until it has run.',
  }
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
  /** The new index gets its name when the constraint adopts it. */
  readonly isAdopted: boolean
}

function copiesOf({ indexes, checks, foreignKeys }: Carried): readonly Renamed[] {
  return [
    ...indexes.map(({ original, name, oldName }) => ({
      kind: original.constraint ? ('constraint' as const) : ('index' as const),
      original: original.name,
      name,
      oldName,
      isAdopted: original.constraint !== null && isReferenced(original),
    })),
    ...[...checks, ...foreignKeys].map(({ original, name, oldName }) => ({
      kind: 'constraint' as const,
      original: original.name,
      name,
      oldName,
      isAdopted: false,
    })),
  ]
}

/** Sessions that have called a trigger's function expect the old types in its rows until the function has changed, in whatever way. */
function compileAnew({ triggers }: Table): readonly string[] {
  const routines = new Set(triggers.flatMap((trigger) => trigger.function ?? []))
  return [...routines]
    .filter(({ language }) => language === 'plpgsql')
    .map((routine) => `alter function ${quoteRelation(routine)}() ${routine.volatility}`)
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
