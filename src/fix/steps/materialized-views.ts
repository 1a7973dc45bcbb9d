import type { Schema } from '../../evidence/catalog/model.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { STEP } from './base.js'

/** A materialized view that is to be made. */
export interface NewMaterializedView {
  readonly schema: Schema
  readonly name: string
  /** A SELECT. */
  readonly definition: string
  /** Names of columns that are unique together and never null: without such an index it cannot be refreshed concurrently. */
  readonly key: readonly string[]
  readonly comment: string
}

/** Makes a materialized view with the unique index that refreshing it under load needs, and fills it for the first time. */
export function createMaterializedView({
  schema,
  name,
  definition,
  key,
  comment,
}: NewMaterializedView): readonly Step[] {
  const view = quoteRelation({ schema, name })
  const index = quoteIdentifier(newName([name, ...key], 'key'))
  const made = { ...STEP, undo: null }
  return [
    {
      ...STEP,
      sql: `create materialized view ${view} as\n${definition}\nwith no data`,
      undo: `drop materialized view ${view}`,
    },
    { ...made, sql: `create unique index ${index} on ${view} (${key.map(quoteIdentifier).join(', ')})` },
    { ...made, sql: `comment on materialized view ${view} is ${quoteLiteral(comment)}` },
    {
      ...made,
      phase: 'backfill',
      sql: `refresh materialized view ${view}`,
      note: `The first time cannot be concurrent. From then on REFRESH MATERIALIZED VIEW CONCURRENTLY ${view}, which lets readers go on.`,
    },
  ]
}
