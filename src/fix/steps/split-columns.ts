import { SECURITY_INVOKER } from './views.js'
import { heirsOf } from '../../evidence/catalog/inheritance.js'
import type { Catalog, Column, Index, Table, View } from '../../evidence/catalog/model.js'
import type { Target } from '../../evidence/target.js'
import { quoteBody, quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteRelation } from '../quote.js'
import { recreateView } from '../recreate.js'
import { readThrough } from '../read-through.js'
import type { Step } from '../step.js'
import { block, constraintNamesOf, STEP, tableOf } from './base.js'
import { inBatches, keyOf } from './batches.js'
import { indexesUsing, isStored, readersOf, readingGenerated } from './carried.js'
import { carryByName } from './carry-by-name.js'
import { asStatement, grantLikeColumn, letReadLikeTable } from './column-grants.js'
import { addAgain, addConstraint, setNotNull } from './constraints.js'
import { createTrigger, dropTrigger, lastTrigger } from './dual-write.js'
import { createIndex, dropIndex } from './indexes.js'
import { BOUND_WAIT } from './timeouts.js'

/** A text that holds several facts, one behind the other, and the columns that they become. */
export interface SplitColumn {
  readonly column: Column
  /** What stands between any two of them. */
  readonly separator: string
  /** At least two, in their order. */
  readonly parts: readonly SplitPart[]
}

export interface SplitPart {
  /** The new column's name, unquoted; one that is taken gets a number. */
  readonly name: string
  readonly type: 'numeric' | 'bigint' | 'text'
}

/** Texts that come back as they were from a value of the type. */
const EXACT: Readonly<Record<SplitPart['type'], string | null>> = {
  numeric: String.raw`^(-?[1-9][0-9]{0,130}(\.[0-9]{1,130})?|0(\.[0-9]{1,130})?|-0\.[0-9]{0,130}[1-9][0-9]{0,130})$`,
  bigint: '^(0|-?[1-9][0-9]{0,17})$',
  text: null,
}

interface Split extends SplitColumn {
  /** The column, quoted. */
  readonly name: string
}

/** All texts of one table that are split together. */
interface Plan {
  readonly table: Table
  readonly key: readonly Column[]
  readonly splits: readonly Split[]
  readonly views: readonly View[]
  readonly indexes: readonly Index[]
  /** Quoted. */
  readonly relation: string
  readonly routine: string
  /** Unquoted. */
  readonly trigger: string
}

/**
 * Splits texts of one table into a column for each fact: the columns are kept in step by a trigger and filled in batches; then both
 * sides follow each other, and in the end the texts go. A text from which a part would not come back as it was is counted before, and
 * refused from then on. A view, and the views that read the texts, show them as they were, made from the parts. No step where a key, a
 * unique index, a policy, a trigger or anything else hangs on a text that cannot be put on the parts, or rows stand in several tables.
 */
export function splitColumns(
  asked: readonly SplitColumn[],
  { catalog, target }: { readonly catalog: Catalog; readonly target: Target },
): readonly Step[] {
  const plan = planSplits(asked, catalog)
  if (!plan) return []
  const view = compatibilityView(plan, target)
  return [
    ...expand(plan),
    ...view,
    fill(plan),
    ...plan.indexes.flatMap((index) => indexParts(index, plan)),
    ...plan.splits.flatMap((split) => complete(split, target)),
    followBothWays(plan),
    ...plan.indexes.flatMap(dropIndex),
    retire(plan, view.length > 0),
  ]
}

