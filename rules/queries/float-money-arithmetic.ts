import {
  at,
  bindWorkload,
  type BoundQuery,
  type Column,
  holdsMoney,
  list,
  type Node,
  rule,
  typeOf,
} from '../../src/kit.js'

const FLOAT = /^float[48]$/
const EXACT = /^(?:int[248]|numeric|money)$/

export default rule({
  severity: 'warning',
  aboutMoney: true,
  confidence: 0.95,
  docs: {
    summary: 'Compute with money in numeric.',
    why: 'One operand in floating point makes the whole computation floating: amounts come out as 19.989999999999998, sums depend on the order of their rows, and the total differs from that of the lines.',
    bad: `create table invoice_line (id bigint primary key, unit_price numeric(12, 2) not null, quantity integer not null);
-- workload
select sum(unit_price::float8 * quantity) from invoice_line;`,
    good: `create table invoice_line (id bigint primary key, unit_price numeric(12, 2) not null, quantity integer not null);
-- workload
select sum(unit_price * quantity) from invoice_line;`,
    references: ['https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-FLOAT'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const column = floatedMoney(bound.root.node, bound)
      if (column) yield { on: about(column.table), facts: { column: column.address }, related: [column] }
    }
  },

  message: ({ on, facts: { column } }) => `${on} computes with ${column} in floating point, which rounds.`,

  advice: ({ facts: { column } }) =>
    `Leave ${column} in its own type and cast the other side to numeric; round once, at the end.`,
})

/** A column of money that stands in exact numbers and is computed with as a float. */
function floatedMoney(tree: unknown, bound: BoundQuery): Column | null {
  if (Array.isArray(tree)) {
    for (const item of tree) {
      const found = floatedMoney(item, bound)
      if (found) return found
    }
    return null
  }
  if (typeof tree !== 'object' || tree === null) return null
  for (const [kind, node] of Object.entries(tree as Record<string, Node>)) {
    const found = kind === 'A_Expr' ? floatedOperand(node, bound) : null
    const column = found ?? floatedMoney(node, bound)
    if (column) return column
  }
  return null
}

function floatedOperand(node: Node, bound: BoundQuery): Column | null {
  const operator = String(at(list(node['name']).at(-1), 'String', 'sval'))
  if (node['kind'] !== 'AEXPR_OP' || !/^[-+*/]$/.test(operator) || isShare(node, bound)) return null
  const sides = [node['lexpr'], node['rexpr']]
  if (!sides.some((side) => FLOAT.test(typeOf(side, bound) ?? ''))) return null
  return sides.map((side) => moneyIn(side, bound)).find(Boolean) ?? null
}

/** The money that a side is: the column, a cast of it, or a sum of it; a ratio is none. */
function moneyIn(tree: unknown, bound: BoundQuery): Column | null {
  const reference = bound.reference(at(tree, 'ColumnRef'))
  const column = reference && bound.origin(reference)
  if (column) return EXACT.test(column.type.name) && holdsMoney(column) === 'yes' ? column : null
  if (at(tree, 'TypeCast')) return moneyIn(at(tree, 'TypeCast', 'arg'), bound)
  const name = at(list(at(tree, 'FuncCall', 'funcname')).at(-1), 'String', 'sval')
  if (name === 'sum' || name === 'coalesce') return moneyIn(list(at(tree, 'FuncCall', 'args'))[0], bound)
  if (at(tree, 'CoalesceExpr')) return moneyIn(list(at(tree, 'CoalesceExpr', 'args'))[0], bound)
  const operation = at(tree, 'A_Expr') as Node | undefined
  if (!operation || isShare(operation, bound)) return null
  return moneyIn(operation['lexpr'], bound) ?? moneyIn(operation['rexpr'], bound)
}

/** Money divided by money is a share, not money. */
function isShare(node: Node, bound: BoundQuery): boolean {
  const operator = at(list(node['name']).at(-1), 'String', 'sval')
  return operator === '/' && moneyIn(node['lexpr'], bound) !== null && moneyIn(node['rexpr'], bound) !== null
}
