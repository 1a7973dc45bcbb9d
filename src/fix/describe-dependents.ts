import { formatLocation } from '../errors.js'
import type { Dependent } from './dependents.js'

/** What of the application touches what a fix changes, a line a kind of thing; empty when nothing does. */
export function describeDependents(dependents: readonly Dependent[]): readonly string[] {
  const kinds = [...new Set(dependents.map(({ kind }) => kind))]
  return kinds.map((kind) => {
    const of = dependents.filter((dependent) => dependent.kind === kind)
    const names = of.map(({ name, location, columns }) =>
      [
        kind === 'query' && location ? `${name} (${formatLocation(location)})` : name,
        columns.length === 0 ? ' (perhaps: it puts SQL together)' : '',
      ].join(''),
    )
    return `${PLURAL[kind] ?? `${kind}s`}: ${names.join(', ')}`
  })
}

const PLURAL: Readonly<Record<string, string>> = { policy: 'policies', query: 'queries' }