function planSplits(asked: readonly SplitColumn[], catalog: Catalog): Plan | null {
  const columns = asked.map(({ column }) => column)
  const table = tableOf(columns)
  const key = keyOf(table)
  const indexes = indexesUsing(table, columns)
  const { views, triggers, policies, rewriteRules } = readersOf(columns, catalog)
  const hasAny = (some: readonly Column[]) => some.some((column) => columns.includes(column))
  if (
    !key ||
    hasAny(key) ||
    table.variety !== 'ordinary' ||
    table.partitionOf ||
    table.inherits.length > 0 ||
    heirsOf(table, catalog).length > 0 ||
    columns.some(({ generated, type }) => generated || type.domain) ||
    readingGenerated(table, columns).length > 0 ||
    indexes.some((index) => index.unique || index.constraint || index.isReplicaIdentity) ||
    [...table.foreignKeys, ...table.exclusions].some((constraint) => hasAny(constraint.columns)) ||
    table.referencedBy.some(({ referencedColumns }) => hasAny(referencedColumns)) ||
    table.checks.some((check) => hasAny(check.columns) && (check.columns.length > 1 || check.inherited)) ||
    [triggers, policies, rewriteRules].some(({ length }) => length > 0) ||
    views.some(isStored)
  )
    return null
  const taken = new Set(table.columns.map(({ name }) => name))
  const functions = new Set(catalog.functions.filter(({ schema }) => schema === table.schema).map(({ name }) => name))
  return {
    table,
    key,
    splits: asked.map((split) => ({
      ...split,
      name: quoteIdentifier(split.column.name),
      parts: split.parts.map((part) => {
        let { name } = part
        for (let number = 1; taken.has(name); number++) name = `${part.name}${number}`
        taken.add(name)
        return { ...part, name }
      }),
    })),
    views,
    indexes,
    relation: quoteRelation(table),
    routine: quoteRelation({
      schema: table.schema,
      name: newName([table.name, ...columns.map(({ name }) => name)], 'split', functions),
    }),
    trigger: lastTrigger(table, 'split'),
  }
}

const plain = (name: string) => quoteIdentifier(name)
const ofNew = (name: string) => `new.${quoteIdentifier(name)}`
const ofOld = (name: string) => `old.${quoteIdentifier(name)}`

/** The text of one part. */
function textOfPart(at: number, { separator }: SplitColumn, value: string): string {
  return `pg_catalog.split_part((${value})::text, ${quoteLiteral(separator)}, ${at + 1})`
}

/** One part's value; null where the text has none. */
function partOf(at: number, split: SplitColumn, value: string): string {
  const { type } = split.parts[at]!
  const [text, exact] = [textOfPart(at, split, value), EXACT[type]]
  const condition = exact === null ? `${value} is not null` : `${text} ~ ${quoteLiteral(exact)}`
  return `case when ${condition} then ${text}${exact === null ? '' : `::${type}`} end`
}

/** Holds where the text has all parts and comes back from them as it was. */
function fits(split: SplitColumn, value: string): string {
  const { parts, separator } = split
  const counted = `coalesce(pg_catalog.array_length(pg_catalog.string_to_array((${value})::text, ${quoteLiteral(separator)}), 1), 0) = ${parts.length}`
  const exact = parts.flatMap(({ type }, at) => {
    const pattern = EXACT[type]
    return pattern === null ? [] : [`${textOfPart(at, split, value)} ~ ${quoteLiteral(pattern)}`]
  })
  return [counted, ...exact].join(' and ')
}

/** The text again; null where a part is missing. */
function together({ parts, separator }: SplitColumn, of: (name: string) => string): string {
  return parts
    .map(({ name, type }) => (type === 'text' ? of(name) : `${of(name)}::text`))
    .join(` || ${quoteLiteral(separator)} || `)
}

function differ({ parts }: SplitColumn, a: (name: string) => string, b: (name: string) => string): string {
  return parts.map(({ name }) => `${a(name)} is distinct from ${b(name)}`).join(' or ')
}

/** What keeps both sides in step; until the switch the texts alone are written by programs. */
function definition({ splits, routine }: Plan, bothWays: boolean): string {
  const lines = splits.flatMap((split) => (bothWays ? followEither(split) : followText(split)))
  const body = ['begin', ...lines.map((line) => `  ${line}`), '  return new;', 'end'].join('\n')
  return `create ${bothWays ? 'or replace ' : ''}function ${routine}() returns trigger language plpgsql as ${quoteBody(body)}`
}

