import { parseSync } from 'libpg-query'
import type { Catalog, Column, Index } from '../catalog/model.js'
import { at, list, type Node } from '../tree.js'
import { bindQuery } from './bind.js'
import type { Workload, WorkloadQuery } from './model.js'

/** A value inside a JSON column: `column -> 'a' ->> 'b'`, with the cast around it. */
export interface JsonValue {
  readonly column: Column
  readonly keys: readonly (string | number)[]
  /** Taken out as text (`->>`), not as JSON. */
  readonly asText: boolean
  /** Type that the text is cast to. */
  readonly cast: string | null
}

/** value: a value inside is compared · containment: `@>` · path: `@?`, `@@` · existence: `?`, `?|`, `?&`. */
export type JsonSearchKind = 'value' | 'containment' | 'path' | 'existence'

/** A search by what stands in a JSON column. */
export interface JsonSearch {
  readonly kind: JsonSearchKind
  readonly value: JsonValue
  readonly query: WorkloadQuery
  /** Columns of the same table that the same condition compares for equality. */
  readonly equalColumns: readonly Column[]
}

const KIND_OF: Readonly<Record<string, JsonSearchKind>> = {
  '@>': 'containment',
  '@?': 'path',
  '@@': 'path',
  '?': 'existence',
  '?|': 'existence',
  '?&': 'existence',
}
const ORDERED = new Set(['=', '<', '<=', '>', '>='])

/** Every condition of the workload that looks into a JSON column. */
export function findJsonSearches(workload: Workload, catalog: Catalog): readonly JsonSearch[] {
  return workload.queries.flatMap((query) => {
    const bound = bindQuery(query.tree, catalog)
    const resolve = (columnRef: unknown) => bound.column(columnRef)
    const searches: JsonSearch[] = []
    for (const { tree, together } of bound.conditions) {
      const found = readSearch(tree, resolve)
      if (!found) continue
      const equalColumns = together.flatMap((other) => {
        const column = equalColumn(other, resolve)
        return column?.table === found.value.column.table ? [column] : []
      })
      const same = (search: JsonSearch) =>
        search.kind === found.kind &&
        identify(search.value) === identify(found.value) &&
        search.value.column === found.value.column
      if (!searches.some(same)) searches.push({ ...found, query, equalColumns })
    }
    return searches
  })
}

/** The index finds what the search looks for. A partial index counts: whether its rows are meant is not looked into. */
export function servesJsonSearch(index: Index, { kind, value }: JsonSearch): boolean {
  if (!index.valid || index.table !== value.column.table) return false
  return index.keys.some((key) => {
    const held = key.column
      ? { column: key.column, keys: [], asText: false, cast: null }
      : readKey(key.expression, value.column)
    if (!held || held.column !== value.column) return false
    if (kind === 'value') return /^(?:btree|hash)$/.test(index.method) && identify(held) === identify(value)
    if (
      index.method !== 'gin' ||
      held.asText ||
      identify({ ...held, keys: [] }) !== identify({ ...value, keys: [], asText: false })
    )
      return false
    if (kind === 'existence') return key.opclass.endsWith('jsonb_ops') && sameKeys(held, value)
    return /jsonb_(?:path_)?ops$/.test(key.opclass) && (sameKeys(held, value) || held.keys.length === 0)
  })
}

function sameKeys(a: JsonValue, b: JsonValue): boolean {
  return JSON.stringify(a.keys) === JSON.stringify(b.keys)
}

function identify({ keys, asText, cast }: JsonValue): string {
  return JSON.stringify([keys, asText, cast])
}

function readKey(expression: string, { table }: Column): JsonValue | null {
  const [statement] = parseSync(`select ${expression}`).stmts ?? []
  const target = at(statement?.stmt, 'SelectStmt', 'targetList')
  return readValue(at(list(target)[0], 'ResTarget', 'val'), (columnRef) => {
    const name = at(list((columnRef as Node)['fields']).at(-1), 'String', 'sval')
    return typeof name === 'string' ? table.column(name) : undefined
  })
}

type Resolve = (columnRef: unknown) => Column | undefined

function readSearch(tree: unknown, resolve: Resolve): Pick<JsonSearch, 'kind' | 'value'> | null {
  const node = at(tree, 'A_Expr') as Node | undefined
  if (!node) return null
  const operator = at(list(node['name']).at(-1), 'String', 'sval')
  const [left, right] = [node['lexpr'], node['rexpr']].map((side) => readValue(side, resolve))
  const kind = typeof operator === 'string' ? KIND_OF[operator] : undefined
  if (kind && node['kind'] === 'AEXPR_OP')
    return left && left.column.type.name === 'jsonb' && !left.asText ? { kind, value: left } : null
  const compares =
    (node['kind'] === 'AEXPR_OP' && ORDERED.has(String(operator))) ||
    (/^AEXPR_(?:IN|OP_ANY)$/.test(String(node['kind'])) && operator === '=') ||
    node['kind'] === 'AEXPR_BETWEEN'
  const value = [left, right].find((side) => side?.asText)
  return compares && value ? { kind: 'value', value } : null
}

/** The column of `column = …`. */
export function equalColumn(tree: unknown, resolve: Resolve): Column | undefined {
  const node = at(tree, 'A_Expr') as Node | undefined
  if (!node || at(list(node['name']).at(-1), 'String', 'sval') !== '=') return undefined
  const sides = [node['lexpr'], node['rexpr']].map((side) => at(side, 'ColumnRef'))
  return sides.map((side) => (side ? resolve(side) : undefined)).find(Boolean)
}

function readValue(tree: unknown, resolve: Resolve): JsonValue | null {
  const columnRef = at(tree, 'ColumnRef')
  if (columnRef) {
    const column = resolve(columnRef)
    return column && /^jsonb?$/.test(column.type.name) ? { column, keys: [], asText: false, cast: null } : null
  }
  const cast = at(tree, 'TypeCast') as Node | undefined
  if (cast) {
    const value = readValue(cast['arg'], resolve)
    const names = list(at(cast['typeName'], 'names')).map((name) => String(at(name, 'String', 'sval')))
    const type = names.filter((name) => name !== 'pg_catalog').join('.')
    if (!value || list(at(cast['typeName'], 'typmods')).length > 0 || value.cast !== null) return null
    return /^(?:text|varchar|jsonb)$/.test(type) ? value : { ...value, cast: type }
  }
  const node = at(tree, 'A_Expr') as Node | undefined
  const operator = at(list(node?.['name']).at(-1), 'String', 'sval')
  if (!node || typeof operator !== 'string' || !/^(?:->>?|#>>?)$/.test(operator)) return null
  const inner = readValue(node['lexpr'], resolve)
  const keys = operator.startsWith('#') ? readPath(node['rexpr']) : readJsonKey(node['rexpr'])
  if (!inner || inner.asText || inner.cast !== null || !keys) return null
  return { ...inner, keys: [...inner.keys, ...keys], asText: operator.endsWith('>>') }
}

function readJsonKey(tree: unknown): readonly (string | number)[] | null {
  const node = at(tree, 'TypeCast', 'arg') ?? tree
  const [text, number] = [at(node, 'A_Const', 'sval', 'sval'), at(node, 'A_Const', 'ival')]
  if (typeof text === 'string') return [text]
  return number ? [Number((number as Node)['ival'] ?? 0)] : null
}

/** `'{a,b}'` */
function readPath(tree: unknown): readonly string[] | null {
  const [text] = readJsonKey(tree) ?? []
  return typeof text === 'string' && /^\{[^"\\{}]+\}$/.test(text) ? text.slice(1, -1).split(',') : null
}
