import type { Table } from '../../evidence/catalog/model.js'
import type { Sample } from '../../evidence/sample/model.js'
import { proposePredicates } from './predicates.js'
import type { Proposition } from './proposition.js'

/** Fewer rows agree by chance. */
const FEWEST = 30
/** So many rows must be of each kind that a proposition tells apart. */
const FEWEST_OF_A_KIND = 10
/** From so sure on a name speaks without rows. */
const BY_NAME = 0.8

/** Rules about types, and about facts in one text, ask for other columns instead. */
const OF_TYPES = new Set(['day', 'json', 'boolean', 'compound'])

/** Of each group of propositions about a table the one that rows keep, or nearly keep, and that says most; without rows what names alone tell. */
export function believedOf(table: Table, sample: Sample | null): readonly Proposition[] {
  const asked = sample?.predicates(table) ?? []
  const all = (asked.length > 0 ? asked : proposePredicates(table, null)) as readonly Proposition[]
  const proposed = all.filter(({ family }) => !OF_TYPES.has(family))
  const standing = proposed.filter((one) => {
    const { grounds, tallies = {} } = sample?.predicate(one.id) ?? {}
    if (!grounds || grounds.tier === 'names') return one.byName >= BY_NAME
    const known = (one.kinds ?? []).every((kind) => (tallies[kind] ?? 0) >= FEWEST_OF_A_KIND)
    return known && grounds.support >= (one.applies ? FEWEST_OF_A_KIND : FEWEST) && grounds.verdict !== 'refuted'
  })
  const isClean = ({ id }: Proposition) => (sample?.predicate(id)?.grounds.violations ?? 0) === 0
  return [...new Set(standing.map(({ group }) => group))].map((group) => {
    const members = standing.filter((one) => one.group === group)
    const clean = members.filter(isClean)
    return (clean.length > 0 ? clean : members).toSorted((a, b) => b.rank - a.rank)[0]!
  })
}