function refuseUnfit(split: Split): readonly string[] {
  const { column, name, parts, separator } = split
  const refusal = `${column} holds ${parts.length} values split at «${separator}».`
  return [
    `if new.${name} is not null and not (${fits(split, `new.${name}`)}) then`,
    `  raise check_violation using message = ${quoteLiteral(refusal)};`,
    'end if;',
  ]
}

function takeApart(split: Split): readonly string[] {
  return split.parts.map((part, at) => `${ofNew(part.name)} := ${partOf(at, split, `new.${split.name}`)};`)
}

const isChanged = ({ name }: Split) => `new.${name}::text is distinct from old.${name}::text`

function followText(split: Split): readonly string[] {
  const refuse = refuseUnfit(split).map((line) => `  ${line}`)
  return [`if tg_op = 'INSERT' or ${isChanged(split)} then`, ...refuse, 'end if;', ...takeApart(split)]
}

/** Programs that do not know the parts send the text alone. */
function followEither(split: Split): readonly string[] {
  const changed = differ(split, ofNew, ofOld)
  const none = split.parts.map((part) => `${ofNew(part.name)} is null`).join(' and ')
  return [
    `if (tg_op = 'INSERT' and ${none}) or (tg_op = 'UPDATE' and not (${changed}) and ${isChanged(split)}) then`,
    ...[...refuseUnfit(split), ...takeApart(split)].map((line) => `  ${line}`),
    `elsif tg_op = 'INSERT' or ${changed} then`,
    `  new.${split.name} := ${together(split, ofNew)};`,
    'end if;',
  ]
}

function expand(plan: Plan): readonly Step[] {
  const { table, splits, relation, routine, trigger } = plan
  const parts = splits.flatMap((split) => split.parts)
  const texts = splits.map(({ column }) => column.name).join(', ')
  const unfit = splits.map((split) => `${split.name} is not null and not (${fits(split, split.name)})`)
  return [
    {
      ...STEP,
      sql: `alter table ${relation} ${parts.map((part) => `add column ${plain(part.name)} ${part.type}`).join(', ')}`,
      undo: `alter table ${relation} ${parts.map((part) => `drop column ${plain(part.name)}`).join(', ')}`,
      lock: 'ACCESS EXCLUSIVE',
      precheck: `select count(*) from ${relation} where ${unfit.join(' or ')}`,
    },
    {
      ...STEP,
      sql: asStatement(
        grantLikeColumn(
          table,
          splits.map((split) => ({ like: split.column.name, on: split.parts.map(({ name }) => name) })),
        ),
      ),
      undo: null,
      note: `Whoever has privileges on ${texts} alone has them on the parts too.`,
    },
    { ...STEP, sql: definition(plan, false), undo: `drop function if exists ${routine}()` },
    {
      ...STEP,
      sql: createTrigger(table, trigger, routine),
      undo: dropTrigger(table, trigger),
      lock: 'SHARE ROW EXCLUSIVE',
      note: `From here on ${quoteIdentifier(trigger)} fills the parts, and a value of ${texts} that does not come back from its parts as it was is refused.`,
    },
  ]
}

/** What the view is, with each text as it stands as long as its parts are not filled, or from the parts alone. */
function viewDefinition(plan: Plan, textIsThere: boolean): string {
  const { table, splits, relation } = plan
  const ofRow = (of: string) => `p.${quoteIdentifier(of)}`
  const columns = table.columns.map((one) => {
    const split = splits.find(({ column }) => column === one)
    if (!split) return ofRow(one.name)
    const made = typed(one, together(split, ofRow))
    return `${textIsThere ? `coalesce(${made}, ${ofRow(one.name)})` : made} as ${split.name}`
  })
  // Else it would ask of whoever reads one of its columns for privileges on all of them.
  const invoker = table.rowSecurity ? ' with (security_invoker = true)' : ''
  return `view ${viewName(plan)}${invoker} as select ${columns.join(', ')} from ${relation} as p`
}

function viewName({ table, splits }: Plan): string {
  const suffix = splits.length === 1 ? splits[0]!.column.name : 'texts'
  return quoteRelation({ schema: table.schema, name: newName([table.name, 'with'], suffix) })
}

