import type { Catalog, Column, Table } from '../../evidence/catalog/model.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import { quoteRelation } from '../quote.js'
import { recreatePolicy, recreateRule, recreateTrigger, recreateView } from '../recreate.js'
import type { Step } from '../step.js'
import { block, STEP } from './base.js'
import { dropRulesAndViews, isStored, readersOf, readingGenerated } from './carried.js'
import { carryByName } from './carry-by-name.js'
import type { Replacement } from './dual-write.js'

/** Another type for a column. */
export interface TypeChange {
  readonly column: Column
  /** The new type in SQL. */
  readonly type: string
  /** The new value in SQL from the old; default a cast. */
  readonly forward?: (value: string) => string
  /** The old value in SQL from the new; default a cast. */
  readonly backward?: (value: string) => string
  /** The new default in SQL; null for none; default the old one. */
  readonly default?: string | null
  /** A condition in SQL that holds for values that the new type cannot hold, or not without loss. */
  readonly unfit?: (value: string) => string
  /** With this setting the server takes the stored bytes for the new type's. */
  readonly unchangedUnder?: { readonly setting: string; readonly value: string }
}

/**
 * One statement for all columns, so that each row is written once; heirs and partitions change with their parent. What the server
 * would have no type changed under (generated columns, views, rules, policies, triggers) is made again in the same transaction, and so
 * are defaults that heirs have of their own.
 */
export function changeInPlace(changes: readonly TypeChange[], table: Table, catalog: Catalog): Step {
  const heirs = heirsOf(table, catalog)
  const columns = changes.map(({ column }) => column)
  const generated = readingGenerated(table, columns)
  const both = changes
    .filter(({ column }) => !generated.includes(column))
    .map((change) => describeChange(change, heirs))
  const unfit = both.flatMap((one) => one.unfit ?? [])
  const under = changes[0]?.unchangedUnder
  const around = readersAround([...columns, ...generated], table, catalog)
  const newTypes = new Map(changes.map(({ column, type }) => [column, type]))
  const statement = (direction: 'up' | 'down') => {
    const actions = [
      ...generated.map(({ name }) => `drop column ${quoteIdentifier(name)}`),
      ...both.map((one) => one[direction].alter),
      ...generated.map((one) => generateAgain(one, (direction === 'up' && newTypes.get(one)) || one.type.sql)),
    ]
    const alters = [
      ...both.flatMap((one) => one[direction].before),
      `alter table ${quoteRelation(table)} ${actions.join(', ')}`,
      ...both.flatMap((one) => one[direction].after),
      ...generated.flatMap(({ name, comment }) =>
        comment === null
          ? []
          : [`comment on column ${quoteRelation(table)}.${quoteIdentifier(name)} is ${quoteLiteral(comment)}`],
      ),
    ]
    const set = under ? [`set local ${under.setting} to ${quoteLiteral(under.value)}`] : []
    const all = [...set, ...around.before, ...alters, ...around.after]
    return all.length === 1 ? all[0]! : block(all, around.declarations)
  }
  return {
    ...STEP,
    phase: 'switch',
    sql: statement('up'),
    undo: statement('down'),
    lock: 'ACCESS EXCLUSIVE',
    rewrites: true,
    scans: true,
    alters: columns.map(({ address }) => address),
    ...(unfit.length > 0
      ? { precheck: `select count(*) from ${quoteRelation(table)} where ${unfit.join(' or ')}` }
      : {}),
  }
}

function generateAgain({ name, generated, notNull }: Column, type: string): string {
  const kept = generated?.stored ? 'stored' : 'virtual'
  return `add column ${quoteIdentifier(name)} ${type} generated always as (${generated?.expression}) ${kept}${notNull ? ' not null' : ''}`
}

