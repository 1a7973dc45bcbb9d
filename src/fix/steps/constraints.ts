import type { Column, Constraint, ForeignKey, ReferentialAction, Table } from '../../evidence/catalog/model.js'
import type { Target } from '../../evidence/target.js'
import { quoteIdentifier } from '../../quote.js'
import { newName, quoteColumns, quoteRelation } from '../quote.js'
import { switchForeignKey } from '../recreate.js'
import type { Step } from '../step.js'
import { block, constraintNamesOf, isTiedByCheck, leavesOf, repairStep, STEP, tableOf } from './base.js'
import { repairViolations } from './violations.js'

/** First version with NOT NULL … NOT VALID, and with foreign keys NOT VALID on partitioned tables. */
const NOT_VALID_EVERYWHERE = 180000

/** Adds a CHECK that holds for new rows at once, and validates the old ones in a transaction of its own. `expression` is SQL over the table's columns. */
export function addCheck(table: Table, columns: readonly Column[], expression: string): readonly Step[] {
  const name = newName([table.name, ...columns.map((column) => column.name)], 'check', constraintNamesOf(table))
  const violations = `select count(*) from ${quoteRelation(table)} where not (${expression})`
  const repair = repairViolations(table, expression)
  return addConstraint(table, name, `check (${expression})`, { precheck: violations, ...(repair ? { repair } : {}) })
}

/** Of a row `t`: it references what is not there. */
function isOrphaned(columns: readonly Column[], referencedColumns: readonly Column[]): string {
  const join = columns.map(
    (column, at) => `r.${quoteIdentifier(referencedColumns[at]?.name ?? '')} = t.${quoteIdentifier(column.name)}`,
  )
  const filled = columns.map((column) => `t.${quoteIdentifier(column.name)} is not null`)
  return `${filled.join(' and ')} and not exists (select from ${quoteRelation(tableOf(referencedColumns))} as r where ${join.join(' and ')})`
}

/** Lets the server keep a foreign key again whose triggers were disabled. Rows that came in meanwhile are counted, not looked at again. */
export function enableForeignKey(foreignKey: ForeignKey): readonly Step[] {
  const { table, columns, referencedColumns } = foreignKey
  return [
    {
      ...STEP,
      phase: 'switch',
      sql: switchForeignKey(foreignKey, 'enable'),
      undo: switchForeignKey(foreignKey, 'disable'),
      lock: 'SHARE ROW EXCLUSIVE',
      precheck: `select count(*) from ${quoteRelation(table)} as t where ${isOrphaned(columns, referencedColumns)}`,
    },
  ]
}

/**
 * Adds a foreign key NOT VALID, and validates it in a transaction of its own. Before PostgreSQL 18 a partitioned table takes none
 * that is NOT VALID: there each partition gets its own, and the parent's then takes them over.
 */
export function addForeignKey(
  columns: readonly Column[],
  referencedColumns: readonly Column[],
  target: Target,
  onDelete: ReferentialAction = 'no action',
  /** Columns that SET NULL empties, all of them when none is named. */
  emptied: readonly Column[] = [],
): readonly Step[] {
  const table = tableOf(columns)
  const referenced = tableOf(referencedColumns)
  const nameOn = (owner: Table) =>
    newName([owner.name, ...columns.map((column) => column.name)], 'fkey', constraintNamesOf(owner))
  const definition =
    `foreign key (${quoteColumns(columns)}) references ${quoteRelation(referenced)} (${quoteColumns(referencedColumns)})` +
    (onDelete === 'no action' ? '' : ` on delete ${onDelete}`) +
    (emptied.length > 0 ? ` (${quoteColumns(emptied)})` : '')
  const orphaned = isOrphaned(columns, referencedColumns)
  const add = (owner: Table, options: Partial<Step> = {}) =>
    addConstraint(owner, nameOn(owner), definition, {
      precheck: `select count(*) from ${quoteRelation(owner)} as t where ${orphaned}`,
      ...releaseOrphans(owner, columns, orphaned),
      lock: 'SHARE ROW EXCLUSIVE',
      ...options,
    })
  if (table.variety !== 'partitioned' || target.oldest >= NOT_VALID_EVERYWHERE) return add(table)
  const name = quoteIdentifier(nameOn(table))
  return [
    ...leavesOf(table).flatMap((leaf) => add(leaf)),
    {
      ...STEP,
      phase: 'switch',
      sql: `alter table ${quoteRelation(table)} add constraint ${name} ${definition}`,
      undo: `alter table ${quoteRelation(table)} drop constraint ${name}`,
      lock: 'SHARE ROW EXCLUSIVE',
    },
  ]
}

/** Rows that point nowhere lose their reference where it may be null, and else go, unless others point to them. */
function releaseOrphans(owner: Table, columns: readonly Column[], orphaned: string): Pick<Step, 'repair'> {
  const on = `${quoteRelation(owner)} as t`
  const repair = (sql: string, does: string) => ({ repair: { steps: [repairStep(sql)], does, before: false } })
  const free = columns.filter(({ notNull }) => !notNull)
  if (free.length === 0) {
    const along = goingAlong(owner)
    const others = along && along.length > 1 ? `, and what references them in ${along.slice(1).join(', ')}` : ''
    return along ? repair(`delete from ${on} where ${orphaned}`, `they be deleted${others}`) : {}
  }
  if (free.some(isTiedByCheck)) return {}
  const emptied = free.map(({ name }) => `${quoteIdentifier(name)} = null`).join(', ')
  return repair(
    `update ${on} set ${emptied} where ${orphaned}`,
    `their ${free.map(({ name }) => name).join(', ')} be set to null`,
  )
}