function typed({ type, collation }: Column, expression: string): string {
  return `(${expression})::${type.sql}${collation === null ? '' : ` collate ${collation}`}`
}

/** None where it could show rows that row security keeps from whoever asks. */
function compatibilityView(plan: Plan, target: Target): readonly Step[] {
  const { table, splits } = plan
  if (table.rowSecurity && target.oldest < SECURITY_INVOKER) return []
  const texts = splits.map(({ column }) => column.name).join(', ')
  return [
    {
      ...STEP,
      sql: `create ${viewDefinition(plan, true)}`,
      undo: `drop view ${viewName(plan)}`,
      note: `It has the columns that ${table} had, with ${texts} made from the parts: readers that still want the text read it here.`,
    },
    {
      ...STEP,
      sql: asStatement(letReadLikeTable(table, viewName(plan), table.columns)),
      undo: null,
      note: 'Whoever may read the table may read the view.',
    },
  ]
}

function fill({ table, key, relation, splits }: Plan): Step {
  const values = splits.flatMap((split) =>
    split.parts.map((part, at) => ({ part: plain(part.name), value: partOf(at, split, split.name) })),
  )
  const undone = values.map(({ part, value }) => `${part} is distinct from ${value}`).join(' or ')
  const set = values.map(({ part, value }) => `${part} = ${value}`).join(', ')
  return {
    ...STEP,
    phase: 'backfill',
    sql: inBatches(table, key, (condition) => `update ${relation} set ${set} where ${condition} and (${undone})`),
    undo: null,
    transactional: false,
    lock: 'ROW EXCLUSIVE',
    scans: true,
    note: 'Commits after each batch. If it is interrupted, run it again: it passes over the rows that are done.',
  }
}

/** An index on a text alone becomes one on its parts; one of another kind serves nobody that reads these. */
function indexParts(index: Index, { table, splits }: Plan): readonly Step[] {
  const [first, ...others] = index.keys
  const split = splits.find(({ column }) => column === first?.column)
  if (index.method !== 'btree' || !split || others.length > 0 || index.predicate !== null) return []
  return createIndex(table, { keys: split.parts.map(({ name }) => ({ column: { ...split.column, name } })) }).map(
    (step) => ({ ...step, phase: 'backfill' as const }),
  )
}

/** Each row has all parts, or none where the text may be null. */
function complete({ column, parts }: Split, target: Target): readonly Step[] {
  const { table } = column
  const counted = newName([table.name, column.name], 'parts_check', constraintNamesOf(table))
  const list = parts.map(({ name }) => plain(name)).join(', ')
  const steps = column.notNull
    ? parts.flatMap(({ name }) => setNotNull({ ...column, name, default: null }, target))
    : addConstraint(table, counted, `check (num_nulls(${list}) in (0, ${parts.length}))`)
  // The rows have to be filled first.
  return steps.map((step) => (step.phase === 'expand' ? { ...step, phase: 'backfill' as const } : step))
}

/** The text is not what its parts say. */
function disagrees(split: Split): string {
  return `${split.name}::text is distinct from ${together(split, plain)}`
}

function followBothWays(plan: Plan): Step {
  const { relation, splits } = plan
  const texts = splits.map(({ column }) => column.name).join(', ')
  return {
    ...STEP,
    phase: 'switch',
    sql: definition(plan, true),
    undo: definition(plan, false).replace(/^create /, 'create or replace '),
    precheck: `select count(*) from ${relation} where ${splits.map(disagrees).join(' or ')}`,
    note: `From here on programs may read and write the parts: who writes them writes ${texts} too, and the other way round.`,
  }
}

