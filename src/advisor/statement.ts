import type { Table } from '../evidence/catalog/model.js'
import type { BoundQuery } from '../evidence/workload/bind.js'
import type { WorkloadQuery } from '../evidence/workload/model.js'

/** A statement of the workload as a planner is asked about it. */
export interface Statement {
  /** Its place among the statements that are advised on; stable for one workload. */
  readonly id: number
  /** With `$n` where values are not known. */
  readonly sql: string
  /** It holds `$n`, so that only a generic plan can be asked for. */
  readonly hasParameters: boolean
  readonly query: WorkloadQuery
  readonly bound: BoundQuery
  readonly tables: readonly Table[]
  /** How often it runs; 1 where nobody counted. */
  readonly calls: number
}
