import type { Column, ForeignKey } from '../../../evidence/catalog/model.js'
import { printable } from '../../printable.js'
import type { Owner, Page } from '../page.js'

/** Up to so many tables are drawn with all columns, with keys, and at all. */
const WITH_COLUMNS = 24
const WITH_KEYS = 70
export const MOST_TABLES = 150
/** Most columns of one table that are drawn when all columns are. */
const MOST_COLUMNS = 12
const LONGEST_NAME = 30
/** A table is a hub when more tables than these, and a greater share of those drawn, reference it. */
const LEAST_OF_HUB = 15
const SHARE_OF_HUB = 0.3

/** Sizes in SVG units. A monospaced letter of 12 units is at most this wide in the fonts that the page asks for. */
const LETTER = 7.4
export const HEADER = 28
export const ROW = 18
const PADDING = 12

/** A table as it is drawn. */
export interface Box {
  readonly owner: Owner
  readonly title: string
  readonly rows: readonly Row[]
  /** Columns that are not drawn. */
  readonly more: number
  readonly width: number
  readonly height: number
}

export interface Row {
  readonly column: Column
  readonly name: string
  readonly type: string
  readonly key: 'primary' | 'foreign' | null
}

/** A foreign key as it is drawn, from the referenced table; boxes and rows by position, a row of null is the box itself. */
export interface Link {
  readonly key: ForeignKey
  readonly from: number
  readonly to: number
  readonly fromRow: number | null
  readonly toRow: number | null
}

/** The tables that are drawn, and how they hang together. */
export interface Drawing {
  readonly boxes: readonly Box[]
  readonly links: readonly Link[]
  /** Tables that there are. */
  readonly tables: number
  readonly detail: 'columns' | 'keys' | 'names'
  /** Tables that so many others reference that their links would hide everything else, so that they are left out. */
  readonly hubs: readonly Owner[]
}

/** Chooses what is drawn: everything, or in a big schema the tables with findings, their neighbours and the most connected ones. */
export function chooseDrawing(page: Page): Drawing {
  const all = page.owners.filter(({ table }) => table !== null)
  const chosen = all.length <= MOST_TABLES ? all : pick(all, page)
  const detail = chosen.length <= WITH_COLUMNS ? 'columns' : chosen.length <= WITH_KEYS ? 'keys' : 'names'
  const severalSchemas = new Set(chosen.map(({ table }) => table?.schema)).size > 1
  const boxes = chosen.map((owner) => makeBox(owner, detail, severalSchemas))
  const places = new Map(boxes.map(({ owner }, at) => [owner.address, at]))
  const links = boxes.flatMap(({ owner, rows }, to) =>
    keysOf(owner).flatMap((key): Link[] => {
      const from = places.get(page.ownerAt(key.referencedTable.address)?.address ?? '')
      if (from === undefined) return []
      return [
        {
          key,
          from,
          to,
          fromRow: rowOf(boxes[from]?.rows ?? [], key.referencedColumns),
          toRow: rowOf(rows, key.columns),
        },
      ]
    }),
  )
  const children = boxes.map(
    (_, at) => new Set(links.filter(({ from, to }) => from === at && to !== at).map(({ to }) => to)).size,
  )
  const isHub = (at: number): boolean => (children[at] ?? 0) > Math.max(LEAST_OF_HUB, boxes.length * SHARE_OF_HUB)
  return {
    boxes,
    links: links.filter(({ from }) => !isHub(from)),
    tables: all.length,
    detail,
    hubs: boxes.filter((_, at) => isHub(at)).map(({ owner }) => owner),
  }
}

/** The foreign keys of a table, one for each set of columns. */
export function keysOf({ table }: Owner): readonly ForeignKey[] {
  const keys = new Map(
    table?.foreignKeys.map((key) => [
      `${key.columns.map(({ name }) => name).join('\0')}\0\0${key.referencedTable.address}`,
      key,
    ]),
  )
  return [...keys.values()]
}

