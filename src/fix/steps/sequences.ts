import type { Sequence } from '../../evidence/catalog/model.js'
import { quoteIdentifier } from '../../quote.js'
import { quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { STEP } from './base.js'

/** Takes a sequence away; undoing makes it begin anew. */
export function dropSequence(sequence: Sequence): readonly Step[] {
  const { typeName, increment, minimum, maximum, start, cycle, ownedBy } = sequence
  const owner = ownedBy && `${quoteRelation(ownedBy.table)}.${quoteIdentifier(ownedBy.name)}`
  return [
    {
      ...STEP,
      phase: 'contract',
      sql: `drop sequence ${quoteRelation(sequence)}`,
      undo:
        `create sequence ${quoteRelation(sequence)} as ${typeName} increment by ${increment} minvalue ${minimum} ` +
        `maxvalue ${maximum} start with ${start}${cycle ? ' cycle' : ''}${owner ? ` owned by ${owner}` : ''}`,
    },
  ]
}