/** Takes the texts away; what reads them through a view goes on doing so. */
function retire(plan: Plan, hasView: boolean): Step {
  const { table, key, relation, splits, routine, trigger, views } = plan
  const columns = splits.map(({ column }) => column)
  const alter = `alter table ${relation}`
  const ofRow = (part: string) => `p.${quoteIdentifier(part)}`
  const texts = splits.map((split) => `${typed(split.column, together(split, ofRow))} as ${split.name}`)
  const whole = `(select p.*, ${texts.join(', ')} from ${relation} as p)`
  const redirected = views.map((view) =>
    view.dependsOnColumns.some((column) => columns.includes(column))
      ? { ...view, definition: readThrough(view.definition, table, whole) }
      : view,
  )
  // Triggers and privileges on columns of views are not in the catalog's model.
  const hanging = views.length === 0 ? null : carryByName(table, [], views)
  const remake = (made: readonly View[], between: readonly string[] = []) => [
    ...(hanging?.collect ?? []),
    ...views.toReversed().map((view) => `drop view if exists ${quoteRelation(view)}`),
    ...between,
    ...made.flatMap(recreateView),
    ...(hanging?.restore ?? []),
  ]
  const defaults = splits.flatMap((split) =>
    split.column.default === null
      ? []
      : split.parts.map((part, at) => ({
          alter: `${alter} alter column ${plain(part.name)}`,
          value: partOf(at, split, split.column.default ?? ''),
        })),
  )
  const set = splits.map((split) => `${split.name} = ${together(split, plain)}`).join(', ')
  const work = (condition: string) =>
    `update ${relation} set ${set} where ${condition} and (${splits.map(disagrees).join(' or ')})`
  return {
    ...STEP,
    phase: 'contract',
    sql: block(
      [
        BOUND_WAIT,
        `lock table ${relation} in access exclusive mode`,
        ...remake(redirected, [
          ...(hasView ? [`create or replace ${viewDefinition(plan, false)}`] : []),
          dropTrigger(table, trigger),
          `drop function if exists ${routine}()`,
          `${alter} ${splits.map(({ name }) => `drop column if exists ${name}`).join(', ')}`,
          ...defaults.map((one) => `${one.alter} set default ${one.value}`),
        ]),
      ],
      hanging?.declarations ?? [],
    ),
    undo: inBatches(
      table,
      key,
      work,
      [
        `${alter} ${columns.map((column) => `add column if not exists ${typedColumn(column)}`).join(', ')}`,
        grantLikeColumn(
          table,
          splits.map(({ column, parts }) => ({ like: parts[0]!.name, on: [column.name] })),
        ),
        ...defaults.map((one) => `${one.alter} drop default`),
        definition(plan, true),
        dropTrigger(table, trigger),
        createTrigger(table, trigger, routine),
      ],
      [
        ...columns.flatMap((column) => constrainAgain(column, alter)),
        ...(hasView ? [`create or replace ${viewDefinition(plan, true)}`] : []),
        ...(hanging
          ? [
              `declare\n${hanging.declarations.map((one) => `  ${one};`).join('\n')}\nbegin\n${remake(views)
                .map((one) => `  ${one};`)
                .join('\n')}\nend`,
            ]
          : []),
      ],
    ),
    transactional: false,
    lock: 'ACCESS EXCLUSIVE',
    alters: columns.map(({ address }) => address),
    note: `Run it in a later release, when nothing that is deployed reads or writes ${columns.map(({ name }) => name).join(', ')}.`,
  }
}

function typedColumn({ name, type, collation }: Column): string {
  return `${quoteIdentifier(name)} ${type.sql}${collation === null ? '' : ` collate ${collation}`}`
}

function constrainAgain({ table, name, default: value, notNull, comment }: Column, alter: string): readonly string[] {
  const quoted = quoteIdentifier(name)
  return [
    ...(value === null ? [] : [`${alter} alter column ${quoted} set default ${value}`]),
    ...(notNull ? [`${alter} alter column ${quoted} set not null`] : []),
    ...(comment === null ? [] : [`comment on column ${quoteRelation(table)}.${quoted} is ${quoteLiteral(comment)}`]),
    ...table.checks
      .filter(({ columns }) => columns.some((column) => column.name === name))
      .flatMap((check) => addAgain(quoteRelation(table), check.name, check.definition)),
  ]
}
