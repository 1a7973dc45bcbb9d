import { at, list, type Node } from '../tree.js'
import type { Block, Condition, Join, Operand, Predicate, Reference, Relation } from './bound.js'
import { columnNamesOf } from './scope.js'

/** What predicates are read with. */
export interface Names {
  readonly references: ReadonlyMap<unknown, Reference>
  readonly blocks: ReadonlyMap<unknown, Block>
  /** The block whose rows the condition is about. */
  readonly own: Block
}

type Form = Pick<Predicate, 'operator' | 'negated'> & { readonly left: unknown; readonly right?: unknown }

/** The leaves of a condition; NOT is pushed down to them. */
export function readPredicates(
  tree: unknown,
  clause: Predicate['clause'],
  join: Join | null,
  names: Names,
): readonly Predicate[] {
  const read = (node: unknown, negated: boolean, alternative: Node | null): readonly Predicate[] => {
    const logic = at(node, 'BoolExpr') as Node | undefined
    if (logic?.['boolop'] === 'NOT_EXPR') return read(list(logic['args'])[0], !negated, alternative)
    if (logic) {
      const chooses = (logic['boolop'] === 'OR_EXPR') !== negated
      return list(logic['args']).flatMap((part) => read(part, negated, alternative ?? (chooses ? logic : null)))
    }
    const pairs = negated ? null : pairsOfRows(node)
    if (pairs) return pairs.flatMap((pair) => read(pair, false, alternative))
    const form = formOf(node)
    const right = form.right === undefined ? null : readOperand(form.right, names)
    return [
      {
        tree: node,
        clause,
        join,
        operator: form.operator,
        negated: form.negated !== negated,
        left: readOperand(form.left, names),
        right,
        alternative,
      },
    ]
  }
  return read(tree, false, null)
}

/** `(a, b) = (c, d)` as the equality of each with its counterpart. */
function pairsOfRows(tree: unknown): readonly unknown[] | null {
  const node = at(tree, 'A_Expr') as Node | undefined
  if (node?.['kind'] !== 'AEXPR_OP' || at(list(node['name']).at(-1), 'String', 'sval') !== '=') return null
  const [left, right] = [node['lexpr'], node['rexpr']].map((side) => list(at(side, 'RowExpr', 'args')))
  if (!left || left.length === 0 || left.length !== right?.length) return null
  return left.map((lexpr, at) => ({ A_Expr: { kind: 'AEXPR_OP', name: node['name'], lexpr, rexpr: right[at] } }))
}

const KINDS: Readonly<Record<string, string>> = {
  AEXPR_IN: 'in',
  AEXPR_LIKE: 'like',
  AEXPR_ILIKE: 'ilike',
  AEXPR_SIMILAR: 'similar to',
  AEXPR_OP_ANY: 'any',
  AEXPR_OP_ALL: 'all',
  AEXPR_BETWEEN: 'between',
  AEXPR_BETWEEN_SYM: 'between',
  AEXPR_NOT_BETWEEN: 'between',
  AEXPR_NOT_BETWEEN_SYM: 'between',
  AEXPR_DISTINCT: 'is distinct from',
  AEXPR_NOT_DISTINCT: 'is not distinct from',
}
const NEGATED = /^(?:!~~\*?|<>)$/

function formOf(tree: unknown): Form {
  const [kind = '', node] = Object.entries((tree ?? {}) as Record<string, Node>)[0] ?? []
  if (kind === 'A_Expr' && node) {
    const written = String(at(list(node['name']).at(-1), 'String', 'sval'))
    const name = KINDS[String(node['kind'])]
    const [left, right] = [node['lexpr'], node['rexpr']]
    if (!name) return { operator: written, negated: false, left, right }
    const isAny = name === 'any' && written !== '='
    if (isAny || (name === 'all' && written !== '<>'))
      return { operator: `${written} ${name}`, negated: false, left, right }
    const negated = /NOT_BETWEEN/.test(String(node['kind'])) || name === 'all' || NEGATED.test(written)
    return { operator: name === 'all' ? 'any' : name, negated, left, right }
  }
  if (kind === 'NullTest')
    return { operator: 'is null', negated: node?.['nulltesttype'] === 'IS_NOT_NULL', left: node?.['arg'] }
  if (kind === 'SubLink') {
    const type = node?.['subLinkType']
    if (type === 'EXISTS_SUBLINK') return { operator: 'exists', negated: false, left: tree }
    const isIn = type === 'ANY_SUBLINK' && list(node?.['operName']).length === 0
    if (isIn) return { operator: 'in subquery', negated: false, left: node?.['testexpr'], right: tree }
  }
  return { operator: 'other', negated: false, left: tree }
}

