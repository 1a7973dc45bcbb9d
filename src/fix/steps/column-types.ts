import type { Column } from '../../evidence/catalog/model.js'
import { quoteIdentifier } from '../../quote.js'
import { quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { STEP } from './base.js'

/** Changes a column's type in place: short SQL, but the table is written anew under the strongest lock unless the types are binary compatible. */
export function alterColumnType(column: Column, type: string, using?: string): readonly Step[] {
  const on = `alter table ${quoteRelation(column.table)} alter column ${quoteIdentifier(column.name)} type`
  return [
    {
      ...STEP,
      phase: 'switch',
      sql: `${on} ${type}${using ? ` using ${using}` : ''}`,
      undo: `${on} ${column.type.sql}${using ? ` using ${quoteIdentifier(column.name)}::${column.type.sql}` : ''}`,
      lock: 'ACCESS EXCLUSIVE',
      rewrites: true,
      scans: true,
      review: `Every row of ${column.table} is written anew while nobody can read it: is the table small enough, or is there a maintenance window?`,
    },
  ]
}
