import { quoteIdentifier } from '../../quote.js'
import type { Catalog, Column, Table } from '../catalog/model.js'
import type { CodedTable } from './codes.js'
import type { Inclusion, InclusionFact } from './inclusion.js'
import type { SampleTable } from './tables.js'

/** A foreign key, declared or borne out by rows, both of whose tables can be looked at. */
export interface Reference {
  readonly columns: readonly Column[]
  readonly referencedColumns: readonly Column[]
  readonly child: SampleTable
  readonly parent: SampleTable
}

/** Foreign keys along which rows can be compared. */
export function referencesAlong(
  catalog: Catalog,
  places: ReadonlyMap<string, SampleTable>,
  proposed: readonly Inclusion[],
  fact: (id: string) => InclusionFact | undefined,
): readonly Reference[] {
  const declared = [...catalog.foreignKeys()].filter(({ table, inherited }) => !inherited && !table.partitionOf)
  const borneOut = proposed.filter(({ id, unnamed }) => !unnamed && fact(id)?.grounds.verdict === 'holds')
  const known = new Set<string>()
  return [...declared, ...borneOut].flatMap(({ columns, referencedColumns }): readonly Reference[] => {
    const address = columns.map((column) => column.address).join()
    const child = places.get(columns[0]?.table.address ?? '')
    const parent = places.get(referencedColumns[0]?.table.address ?? '')
    if (!child || !parent || child === parent || known.has(address)) return []
    known.add(address)
    return [{ columns, referencedColumns, child, parent }]
  })
}

/** `c.x = p.y` for each column of the key. */
export function matchOf({ columns, referencedColumns }: Reference, child: string, parent: string): string {
  return columns
    .map(
      (column, at) =>
        `${child}.${quoteIdentifier(column.name)} = ${parent}.${quoteIdentifier(referencedColumns[at]!.name)}`,
    )
    .join(' and ')
}

/** Columns of a table that take part in no key, and say something. */
export function plainColumns(table: Table): readonly Column[] {
  const keys = new Set([...(table.primaryKey?.columns ?? []), ...table.foreignKeys.flatMap(({ columns }) => columns)])
  return table.columns.filter(
    (column) => !keys.has(column) && !column.generated && !column.inherited && !column.identity,
  )
}

/** How values of the columns of a table are spread over its rows. */
export type Spread = ReadonlyMap<string, { readonly distinct: number; readonly differing: number }>

/** Counts, for each column, its values and the share of pairs of rows that say different ones. */
export function spreadOf({ columns }: CodedTable): Spread {
  return new Map(
    [...columns].map(([name, { codes, distinct }]) => {
      const counts = new Int32Array(distinct)
      let filled = 0
      for (const code of codes)
        if (code >= 0) {
          counts[code]!++
          filled++
        }
      const equal = counts.reduce((sum, count) => sum + (count / Math.max(1, filled)) ** 2, 0)
      return [name, { distinct, differing: filled === 0 ? 0 : 1 - equal }]
    }),
  )
}
