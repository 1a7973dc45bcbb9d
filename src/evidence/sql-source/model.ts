import type { Location } from '../../errors.js'

/** Where the catalog's objects were written down, when they came from SQL files. */
export interface SqlSource {
  /** Files in the order in which they were applied. */
  readonly files: readonly string[]
  /** Location of the statement that last defined the object at this catalog address; column and constraint addresses are more exact than their table's. */
  locate(address: string): Location | undefined
}
