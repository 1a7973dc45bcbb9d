import { parseSync } from 'libpg-query'
import { quoteIdentifier } from '../../quote.js'
import type { Catalog, Column } from '../catalog/model.js'
import { rememberFor } from '../remember.js'
import { at, list, type Node } from '../tree.js'
import { bindQuery } from './bind.js'
import type { BoundQuery } from './bound.js'
import type { Workload } from './model.js'
import { bindWorkload } from './subject.js'

/** A place that reads one part of a text: `split_part(weight, ' ', 2)`. */
export interface PartRead {
  readonly column: Column
  readonly separator: string
  /** Which part, from 1 on. */
  readonly position: number
  /** Type that it is cast to, as the server calls it; null for none. */
  readonly type: string | null
  /** What the result is called; null where it has no name of its own. */
  readonly name: string | null
  /** In words, e.g. `the view public.parcel_weight`. */
  readonly by: string
}

const TAKES_APART = /\b(?:split_part|string_to_array)\b/i

/** Every place in checks, indexes, policies, views and the workload's queries that reads a part of a text at a delimiter that it names. */
export function partsRead(catalog: Catalog, workload: Workload | null): readonly PartRead[] {
  const queries = workload
    ? bindWorkload(workload, catalog).flatMap(({ query, bound, about }) =>
        TAKES_APART.test(query.text) ? readsIn(query.tree, bound, nameOf(about().toString())) : [],
      )
    : []
  return [...inCatalog(catalog), ...queries]
}

/** A subject begins a sentence with its name. */
function nameOf(subject: string): string {
  return subject.replace(/^The /, 'the ')
}

const inCatalog = rememberFor((catalog: Catalog): readonly PartRead[] => {
  const texts = [
    ...catalog.views.map((view) => ({ sql: view.definition, by: `the ${view.variety} ${view.name}` })),
    ...catalog.tables.flatMap((table) => {
      const row = (expression: string) =>
        `select from ${quoteIdentifier(table.schema.name)}.${quoteIdentifier(table.name)} where (${expression}) is null`
      const policies = table.policies.flatMap((policy) =>
        [policy.using, policy.withCheck].map((one) => ({ expression: one ?? '', by: `the policy ${policy.name}` })),
      )
      return [
        ...table.checks.map((check) => ({ expression: check.expression, by: `the CHECK ${check.name}` })),
        ...table.indexes.flatMap((index) =>
          index.keys.map(({ expression }) => ({ expression, by: `the index ${index.name}` })),
        ),
        ...policies,
      ]
        .filter(({ expression }) => TAKES_APART.test(expression))
        .map(({ expression, by }) => ({ sql: row(expression), by }))
    }),
  ]
  return texts.flatMap(({ sql, by }) => {
    const tree = TAKES_APART.test(sql) ? parse(sql) : null
    return tree ? readsIn(tree, bindQuery(tree, catalog), by) : []
  })
})

function parse(sql: string): object | null {
  try {
    return parseSync(sql).stmts?.[0]?.stmt ?? null
  } catch (error) {
    if ((error as Error).name !== 'SqlError') throw error
    return null
  }
}

interface Around {
  readonly type: string | null
  readonly name: string | null
}

function readsIn(
  tree: unknown,
  bound: BoundQuery,
  by: string,
  around: Around = { type: null, name: null },
): PartRead[] {
  if (Array.isArray(tree)) return tree.flatMap((item) => readsIn(item, bound, by))
  if (typeof tree !== 'object' || tree === null) return []
  return Object.entries(tree as Node).flatMap(([kind, node]): PartRead[] => {
    if (kind === 'ResTarget') {
      const name = at(node, 'name')
      return readsIn(at(node, 'val'), bound, by, { type: null, name: typeof name === 'string' ? name : null })
    }
    if (kind === 'TypeCast') {
      const type = at(list(at(node, 'typeName', 'names')).at(-1), 'String', 'sval')
      return readsIn(at(node, 'arg'), bound, by, { ...around, type: typeof type === 'string' ? type : null })
    }
    const part = kind === 'FuncCall' ? splitPart(node) : kind === 'A_Indirection' ? elementOf(node) : null
    const column = part && bound.column(columnIn(part.of))
    if (part && column) return [{ column, separator: part.separator, position: part.position, by, ...around }]
    return readsIn(node, bound, by)
  })
}

interface Part {
  readonly of: unknown
  readonly separator: string
  readonly position: number
}

/** `split_part(text, ',', 2)` */
function splitPart(node: unknown): Part | null {
  if (functionOf(node) !== 'split_part') return null
  const [of, separator, position] = list(at(node, 'args'))
  return partAt(of, separator, position)
}

/** `(string_to_array(text, ','))[2]` */
function elementOf(node: unknown): Part | null {
  const call = at(node, 'arg', 'FuncCall')
  const [index, ...others] = list(at(node, 'indirection'))
  if (functionOf(call) !== 'string_to_array' || others.length > 0) return null
  const [of, separator] = list(at(call, 'args'))
  return partAt(of, separator, at(index, 'A_Indices', 'uidx'))
}

function functionOf(call: unknown): unknown {
  return at(list(at(call, 'funcname')).at(-1), 'String', 'sval')
}

function partAt(of: unknown, separator: unknown, position: unknown): Part | null {
  const text = at(withoutCast(separator), 'A_Const', 'sval', 'sval')
  const number = at(withoutCast(position), 'A_Const', 'ival', 'ival')
  return typeof text === 'string' && text !== '' && typeof number === 'number' && number > 0
    ? { of, separator: text, position: number }
    : null
}

function withoutCast(tree: unknown): unknown {
  const inner = at(tree, 'TypeCast', 'arg')
  return inner === undefined ? tree : withoutCast(inner)
}

function columnIn(tree: unknown): unknown {
  return at(withoutCast(tree), 'ColumnRef')
}