function readOperand(tree: unknown, names: Names): Operand {
  const references: Reference[] = []
  const sublink = at(tree, 'SubLink', 'subselect')
  // What IN compares is the other side.
  collectReferences(sublink ? { SubLink: { subselect: sublink } } : tree, names, references)
  const own = references.filter(({ relation }) => relation.block === names.own)
  const alone = names.references.get(at(tree, 'ColumnRef'))
  const isOwn = alone?.relation.block === names.own
  const kind = isOwn ? 'column' : sublink ? 'subquery' : mayVary(tree, names, own) ? 'expression' : 'value'
  return { tree, kind, reference: isOwn ? alone : null, references: own }
}

/** Columns of the block's own rows, also ones that could not be resolved. */
function mayVary(tree: unknown, names: Names, own: readonly Reference[]): boolean {
  if (own.length > 0) return true
  const visit = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(visit)
    if (typeof value !== 'object' || value === null) return false
    return Object.entries(value as Record<string, unknown>).some(([key, inner]) =>
      key === 'SubLink' ? false : key === 'ColumnRef' ? !names.references.has(inner) : visit(inner),
    )
  }
  return visit(tree)
}

function collectReferences(value: unknown, names: Names, found: Reference[]): void {
  if (Array.isArray(value)) return value.forEach((item) => collectReferences(item, names, found))
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value as Record<string, Node>)) {
    if (key === 'ColumnRef') {
      const reference = names.references.get(inner)
      if (reference) found.push(reference)
    } else if (key === 'SubLink') {
      collectReferences(inner['testexpr'], names, found)
      const block = names.blocks.get(Object.values((inner['subselect'] ?? {}) as Record<string, unknown>)[0])
      found.push(...(block?.outer ?? []))
    } else collectReferences(inner, names, found)
  }
}

/** What USING and NATURAL compare. */
export function sidesOfUsing(join: Join, block: Block): readonly Predicate[] {
  const { node, left, right } = join
  const named = list(node['usingClause']).map((name) => String(at(name, 'String', 'sval')))
  const shared = node['isNatural'] ? sharedNames(left, right) : named
  return shared.flatMap((name) => {
    const sides = [left, right].map((relations) => relations.find((one) => columnNamesOf(one)?.has(name)))
    const [from, to] = sides.map((relation) => relation && operandOf(relation, name, block))
    if (!from || !to) return []
    return [
      {
        tree: null,
        clause: 'on',
        join,
        operator: '=',
        negated: false,
        left: from,
        right: to,
        alternative: null,
      } as const,
    ]
  })
}

function operandOf(relation: Relation, name: string, block: Block): Operand {
  const column = relation.table?.column(name) ?? null
  const reference: Reference = { name, relation, column, block, clause: 'on', node: null }
  return { tree: null, kind: 'column', reference, references: [reference] }
}

function sharedNames(left: readonly Relation[], right: readonly Relation[]): readonly string[] {
  const names = (relations: readonly Relation[]) => relations.flatMap((one) => [...(columnNamesOf(one) ?? [])])
  const there = new Set(names(right))
  return names(left).filter((name) => there.has(name))
}

/** Adds the leaves below AND and OR with their neighbours under AND; `around` holds beside all of them. */
export function collectConditions(
  together: readonly unknown[],
  found: Condition[],
  around: readonly unknown[] = [],
): void {
  const own = together.flatMap(function flatten(tree: unknown): unknown[] {
    const node = at(tree, 'BoolExpr') as Node | undefined
    return node?.['boolop'] === 'AND_EXPR' ? list(node['args']).flatMap(flatten) : [tree]
  })
  const all = [...own, ...around]
  for (const tree of own) {
    const node = at(tree, 'BoolExpr') as Node | undefined
    if (!node) found.push({ tree, together: all })
    else if (node['boolop'] === 'OR_EXPR') {
      const others = all.filter((other) => other !== tree)
      for (const arm of list(node['args'])) collectConditions([arm], found, others)
    }
  }
}
