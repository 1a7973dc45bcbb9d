import type { Schema, Table } from '../../evidence/catalog/model.js'
import type { Target } from '../../evidence/target.js'
import { quoteLiteral } from '../../quote.js'
import { quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { STEP } from './base.js'

/** From here on a view can read with the rights of whoever asks. */
export const SECURITY_INVOKER = 150000

/** Makes a view that reads with the rights of whoever asks; none where that cannot be and row level security would be passed by. */
export function createView(
  {
    schema,
    name,
    definition,
    comment,
  }: { readonly schema: Schema; readonly name: string; readonly definition: string; readonly comment: string },
  reads: readonly Table[],
  target: Target,
): readonly Step[] {
  const invoker = target.oldest >= SECURITY_INVOKER
  if (!invoker && reads.some(({ rowSecurity }) => rowSecurity)) return []
  const view = quoteRelation({ schema, name })
  return [
    {
      ...STEP,
      sql: `create view ${view}${invoker ? ' with (security_invoker = true)' : ''} as\n${definition}`,
      undo: `drop view ${view}`,
    },
    { ...STEP, sql: `comment on view ${view} is ${quoteLiteral(comment)}`, undo: null },
  ]
}
