import type { Catalog } from '../evidence/catalog/model.js'
import { nodesIn, type ParseNode, parseStatement, stringsIn } from '../source/files/parse.js'

/** What was there before any fix. */
export interface Before {
  /** Addresses of tables and materialized views. */
  readonly tables: ReadonlySet<string>
  /** Address of an index, by its schema and name, → address of its table. */
  readonly tableOfIndex: ReadonlyMap<string, string>
}

/** Lists the tables of a catalog, and whose its indexes are. */
export function listTables({ tables, views }: Catalog): Before {
  const relations = [...tables, ...views.filter(({ variety }) => variety === 'materialized view')]
  return {
    tables: new Set(relations.map(({ address }) => address)),
    tableOfIndex: new Map(
      relations.flatMap(({ address, schema, indexes }) =>
        indexes.map(({ name }) => [`${schema.name}.${name}`, address] as const),
      ),
    ),
  }
}

/** Addresses of the tables that a statement names, or whose indexes it names. The parser must be loaded. */
export function findAffectedTables(sql: string, { tables, tableOfIndex }: Before): readonly string[] {
  const statement = parseStatement(sql)
  if (!statement) return []
  const dropped =
    statement.node['removeType'] === 'OBJECT_INDEX'
      ? nodesIn(statement.node['objects']).map(([, list]) => stringsIn(list['items']).join('.'))
      : []
  const named = [...relationsIn(statement.node), ...dropped]
  return [...new Set(named.map((name) => tableOfIndex.get(name) ?? name))].filter((name) => tables.has(name))
}

function* relationsIn(node: unknown): Generator<string> {
  if (typeof node !== 'object' || node === null) return
  const { schemaname, relname } = node as ParseNode
  if (typeof schemaname === 'string' && typeof relname === 'string') yield `${schemaname}.${relname}`
  for (const part of Object.values(node)) yield* relationsIn(part)
}
