import type { DefaultGrant, Schema } from '../../evidence/catalog/model.js'
import { changeDefaultGrant } from '../recreate.js'
import type { Step } from '../step.js'
import { STEP } from './base.js'

/** Takes privileges away from what will be made in a schema; what is there keeps its own. */
export function revokeDefaults(schema: Schema, grants: readonly DefaultGrant[]): readonly Step[] {
  return grants.map((grant) => ({
    ...STEP,
    phase: 'contract',
    sql: changeDefaultGrant('revoke', schema, grant),
    undo: changeDefaultGrant('grant', schema, grant),
  }))
}
