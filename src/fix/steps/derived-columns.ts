import type { Catalog, Column } from '../../evidence/catalog/model.js'
import { heirsOf } from '../../evidence/catalog/inheritance.js'
import type { Target } from '../../evidence/target.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteRelation } from '../quote.js'
import { recreateView } from '../recreate.js'
import type { Step } from '../step.js'
import { block, STEP } from './base.js'
import { inBatches, keyOf } from './batches.js'
import { type Carried, carriedBy, isStored } from './carried.js'
import { addCheck } from './constraints.js'
import { afterReview } from './statement.js'
import { BOUND_WAIT } from './timeouts.js'

/** A column whose value follows from its neighbours, and how the database is to keep it so. */
export interface Derivation {
  readonly column: Column
  /** The columns that it is computed from. */
  readonly parts: readonly Column[]
  /** The value in SQL over the table's columns; immutable. */
  readonly formula: string
  /**
   * check: the column stays, and a validated CHECK keeps it equal: nothing is written anew, and rows that disagree are shown · virtual:
   * computed when it is read, from PostgreSQL 18 on: nothing is written, but no index can hold it · stored: every row is written anew
   * under the strongest lock. The last two refuse every writer that still sends the value.
   */
  readonly as: 'check' | 'virtual' | 'stored'
}

/** First version with virtual generated columns. */
const VIRTUAL = 180000

/** Bytes of a table and its indexes that are written anew in a second, at the slow end of what was measured. */
const WRITTEN_PER_SECOND = 40 * 2 ** 20

/**
 * Has the database keep a derived column equal to its formula. What cannot be a generated column, because a target is too old, or an
 * index, a constraint or a policy hangs on it, is kept by the CHECK.
 */
export function keepDerived(
  derivation: Derivation,
  { catalog, target }: { readonly catalog: Catalog; readonly target: Target },
): readonly Step[] {
  const { column, parts, formula, as } = derivation
  const { table } = column
  const check = addCheck(table, [column, ...parts], `${quoteIdentifier(column.name)} = ${formula}`)
  const key = keyOf(table)
  const carried = onlyViewsAbove(column, catalog)
  const [first] = check
  if (as === 'check' || !first || !key || key.includes(column) || !carried) return check
  if (as === 'virtual' && target.oldest < VIRTUAL) return check
  const steps = [...check, exchange(derivation, carried, first), dropKept(derivation, key)]
  return afterReview(askAbout(derivation, target), steps)
}

/** Null where more than views hangs on the column, or the table's rows stand in several tables. */
function onlyViewsAbove(column: Column, catalog: Catalog): Carried | null {
  const { table } = column
  if (table.variety !== 'ordinary' || table.partitionOf || table.inherits.length > 0) return null
  if (heirsOf(table, catalog).length > 0) return null
  const names = new Map([[column.name, `${column.name}_kept`]])
  const carried = carriedBy(table, [column], names, names, new Map(), catalog)
  if (!carried) return null
  const { indexes, checks, foreignKeys, triggers, policies, virtuals, views } = carried
  return [indexes, checks, foreignKeys, triggers, policies, virtuals, views.filter(isStored)].every(
    ({ length }) => length === 0,
  )
    ? carried
    : null
}

function askAbout({ column, as }: Derivation, target: Target): string {
  const writers = `Does no program write ${column} any more? As a generated column it refuses every statement that sends a value for it.`
  if (as === 'virtual') return writers
  const size = target.sizeOf(column.table)
  const price =
    size === null
      ? 'its size is not known'
      : `${Math.ceil(size / 2 ** 20)} MiB, some ${Math.ceil(size / WRITTEN_PER_SECOND)} s, and as much WAL`
  return `${writers} Is there a maintenance window in which ${column.table} and its indexes are written anew while nobody can read it (${price})?`
}

function keptName({ name, table }: Column): string {
  return newName([name], 'legacy', new Set(table.columns.map((other) => other.name)))
}

function exchange({ column, formula, as }: Derivation, { views }: Carried, check: Step): Step {
  const { table, name, type, comment, notNull } = column
  const relation = quoteRelation(table)
  const [quoted, kept] = [quoteIdentifier(name), quoteIdentifier(keptName(column))]
  const begin = [
    `lock table ${relation} in access exclusive mode`,
    ...views.toReversed().map((view) => `drop view ${quoteRelation(view)}`),
  ]
  const remake = views.flatMap(recreateView)
  return {
    ...STEP,
    phase: 'switch',
    sql: block([
      ...begin,
      // It has shown that all rows agree; the generated column needs no guard.
      ...(check.undo === null ? [] : [check.undo]),
      `alter table ${relation} rename column ${quoted} to ${kept}`,
      ...(notNull ? [`alter table ${relation} alter column ${kept} drop not null`] : []),
      `alter table ${relation} add column ${quoted} ${type.sql} generated always as (${formula}) ${as}`,
      ...(notNull ? [`alter table ${relation} alter column ${quoted} set not null`] : []),
      ...(comment === null ? [] : [`comment on column ${relation}.${quoted} is ${quoteLiteral(comment)}`]),
      ...remake,
    ]),
    undo: block([
      ...begin,
      `alter table ${relation} drop column ${quoted}`,
      `alter table ${relation} rename column ${kept} to ${quoted}`,
      `update ${relation} set ${quoted} = ${formula} where ${quoted} is distinct from (${formula})`,
      ...(notNull ? [`alter table ${relation} alter column ${quoted} set not null`] : []),
      check.sql,
      ...remake,
    ]),
    lock: 'ACCESS EXCLUSIVE',
    rewrites: as === 'stored',
    scans: as === 'stored' || notNull,
    alters: [column.address],
    note: `The values that stood in ${name} are kept in ${keptName(column)} until the contract phase.`,
  }
}

function dropKept({ column, formula }: Derivation, key: readonly Column[]): Step {
  const { table, type, default: value, comment } = column
  const relation = quoteRelation(table)
  const kept = quoteIdentifier(keptName(column))
  const work = (condition: string) =>
    `update ${relation} set ${kept} = ${formula} where ${condition} and ${kept} is distinct from (${formula})`
  return {
    ...STEP,
    phase: 'contract',
    sql: block([BOUND_WAIT, `alter table ${relation} drop column if exists ${kept}`]),
    undo: inBatches(
      table,
      key,
      work,
      [`alter table ${relation} add column if not exists ${kept} ${type.sql}`],
      [
        ...(value === null ? [] : [`alter table ${relation} alter column ${kept} set default ${value}`]),
        ...(comment === null ? [] : [`comment on column ${relation}.${kept} is ${quoteLiteral(comment)}`]),
      ],
    ),
    transactional: false,
    lock: 'ACCESS EXCLUSIVE',
    note: 'Run it in a later release, when nobody wants to look at the old values any more.',
  }
}
