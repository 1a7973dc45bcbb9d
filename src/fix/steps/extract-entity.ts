import type { Catalog, Column } from '../../evidence/catalog/model.js'
import { heirsOf } from '../../evidence/catalog/inheritance.js'
import type { Target } from '../../evidence/target.js'
import { quoteBody, quoteIdentifier } from '../../quote.js'
import { newName, quoteColumns, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { block, STEP, tableOf } from './base.js'
import { addForeignKey } from './constraints.js'
import { createIndex } from './indexes.js'

/** Columns that belong to a thing of their own, and what names it. */
export interface Extraction {
  /** What becomes the new table's primary key; its columns stay. */
  readonly determinant: readonly Column[]
  /** What moves there. */
  readonly dependents: readonly Column[]
  /** The new table's name, as words of it are free. */
  readonly name: string
}

/**
 * Moves columns into a table of their own, with a row for each value of the determinant: it is made and filled, a trigger keeps it
 * complete while old writers go on, the foreign key is added, and in a later release the columns are taken out of use. No step
 * where tables inherit, or are partitioned.
 */
export function extractEntity(
  { determinant, dependents, name }: Extraction,
  { catalog, target }: { readonly catalog: Catalog; readonly target: Target },
): readonly Step[] {
  const table = tableOf(determinant)
  const { schema } = table
  if (table.variety !== 'ordinary' || table.partitionOf || table.inherits.length > 0) return []
  if (heirsOf(table, catalog).length > 0) return []
  if (dependents.some(({ generated, identity }) => generated || identity)) return []
  const taken = new Set(
    [...catalog.tables, ...catalog.views, ...catalog.sequences]
      .filter((one) => one.schema === schema)
      .map((one) => one.name),
  )
  if (taken.has(name)) return []
  const entity = quoteRelation({ schema, name })
  const relation = quoteRelation(table)
  const keys = quoteColumns(determinant)
  const all = quoteColumns([...determinant, ...dependents])
  const filled = determinant.map((column) => `${quoteIdentifier(column.name)} is not null`).join(' and ')
  const differs = dependents.map(({ name: column }) => {
    const quoted = quoteIdentifier(column)
    return `min(${quoted}::text) is distinct from max(${quoted}::text) or (bool_or(${quoted} is null) and bool_or(${quoted} is not null))`
  })
  const routines = new Set(catalog.functions.filter((one) => one.schema === schema).map((one) => one.name))
  const routine = quoteRelation({ schema, name: newName([name], 'keep', routines) })
  const trigger = quoteIdentifier(newName([table.name, name], 'keep'))
  const values = [...determinant, ...dependents].map((column) => `new.${quoteIdentifier(column.name)}`).join(', ')
  const given = determinant.map((column) => `new.${quoteIdentifier(column.name)} is not null`).join(' and ')
  const keep = `create function ${routine}() returns trigger language plpgsql as ${quoteBody(
    `begin
  if ${given} then
    insert into ${entity} (${all}) values (${values}) on conflict (${keys}) do nothing;
  end if;
  return new;
end`,
  )}`
  const makeTrigger = `create trigger ${trigger} before insert or update of ${keys} on ${relation} for each row execute function ${routine}()`
  const made: Step[] = [
    {
      ...STEP,
      sql: `create table ${entity} (${[
        ...determinant.map(({ name: column, type }) => `${quoteIdentifier(column)} ${type.sql} not null`),
        ...dependents.map(
          ({ name: column, type, notNull }) => `${quoteIdentifier(column)} ${type.sql}${notNull ? ' not null' : ''}`,
        ),
        `primary key (${keys})`,
      ].join(', ')})`,
      undo: `drop table ${entity}`,
      precheck: `select count(*) from (select from ${relation} where ${filled} group by ${keys} having ${differs.join(' or ')}) as contradictory`,
    },
    { ...STEP, sql: keep, undo: `drop function ${routine}()` },
    { ...STEP, sql: makeTrigger, undo: `drop trigger ${trigger} on ${relation}`, lock: 'SHARE ROW EXCLUSIVE' },
    {
      ...STEP,
      phase: 'backfill',
      sql: `insert into ${entity} (${all}) select distinct on (${keys}) ${all} from ${relation} where ${filled} order by ${keys} on conflict (${keys}) do nothing`,
      undo: null,
      scans: true,
    },
  ]
  const references = foreignKeySteps(determinant, { schema, name }, target)
  return [...made, ...references, retire(determinant, dependents, { entity, routine, trigger, keep, makeTrigger })]
}

/** The key back to the new table, which no catalog knows yet; the index is for what deletes there. */
function foreignKeySteps(
  determinant: readonly Column[],
  entity: Pick<Column['table'], 'schema' | 'name'>,
  target: Target,
): readonly Step[] {
  const table = tableOf(determinant)
  const like = { ...table, ...entity }
  const keys = determinant.map((column) => ({ ...column, table: like }))
  const leads = table.indexes.some(
    ({ keys: parts, predicate, valid }) =>
      valid && predicate === null && determinant.every((column, at) => parts[at]?.column === column),
  )
  const index = leads ? [] : createIndex(table, { keys: determinant.map((column) => ({ column })) })
  // The rows that it would count are there when it is validated.
  const unchecked = addForeignKey(determinant, keys, target).map((step) => {
    const copy: { -readonly [Key in keyof Step]: Step[Key] } = { ...step }
    delete copy.precheck
    delete copy.repair
    return copy
  })
  return [...index, ...unchecked]
}

/** The columns keep their values under another name until nothing can ask for them any more. */
function retire(
  determinant: readonly Column[],
  dependents: readonly Column[],
  made: {
    readonly entity: string
    readonly routine: string
    readonly trigger: string
    readonly keep: string
    readonly makeTrigger: string
  },
): Step {
  const table = tableOf(determinant)
  const relation = quoteRelation(table)
  const taken = new Set(table.columns.map(({ name }) => name))
  const renamed = dependents.map((column) => ({ column, kept: newName([column.name], 'legacy', taken) }))
  const join = determinant.map(({ name }) => `e.${quoteIdentifier(name)} = t.${quoteIdentifier(name)}`).join(' and ')
  const quoted = ({ name }: { readonly name: string }) => quoteIdentifier(name)
  return {
    ...STEP,
    phase: 'contract',
    sql: block([
      `drop trigger ${made.trigger} on ${relation}`,
      `drop function ${made.routine}()`,
      ...renamed.flatMap(({ column, kept }) => [
        ...(column.notNull ? [`alter table ${relation} alter column ${quoted(column)} drop not null`] : []),
        `alter table ${relation} rename column ${quoted(column)} to ${quoteIdentifier(kept)}`,
      ]),
    ]),
    undo: block([
      ...renamed.map(
        ({ column, kept }) => `alter table ${relation} rename column ${quoteIdentifier(kept)} to ${quoted(column)}`,
      ),
      `update ${relation} as t set ${dependents.map((column) => `${quoted(column)} = e.${quoted(column)}`).join(', ')} from ${made.entity} as e where ${join} and (${dependents.map((column) => `t.${quoted(column)} is distinct from e.${quoted(column)}`).join(' or ')})`,
      ...dependents.flatMap((column) =>
        column.notNull ? [`alter table ${relation} alter column ${quoted(column)} set not null`] : [],
      ),
      made.keep,
      made.makeTrigger,
    ]),
    lock: 'ACCESS EXCLUSIVE',
    alters: dependents.map(({ address }) => address),
    note: 'Run it in a later release, when everything reads the new table; the columns named …_legacy may be dropped in the one after.',
  }
}
