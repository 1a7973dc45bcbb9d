import type { Catalog, CheckConstraint, ForeignKey, Index, KeyConstraint, Table } from '../../evidence/catalog/model.js'
import { code, table as renderTable } from './escape.js'

const LONGEST = 120

/** The constraints that each table has. */
export function renderConstraints(catalog: Catalog): string {
  const rows = tablesOf(catalog).map((table) => [
    code(table.address),
    list(table.primaryKey ? [columnsOf(table.primaryKey)] : []),
    list(table.uniques.map(columnsOf)),
    list(table.foreignKeys.map(referenceOf)),
    list([...table.checks.map(checkOf), ...table.exclusions.map(({ definition }) => definition)]),
  ])
  return renderTable(['Table', 'Primary key', 'Unique', 'References', 'Checks'], rows)
}

/** The indexes that each table has beside those of its constraints. */
export function renderIndexes(catalog: Catalog): string {
  const rows = tablesOf(catalog)
    .map((table) => [code(table.address), list(table.indexes.filter(({ constraint }) => !constraint).map(indexOf))])
    .filter(([, indexes]) => indexes !== '–')
  return rows.length === 0 ? '' : renderTable(['Table', 'Indexes beside those of its keys'], rows)
}

function tablesOf(catalog: Catalog): readonly Table[] {
  return catalog.tables.filter(({ partitionOf, variety }) => !partitionOf && variety !== 'foreign')
}

function columnsOf({ columns }: KeyConstraint): string {
  return columns.map(({ name }) => name).join(', ')
}

function referenceOf({ columns, referencedTable, onDelete, validated }: ForeignKey): string {
  const action = onDelete === 'no action' ? '' : ` (on delete ${onDelete})`
  return `${columns.map(({ name }) => name).join(', ')} → ${referencedTable.name}${action}${validated ? '' : ' (not valid)'}`
}

function checkOf({ expression, validated }: CheckConstraint): string {
  return `${readable(expression)}${validated ? '' : ' (not valid)'}`
}

function indexOf({ name, unique, definition, valid }: Index): string {
  const shape = readable(definition.slice(definition.indexOf(' USING ') + ' USING '.length))
  return `${name}: ${unique ? 'unique ' : ''}${shape}${valid ? '' : ' (invalid)'}`
}

/** An expression as people write it: without the casts of literals and the outer parentheses that the server prints. */
function readable(expression: string): string {
  return expression
    .replace(/\((-?\d+(?:\.\d+)?)\)::[a-z]+/g, '$1')
    .replace(/('(?:[^']|'')*')::(?:text|character varying|bpchar)\b/g, '$1')
    .replace(/= ANY \(ARRAY\[([^\]]*)\]\)/g, 'in ($1)')
    .replace(/^\(([^()]*(?:\([^()]*\)[^()]*)*)\)$/, '$1')
}

function list(values: readonly string[]): string {
  return values.length === 0
    ? '–'
    : values.map((value) => code(value.length > LONGEST ? `${value.slice(0, LONGEST - 1)}…` : value)).join('<br>')
}
