import type { Catalog, Table } from '../evidence/catalog/model.js'
import { nodeAt, nodesIn, parseStatement } from '../source/files/parse.js'
import { quoteIdentifier } from '../quote.js'

const COUNT = /^select count\(\*\) from /

/** A SELECT that lists what another one counts, and the columns that it gives. */
export interface Listing {
  readonly sql: string
  readonly columns: readonly string[]
}

/**
 * The SELECT that lists by primary key the rows that `select count(*) from <table> where …` counts. Null when it counts
 * anything else, or when the table has no primary key. The parser must be loaded.
 */
export function listCounted(count: string, catalog: Pick<Catalog, 'table'>): Listing | null {
  const statement = COUNT.test(count) ? parseStatement(count) : null
  const from = nodesIn(statement?.node['fromClause'])
  const [[kind, relation] = []] = from
  if (from.length !== 1 || kind !== 'RangeVar' || statement?.node['groupClause']) return null
  const table = catalog.table(String(relation?.['schemaname']), String(relation?.['relname']))
  const alias = nodeAt(relation, 'alias', 'aliasname')
  if (!table) return null
  return selectKeys(table, typeof alias === 'string' ? alias : table.name, count.replace(COUNT, ''))
}

/** Selects the primary key from what stands behind FROM; null without a primary key. */
export function selectKeys(table: Table, alias: string, rest: string): Listing | null {
  const columns = table.primaryKey?.columns.map(({ name }) => name) ?? []
  if (columns.length === 0) return null
  const keys = columns.map((name) => `${quoteIdentifier(alias)}.${quoteIdentifier(name)}`)
  return { sql: `select ${keys.join(', ')} from ${rest} order by ${keys.join(', ')}`, columns }
}
