import { columnsIn, parseExpression } from '../../evidence/catalog/expression.js'
import { impliesAsCheck } from '../../evidence/catalog/implication.js'
import type { Table } from '../../evidence/catalog/model.js'
import { checksOf, domainChecksOf } from '../conditions.js'

/** Whether the table keeps an expression already: a CHECK or a domain implies it, or one that is not understood is about the same columns. */
export function isEnforced(expression: string, table: Table): boolean {
  const wanted = parseExpression(expression, table)
  const columns = columnsIn(wanted).toSorted()
  const [only] = columns.length === 1 ? columns : []
  const column = only === undefined ? undefined : table.column(only)
  if (column?.notNull && /is not null$/i.test(expression)) return true
  const checks = [...checksOf(table), ...(column ? domainChecksOf(column) : [])]
  return checks.some((check) => {
    const verdict = impliesAsCheck(check, wanted)
    if (verdict !== 'unknown') return verdict === 'yes'
    return columnsIn(check).toSorted().join() === columns.join()
  })
}