/** Tables of which rows go when one of the first is deleted; null where a foreign key may forbid it. */
function goingAlong(table: Table, found: Set<Table> = new Set()): readonly Table[] | null {
  if (found.has(table)) return [...found]
  found.add(table)
  for (const { table: other, columns, onDelete } of table.referencedBy) {
    if (onDelete === 'set null' && columns.every((column) => !column.notNull && !isTiedByCheck(column))) continue
    if (onDelete !== 'cascade' || !goingAlong(other, found)) return null
  }
  return [...found]
}

/** Adds a constraint that may be there already, as where an undo that commits on its way is run again. */
export function addAgain(relation: string, name: string, definition: string): readonly string[] {
  const quoted = quoteIdentifier(name)
  return [
    `alter table ${relation} drop constraint if exists ${quoted}`,
    `alter table ${relation} add constraint ${quoted} ${definition}`,
  ]
}

/** Adds a constraint NOT VALID, and validates it in a transaction of its own. */
export function addConstraint(
  table: Pick<Table, 'schema' | 'name'>,
  name: string,
  definition: string,
  options: Partial<Pick<Step, 'precheck' | 'repair' | 'lock'>> = {},
): readonly Step[] {
  const on = `alter table ${quoteRelation(table)}`
  return [
    {
      ...STEP,
      sql: `${on} add constraint ${quoteIdentifier(name)} ${definition} not valid`,
      undo: `${on} drop constraint if exists ${quoteIdentifier(name)}`,
      lock: 'ACCESS EXCLUSIVE',
      ...options,
    },
    validate(table, name),
  ]
}

function validate(table: Pick<Table, 'schema' | 'name'>, name: string): Step {
  return {
    ...STEP,
    phase: 'validate',
    sql: `alter table ${quoteRelation(table)} validate constraint ${quoteIdentifier(name)}`,
    undo: null,
    lock: 'SHARE UPDATE EXCLUSIVE',
    scans: true,
  }
}

/**
 * Sets NOT NULL without a scan under a strong lock: NOT NULL … NOT VALID from PostgreSQL 18 on, before it a CHECK that is
 * validated first and that the server then trusts.
 */
export function setNotNull(column: Column, target: Target): readonly Step[] {
  const { table } = column
  const on = `alter table ${quoteRelation(table)}`
  const name = newName([table.name, column.name], 'not_null', constraintNamesOf(table))
  const quoted = quoteIdentifier(column.name)
  const empty = `${quoteRelation(table)} where ${quoted} is null`
  const options = { precheck: `select count(*) from ${empty}`, ...fillWithDefault(column) }
  if (target.oldest >= NOT_VALID_EVERYWHERE)
    return addConstraint(table, name, `not null ${quoted}`, options).map((step) =>
      step.undo === null ? step : { ...step, undo: dropNotNull(table, quoted) },
    )
  return [
    ...addConstraint(table, name, `check (${quoted} is not null)`, options),
    {
      ...STEP,
      phase: 'switch',
      sql: `${on} alter column ${quoted} set not null`,
      undo: dropNotNull(table, quoted),
      lock: 'ACCESS EXCLUSIVE',
    },
    {
      ...STEP,
      phase: 'switch',
      sql: `${on} drop constraint if exists ${quoteIdentifier(name)}`,
      undo: null,
      lock: 'ACCESS EXCLUSIVE',
    },
  ]
}

function fillWithDefault(column: Column): Pick<Step, 'repair'> {
  const { table, name, default: value, generated } = column
  if (value === null || generated || isTiedByCheck(column)) return {}
  const quoted = quoteIdentifier(name)
  return {
    repair: {
      // Behind the CHECK, another fix's rows that still break it could not be put right.
      steps: [
        {
          ...repairStep(`update ${quoteRelation(table)} set ${quoted} = default where ${quoted} is null`),
          phase: 'expand',
        },
      ],
      does: `their ${name} be set to its default, ${value}`,
      before: true,
    },
  }
}

/** From PostgreSQL 18 on a primary key leaves NOT NULL behind in every partition that has had its own. */
function dropNotNull(table: Table, quoted: string): string {
  const within = (owner: Table): readonly Table[] => [owner, ...owner.partitions.flatMap(within)]
  const [statement = '', ...others] = within(table).map(
    (owner) => `alter table ${quoteRelation(owner)} alter column ${quoted} drop not null`,
  )
  return others.length === 0 ? statement : block([statement, ...others])
}

/** Has the rows that were there before a NOT VALID constraint checked; undoing makes it NOT VALID again. */
export function validateConstraint(constraint: Constraint): readonly Step[] {
  const on = `alter table ${quoteRelation(constraint.table)}`
  const name = quoteIdentifier(constraint.name)
  return [
    {
      ...validate(constraint.table, constraint.name),
      undo: `${on} drop constraint ${name}, add constraint ${name} ${constraint.definition}`,
    },
  ]
}

/** Takes a constraint away. */
export function dropConstraint(constraint: Constraint): readonly Step[] {
  const on = `alter table ${quoteRelation(constraint.table)}`
  return [
    {
      ...STEP,
      phase: 'contract',
      sql: `${on} drop constraint ${quoteIdentifier(constraint.name)}`,
      undo: `${on} add constraint ${quoteIdentifier(constraint.name)} ${constraint.definition}`,
      lock: 'ACCESS EXCLUSIVE',
    },
  ]
}

/** Replaces what a foreign key does on delete; the new key stands before the old one goes. */
export function changeOnDelete(foreignKey: ForeignKey, onDelete: ReferentialAction, target: Target): readonly Step[] {
  return [
    ...addForeignKey(foreignKey.columns, foreignKey.referencedColumns, target, onDelete),
    ...dropConstraint(foreignKey),
  ]
}