/** The actions of one column, there and back; `before` and `after` are statements for defaults that differ among heirs. */
function describeChange(change: TypeChange, heirs: readonly Table[]) {
  const { column, type, forward, backward, default: next } = replacementOf(change)
  const name = quoteIdentifier(column.name)
  const action = `alter column ${name}`
  // What a generated column holds is not converted but computed.
  const isAsIs = change.unchangedUnder !== undefined || column.generated !== null
  const own = heirs.flatMap((heir) => heir.column(column.name) ?? [])
  const differ = own.some((one) => one.default !== column.default)
  const alter = (to: string, using: string | null, was: string | null, value: string | null) => {
    const dropped = was === null || differ ? [] : [`${action} drop default`]
    const set = value === null || differ ? [] : [`${action} set default ${value}`]
    return [...dropped, `${action} type ${to}${using === null ? '' : ` using ${using}`}`, ...set].join(', ')
  }
  const alone = (one: Column, what: string) => `alter table only ${quoteRelation(one.table)} ${action} ${what}`
  const drop = (one: Column, was: string | null) => (was === null ? [] : [alone(one, 'drop default')])
  const set = (one: Column, value: string | null) => (value === null ? [] : [alone(one, `set default ${value}`)])
  const around = (was: string | null, value: string | null) => ({
    before: differ ? [column, ...own].flatMap((one) => drop(one, one === column ? was : one.default)) : [],
    after: differ ? [column, ...own].flatMap((one) => set(one, one === column ? value : one.default)) : [],
  })
  return {
    up: {
      alter: alter(type, isAsIs ? null : forward(name), column.default, next),
      ...around(column.default, next),
    },
    down: {
      alter: alter(column.type.sql, isAsIs ? null : backward(name), next, column.default),
      ...around(next, column.default),
    },
    unfit: change.unfit?.(name),
  }
}

/** Partitions and heirs of every level, each once. */
function heirsOf(table: Table, catalog: Catalog): readonly Table[] {
  const found = new Set([table])
  for (const parent of found)
    for (const one of catalog.tables) if (one.partitionOf === parent || one.inherits.includes(parent)) found.add(one)
  return [...found].slice(1)
}

/** What takes away all that reads the columns, and what makes it again; nothing where rows of a materialized view would be lost. */
function readersAround(columns: readonly Column[], table: Table, catalog: Catalog) {
  const { triggers, policies, views, rewriteRules } = readersOf(columns, catalog)
  const nothing = { declarations: [], before: [], after: [] }
  if ([triggers, policies, views, rewriteRules].every(({ length }) => length === 0) || views.some(isStored))
    return nothing
  const names = columns.map(({ name }) => name)
  const hanging = carryByName(table, names, views)
  return {
    declarations: hanging.declarations,
    before: [
      `lock table ${quoteRelation(table)} in access exclusive mode`,
      ...hanging.collect,
      ...dropRulesAndViews({ views, rewriteRules }),
      ...[...triggers.map((one) => ['trigger', one] as const), ...policies.map((one) => ['policy', one] as const)].map(
        ([kind, one]) => `drop ${kind} ${quoteIdentifier(one.name)} on ${quoteRelation(one.table)}`,
      ),
    ],
    after: [
      ...triggers.flatMap(recreateTrigger),
      ...views.flatMap(recreateView),
      ...rewriteRules.flatMap(recreateRule),
      ...policies.flatMap(recreatePolicy),
      ...hanging.restore,
    ],
  }
}

/** How a column is replaced by one of the new type. */
export function replacementOf(change: TypeChange): Replacement {
  const { column, type } = change
  return {
    column,
    type,
    forward: (value) => (change.forward ?? castTo(type))(value),
    backward: (value) => (change.backward ?? castBack(column, type))(value),
    losesValues: !change.backward && LIMITS[column.type.name] !== undefined,
    default: change.default === undefined ? column.default : change.default,
  }
}

const castTo = (type: string) => (value: string) => `${value}::${type}`

/** Integers from here on do not go back into the narrower type. */
const LIMITS: Readonly<Record<string, number>> = { int2: 2 ** 15, int4: 2 ** 31 }

function castBack({ type }: Column, wider: string): (value: string) => string {
  const limit = LIMITS[type.name]
  if (limit === undefined || !/^(?:bigint|integer|numeric)/.test(wider)) return castTo(type.sql)
  return (value) => `case when ${value} >= ${-limit} and ${value} < ${limit} then ${value}::${type.sql} end`
}
