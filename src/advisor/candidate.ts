import type { Table } from '../evidence/catalog/model.js'
import { indexDefinition, type IndexSpecification } from '../fix/steps/indexes.js'

/** An index that might help; nothing says yet that it does. */
export interface Candidate {
  /** Equal for equal indexes, whatever their name: method, keys, included columns and predicate in SQL, behind the table's address. */
  readonly key: string
  readonly table: Table
  readonly specification: IndexSpecification
}

/** A candidate, known by what it is. */
export function candidateOn(table: Table, specification: IndexSpecification): Candidate {
  return { key: `${table.address} ${indexDefinition(specification)}`, table, specification }
}
