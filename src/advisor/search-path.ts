import type { Catalog } from '../evidence/catalog/model.js'
import { quoteIdentifier } from '../quote.js'

/** A `search_path` under which statements find whatever they name without a schema: `public`, and all others behind it. */
export function searchPathOf({ schemas }: Catalog): string {
  const others = schemas.map(({ name }) => name).filter((name) => name !== 'public')
  return ['public', ...others].map(quoteIdentifier).join(', ')
}
