import type { EmbeddedServer } from '../../embedded/server.js'
import type { ServerError } from '../../session.js'
import type { Remarks } from '../remarks.js'
import type { Statement } from '../statements.js'
import { MISSING_EXTENSIONS } from './extensions.js'
import { WITHOUT_MEANING } from './left-out.js'
import { MISSING_LIBRARIES } from './libraries.js'
import { MISSING_OBJECTS } from './missing.js'
import type { Repair } from './rule.js'

const RULES = [...MISSING_EXTENSIONS, ...MISSING_OBJECTS, ...MISSING_LIBRARIES, ...WITHOUT_MEANING]

/** Makes what the embedded server lacks, or leaves out what cannot be had, so that the statement can go on. */
export async function repairStatement(
  server: EmbeddedServer,
  statement: Statement,
  sql: string,
  error: ServerError,
  remarks: Remarks,
): Promise<Repair> {
  for (const rule of RULES) {
    const found = rule.code === error.code ? rule.message.exec(error.message) : null
    if (!found) continue
    const repair = await rule.repair({ statement, sql, error, found, server, remarks })
    if (repair !== null) return repair
  }
  return null
}
