import type { Column, Table } from '../../evidence/catalog/model.js'
import { quoteBody } from '../../quote.js'
import type { Step } from '../step.js'

/** What most steps are; a builder says what its own is instead. */
export const STEP = { phase: 'expand', transactional: true, lock: null, rewrites: false, scans: false } as const

/** The table of these columns. */
export function tableOf(columns: readonly Column[]): Table {
  const [column] = columns
  if (!column) throw new Error('A key without columns.')
  return column.table
}

/** Names that a new constraint of this table must not take. */
export function constraintNamesOf(table: Table): Set<string> {
  const { primaryKey, uniques, checks, exclusions, foreignKeys } = table
  return new Set(
    [...(primaryKey ? [primaryKey] : []), ...uniques, ...checks, ...exclusions, ...foreignKeys].map(({ name }) => name),
  )
}

/** Names that an index of this table must not take. */
export function relationNamesIn(table: Table): Set<string> {
  return new Set([table.name, ...table.indexes.map(({ name }) => name)])
}

/** The partitions that hold rows, of every level. */
export function leavesOf(table: Table): readonly Table[] {
  return table.variety === 'partitioned' ? table.partitions.flatMap(leavesOf) : [table]
}

/** A partition's own column of this name. */
export function sameColumn(column: Column, partition: Table): Column {
  return partition.column(column.name) ?? column
}

/** A partition's own columns of these names. */
export function sameColumns(columns: readonly Column[], partition: Table): readonly Column[] {
  return columns.map((column) => sameColumn(column, partition))
}

/** A CHECK may forbid that this column alone is emptied, or set to something else. */
export function isTiedByCheck({ table, name }: Column): boolean {
  return table.checks.some(
    ({ columns, expression }) =>
      columns.some((column) => column.name === name) && (columns.length > 1 || /\bNULL\b|\bnum_n/i.test(expression)),
  )
}

/** Once new rows keep the constraint, those that were there can be put right. */
export function repairStep(sql: string): Step {
  return { ...STEP, phase: 'backfill', sql, undo: null, lock: 'ROW EXCLUSIVE', scans: true }
}

/** Several statements as one, which all take effect or none, whatever tool runs them; `declarations` are PL/pgSQL's. */
export function block(statements: readonly string[], declarations: readonly string[] = []): string {
  const declare = declarations.length > 0 ? ['declare', ...declarations.map((one) => `  ${one};`)] : []
  return `do ${quoteBody([...declare, 'begin', ...statements.map((statement) => `  ${statement};`), 'end'].join('\n'))}`
}
