import type { Column, Table } from '../../evidence/catalog/model.js'
import type { Feature } from './features.js'
import type { Link, Role } from './role.js'
import type { Shape } from './shape.js'

/** What a clue looks at: a table's own shape, and what its neighbours are believed to be so far. */
export interface View {
  readonly shape: Shape
  readonly parents: readonly Link[]
  readonly children: readonly Link[]
  shapeOf(table: Table): Shape
  parentsOf(table: Table): readonly Link[]
  /** 0 … 1. */
  belief(table: Table, role: Role): number
  /** The table whose rows this one's rows are copies of. */
  readonly copyOf: Table | null
  /** Most tables belong to rows of this one. */
  readonly ownsMost: boolean
}

/** How far a clue holds, and what to tell a person about it. */
export interface Sign {
  /** 0 … 1. */
  readonly strength: number
  /** Made when a person asks. */
  words(): string
}

/** Something that speaks for a role, or against it with a negative weight in units of log-odds. */
export interface Clue {
  readonly weight: number
  see(view: View): Sign | null
}

/** A belief below this is no sign. */
const FAINT = 0.2

/** The table's name says so; alone it never decides. */
export function named(weight: number, pattern: RegExp): Clue {
  return {
    weight,
    see: ({ shape }) => (shape.isCalled(pattern) ? { strength: 1, words: () => 'its name' } : null),
  }
}

/** Columns show a feature. */
export function has(weight: number, feature: Feature, words: string): Clue {
  return {
    weight,
    see: ({ shape }) => {
      const columns = shape.columnsOf(feature)
      return columns.length > 0 ? { strength: 1, words: () => `${words}: ${list(columns)}` } : null
    },
  }
}

/** At least so many columns show a feature; half of the weight for one less. */
export function hasSeveral(weight: number, feature: Feature, atLeast: number, words: string): Clue {
  return {
    weight,
    see: ({ shape }) => {
      const columns = shape.columnsOf(feature)
      if (columns.length < Math.max(1, atLeast - 1)) return null
      return { strength: columns.length >= atLeast ? 1 : 0.5, words: () => `${words}: ${list(columns)}` }
    },
  }
}

/** The table belongs to one that is believed to be in one of these roles. */
export function belongsTo(weight: number, roles: readonly Role[], words: string): Clue {
  return {
    weight,
    see: ({ parents, belief }) => {
      const best = strongest(parents, ({ to }) => Math.max(...roles.map((role) => belief(to, role))))
      return best && best.strength >= FAINT
        ? { strength: best.strength, words: () => `${words}: ${list(best.link.columns)} → ${best.link.to.name}` }
        : null
    },
  }
}

/** The table belongs to one that belongs to one in this role. */
export function descendsFrom(weight: number, role: Role, words: string): Clue {
  return {
    weight,
    see: ({ parents, parentsOf, belief }) => {
      if (parents.some(({ to }) => belief(to, role) >= FAINT)) return null
      const above = parents.flatMap((link) =>
        parentsOf(link.to).map(({ to }) => ({ link, strength: belief(to, role) })),
      )
      const [best] = above.toSorted((a, b) => b.strength - a.strength)
      return best && best.strength >= FAINT
        ? { strength: best.strength, words: () => `${words}: ${list(best.link.columns)} → ${best.link.to.name}` }
        : null
    },
  }
}

/** A table that is believed to be in one of these roles belongs to this one. */
export function owns(weight: number, roles: readonly Role[], words: string): Clue {
  return {
    weight,
    see: ({ children, belief }) => {
      const best = strongest(children, ({ from }) => Math.max(...roles.map((role) => belief(from, role))))
      return best && best.strength >= FAINT
        ? { strength: best.strength, words: () => `${words}: ${best.link.from.name}` }
        : null
    },
  }
}

/** Anything else. */
export function sign(weight: number, words: string, holds: (view: View) => boolean | string): Clue {
  return {
    weight,
    see: (view) => {
      const found = holds(view)
      return found === false || found === ''
        ? null
        : { strength: 1, words: () => (found === true ? words : `${words}: ${found}`) }
    },
  }
}

/** The names of some columns, the first four. */
export function list(columns: readonly Column[]): string {
  const names = [...new Set(columns)].map(({ name }) => name)
  return names.length > 4 ? `${names.slice(0, 4).join(', ')} …` : names.join(', ')
}

function strongest(links: readonly Link[], strengthOf: (link: Link) => number) {
  let best: { readonly link: Link; readonly strength: number } | null = null
  for (const link of links) {
    const strength = strengthOf(link)
    if (best === null || strength > best.strength) best = { link, strength }
  }
  return best
}
