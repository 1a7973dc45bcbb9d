import type { Location } from '../../errors.js'
import type { SqlSource } from './model.js'

/** The SQL source of a load: the files in their order, and where each catalog address was last defined. */
export function readSqlSource(loaded: {
  readonly files: readonly string[]
  readonly positions: ReadonlyMap<string, Location>
}): SqlSource {
  const { files, positions } = loaded
  return { files, locate: (address) => positions.get(address) }
}