/** At most one child for each parent, because the key's columns are unique. */
export function isSingle({ table, columns }: ForeignKey): boolean {
  return [table.primaryKey, ...table.uniques].some(
    (unique) => unique && unique.columns.length > 0 && unique.columns.every((column) => columns.includes(column)),
  )
}

/** A child can be without its parent. */
export function isOptional({ columns }: ForeignKey): boolean {
  return !columns.every(({ notNull }) => notNull)
}

/** A name that fits. */
export function shorten(name: string, longest = LONGEST_NAME): string {
  const shown = [...printable(name)]
  return shown.length > longest ? `${shown.slice(0, longest - 1).join('')}…` : shown.join('')
}

function pick(owners: readonly Owner[], page: Page): readonly Owner[] {
  const weights = new Map(owners.map((owner) => [owner, weigh(owner)]))
  const heaviest = owners.toSorted((a, b) => (weights.get(b) ?? 0) - (weights.get(a) ?? 0))
  const chosen = new Set<Owner>()
  for (const owner of heaviest)
    for (const one of [owner, ...neighboursOf(owner, page)])
      if (chosen.size < MOST_TABLES && (one === owner || chosen.size < MOST_TABLES * 0.9)) chosen.add(one)
  return owners.filter((owner) => chosen.has(owner))
}

function weigh({ findings, worst, table }: Owner): number {
  const due = findings.filter(({ finding }) => finding.priority === 'now').length
  const links = (table?.foreignKeys.length ?? 0) + (table?.referencedBy.length ?? 0)
  return (worst === 'error' ? 1000 : worst === null ? 0 : 100) + due * 10 + links
}

/** The tables that a table references. */
function neighboursOf({ table }: Owner, page: Page): readonly Owner[] {
  return (table?.foreignKeys ?? []).flatMap(({ referencedTable }) => page.ownerAt(referencedTable.address) ?? [])
}

function makeBox(owner: Owner, detail: Drawing['detail'], withSchema: boolean): Box {
  const { table } = owner
  const title = shorten(withSchema ? owner.address : (table?.name ?? owner.address))
  const columns = table?.columns ?? []
  const keys = columns.filter((column) => keyOf(column) !== null)
  const others = detail === 'columns' ? columns.filter((column) => keyOf(column) === null) : []
  const shown = detail === 'names' ? [] : [...keys, ...others].slice(0, Math.max(MOST_COLUMNS, keys.length))
  const rows = shown.map((column): Row => ({
    column,
    name: shorten(column.name),
    type: shorten(
      column.type.sql.replace(' without time zone', '').replace('timestamp with time zone', 'timestamptz'),
      20,
    ),
    key: keyOf(column),
  }))
  const more = detail === 'columns' ? columns.length - shown.length : 0
  const widest = Math.max(
    cells(title) + (owner.findings.length > 0 ? 5 : 0),
    ...rows.map(({ name, type }) => cells(name) + cells(type) + 3),
  )
  const height = HEADER + rows.length * ROW + (more > 0 ? ROW : 0) + (rows.length > 0 ? 6 : 0)
  return { owner, title, rows, more, width: Math.ceil(widest * LETTER + 2 * PADDING), height }
}

function keyOf(column: Column): Row['key'] {
  const { primaryKey, foreignKeys } = column.table
  if (primaryKey?.columns.includes(column)) return 'primary'
  return foreignKeys.some(({ columns }) => columns.includes(column)) ? 'foreign' : null
}

function rowOf(rows: readonly Row[], columns: readonly Column[]): number | null {
  const at = rows.findIndex(({ column }) => column === columns[0])
  return at < 0 ? null : at
}

/** Width in monospaced letters; East Asian ones and symbols take two. */
function cells(text: string): number {
  return [...text].reduce((sum, letter) => sum + ((letter.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1), 0)
}
