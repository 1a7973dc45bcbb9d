import type { Column, ForeignKey, Table } from '../../evidence/catalog/model.js'
import { quoteIdentifier } from '../../quote.js'
import { selectKeys } from '../listing.js'
import { quoteColumns, quoteRelation } from '../quote.js'
import type { Repair, Step } from '../step.js'
import { block, isTiedByCheck, STEP } from './base.js'

/** Rows of which no two may have the same values. SQL is over the table's columns. */
export interface Distinct {
  readonly table: Table
  readonly keys: readonly { readonly sql: string; readonly column: Column | null }[]
  /** Which rows it is about; absent for all. */
  readonly where?: string | undefined
  /** The columns will have to be NOT NULL too. */
  readonly filled?: boolean
  /** What to do with all but the first of each; default `release`. */
  readonly cleanUp?: CleanUp | undefined
}

/**
 * none: that is for a person to find out · release: a column of the key that may be null is set to null, and where there is none the
 * rows are deleted, once what references them points to the first · else what is set in them, in SQL, and in words.
 */
export type CleanUp = 'none' | 'release' | { readonly set: string; readonly does: string }

/** How to count and to list the rows of which there are several, and how to keep the first of each. */
export function watchDuplicates(distinct: Distinct): Pick<Step, 'precheck' | 'listing' | 'repair'> {
  const { table, keys } = distinct
  const key = keys.map(({ sql }) => sql).join(', ')
  const counted = countedOf(distinct)
  const repeated = `${quoteRelation(table)}${counted === '' ? '' : ` where ${counted}`} group by ${key} having count(*) > 1`
  const listed = counted === '' ? '' : `${counted} and `
  const listing = selectKeys(
    table,
    't',
    `${quoteRelation(table)} as t where ${listed}(${key}) in (select ${key} from ${repeated})`,
  )
  const repair = keepFirst(distinct)
  return {
    precheck: `select coalesce(sum(copies), 0) from (select count(*) as copies from ${repeated}) as duplicates`,
    ...(listing ? { listing } : {}),
    ...(repair ? { repair } : {}),
  }
}

/** Which rows count: a null is never the same as another. */
function countedOf({ keys, where }: Distinct): string {
  const filled = keys.flatMap(({ sql, column }) => (column?.notNull ? [] : [`${sql} is not null`]))
  const others = filled.filter((condition) => condition !== where)
  return [...(where ? [others.length > 0 ? `(${where})` : where] : []), ...others].join(' and ')
}

function keepFirst(distinct: Distinct): Repair | null {
  const { table, keys, cleanUp = 'release' } = distinct
  if (cleanUp === 'none') return null
  const relation = quoteRelation(table)
  const order = table.primaryKey ? quoteColumns(table.primaryKey.columns) : 'tableoid, ctid'
  const counted = countedOf(distinct)
  const each = `(partition by ${keys.map(({ sql }) => sql).join(', ')} order by ${order})`
  const rank = (what: string) =>
    `(select ${what}, row_number() over ${each} as copy from ${relation}${counted === '' ? '' : ` where ${counted}`}) as x`
  const copies = `from ${rank('tableoid as part, ctid as place')} where r.tableoid = x.part and r.ctid = x.place and x.copy > 1`
  const step = (sql: string): Step => ({ ...STEP, sql, undo: null, lock: 'ROW EXCLUSIVE', scans: true })
  const first = table.primaryKey ? `the first of each (by ${quoteColumns(table.primaryKey.columns)})` : 'one of each'
  if (typeof cleanUp === 'object')
    return {
      steps: [step(`update ${relation} as r set ${cleanUp.set} ${copies}`)],
      does: `all but ${first} ${cleanUp.does}`,
      before: true,
    }
  const emptied = emptiable(distinct)
  if (emptied && isTiedByCheck(emptied)) return null
  if (emptied)
    return {
      steps: [step(`update ${relation} as r set ${quoteIdentifier(emptied.name)} = null ${copies}`)],
      does: `${emptied.name} of all but ${first} be set to null`,
      before: true,
    }
  const references = table.referencedBy.filter(({ inherited }) => !inherited)
  const remove = `delete from ${relation} as r using ${copies.slice('from '.length)}`
  return {
    steps: [
      step(
        references.length === 0 ? remove : block([...references.map((key) => pointToFirst(key, rank, each)), remove]),
      ),
    ],
    does: `all but ${first} be deleted${references.length === 0 ? '' : ', once what references them points to that one'}`,
    before: true,
  }
}

/** The last column that may be null, and rather one that references nothing. */
function emptiable({ table, keys, filled }: Distinct): Column | null {
  if (filled) return null
  const columns = keys.flatMap(({ column }) => (column && !column.notNull && !column.generated ? [column] : []))
  const links = new Set(table.foreignKeys.flatMap((foreignKey) => foreignKey.columns))
  return columns.findLast((column) => !links.has(column)) ?? columns.at(-1) ?? null
}

function pointToFirst(
  { table, columns, referencedColumns }: ForeignKey,
  rank: (what: string) => string,
  each: string,
): string {
  const pairs = columns.map((column, at) => ({
    own: quoteIdentifier(column.name),
    key: quoteIdentifier(referencedColumns[at]?.name ?? ''),
    at,
  }))
  const what = pairs
    .map(({ key, at }) => `${key} as was_${at}, first_value(${key}) over ${each} as kept_${at}`)
    .join(', ')
  return `update ${quoteRelation(table)} as r set ${pairs.map(({ own, at }) => `${own} = x.kept_${at}`).join(', ')} from ${rank(what)} where x.copy > 1 and ${pairs.map(({ own, at }) => `r.${own} = x.was_${at}`).join(' and ')}`
}
