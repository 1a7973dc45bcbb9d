import type { Catalog, Column, Sequence } from './model.js'
import { rememberFor } from '../remember.js'

/** The columns that each sequence gives numbers to: those that own it, and those whose default names it. */
export const columnsFedBySequences = rememberFor((catalog: Catalog): ReadonlyMap<Sequence, readonly Column[]> => {
  const byName = new Map(catalog.sequences.map((sequence) => [sequence.address, sequence]))
  const fed = new Map<Sequence, Set<Column>>()
  const add = (sequence: Sequence, column: Column) =>
    fed.set(sequence, (fed.get(sequence) ?? new Set<Column>()).add(column))
  for (const sequence of catalog.sequences) if (sequence.identity && sequence.ownedBy) add(sequence, sequence.ownedBy)
  for (const column of catalog.columns()) {
    const sequence = byName.get(sequenceInDefault(column) ?? '')
    if (sequence) add(sequence, column)
  }
  return new Map([...fed].map(([sequence, columns]) => [sequence, [...columns]]))
})

function sequenceInDefault({ default: value }: Column): string | null {
  const name = /nextval\('((?:[^']|'')+)'::(?:pg_catalog\.)?regclass\)/.exec(value ?? '')?.[1]
  if (!name) return null
  return [...name.replaceAll("''", "'").matchAll(/"((?:[^"]|"")*)"|[^."]+/g)]
    .map(([bare, quoted]) => quoted?.replaceAll('""', '"') ?? bare)
    .join('.')
}
