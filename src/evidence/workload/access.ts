import { identityOf, type Operand, parseOperand, readOperand } from '../catalog/expression.js'
import type { Column, Index, Table } from '../catalog/model.js'
import type { Predicate, Relation } from './bound.js'

/** Operators by which a B-tree finds values, given a value to compare with. */
const SEARCHES = new Set(['=', '<', '<=', '>', '>=', 'between', 'in', 'any', 'is null'])

/** Valid indexes of all rows whose first key is the column. */
export function indexesLedBy(column: Column): readonly Index[] {
  return column.table.indexes.filter(
    ({ valid, predicate, keys: [first] }) => valid && predicate === null && first?.column === column,
  )
}

/** Valid indexes whose first key is the expression, as the tree of a query has it. */
export function indexesOnExpression(table: Table, tree: unknown): readonly Index[] {
  const wanted = identityRegardless(readOperand(tree, table))
  return table.indexes.filter(
    ({ valid, keys: [first] }) =>
      valid && first && !first.column && identityRegardless(parseOperand(first.expression, table)) === wanted,
  )
}

/** The column of a condition that must hold and that an index can search by: beside a value, or beside what relations that are given have. */
export function isSearch(
  { operator, negated, alternative, clause, left, right }: Predicate,
  relation: Relation,
  given: ReadonlySet<Relation> = new Set(),
): Column | null {
  if (negated || alternative || clause === 'having' || !SEARCHES.has(operator)) return null
  for (const [own, other] of [[left, right] as const, ...(right ? [[right, left] as const] : [])]) {
    if (own.reference?.relation !== relation || !own.reference.column) continue
    if (!other || other.references.every((one) => one.relation !== relation && given.has(one.relation)))
      return own.reference.column
  }
  return null
}

/** Conditions other than `except` lead to the relation's rows by an index: with values, or from relations that are found so. */
export function isFoundOtherwise(relation: Relation, except: Predicate): boolean {
  const { predicates, relations } = relation.block
  const found = new Set<Relation>()
  for (let grown = true; grown;) {
    grown = false
    for (const one of relations) {
      const leads = (predicate: Predicate) => {
        const column = predicate === except ? null : isSearch(predicate, one, found)
        return column !== null && indexesLedBy(column).length > 0
      }
      if (!found.has(one) && predicates.some(leads)) {
        found.add(one)
        grown = true
      }
    }
  }
  return found.has(relation)
}

/** The server prints the types of literals and casts varchar to text, people leave both out. */
function identityRegardless(operand: Operand): string {
  return identityOf(plainly(operand))
}

function plainly(operand: Operand): Operand {
  switch (operand.kind) {
    case 'constant':
      return { ...operand, type: 'unknown' }
    case 'cast':
      return operand.type === 'text' ? plainly(operand.operand) : { ...operand, operand: plainly(operand.operand) }
    case 'call':
      return { ...operand, arguments: operand.arguments.map(plainly) }
    case 'operation':
      return { ...operand, left: operand.left && plainly(operand.left), right: plainly(operand.right) }
    default:
      return operand
  }
}
