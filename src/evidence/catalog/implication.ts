import {
  type ComparisonOperator,
  type Constant,
  type Expression,
  identityOf,
  negate,
  type Operand,
  strictColumnsOf,
} from './expression.js'
import { remember, rememberFor } from '../remember.js'

export type Verdict = 'yes' | 'no' | 'unknown'

/**
 * Whether every row for which `a` is true is one for which `b` is true, as a partial index asks of its predicate. `yes` is
 * proven, `no` has a counter-example among the values of the columns' types; NOT NULL constraints are not considered.
 * Columns are taken to be of no composite type. For CHECKs, which also pass on NULL, see `impliesAsCheck`.
 *
 * All rows fall into finitely many worlds: for each value that the expressions name, a column is NULL, below, at or above
 * every constant it is compared with. Both expressions are evaluated in each world by SQL's three-valued logic.
 */
export function implies(a: Expression, b: Expression): Verdict {
  const [first, second] = [textOf(a), textOf(b)]
  return first === second ? 'yes' : impliesAsText(`[${first},${second}]`)
}

const textOf = rememberFor((expression: Expression) => JSON.stringify(expression))

/** Schemas say the same thing of many tables. */
const impliesAsText = remember(20_000, (pair: string): Verdict => {
  const [a, b] = JSON.parse(pair) as [Expression, Expression]
  const variables = new Variables([a, b])
  if (variables.count > MOST_WORLDS) return impliesByParts(a, b)
  let verdict: Verdict = 'yes'
  for (const world of variables.worlds()) {
    if (evaluate(a, world) !== true || evaluate(b, world) === true) continue
    if (!variables.canExist) return 'unknown'
    if (variables.exists(world)) return 'no'
    verdict = 'unknown'
  }
  return verdict
})

/** Whether a row that CHECK `a` lets pass (true or NULL) always passes CHECK `b`. */
export function impliesAsCheck(a: Expression, b: Expression): Verdict {
  return implies(negate(b), negate(a))
}

const MOST_WORLDS = 20_000

/** Sound, but blind to what only all parts together imply. */
function impliesByParts(a: Expression, b: Expression): Verdict {
  const every = (verdicts: readonly Verdict[]) => (verdicts.every((verdict) => verdict === 'yes') ? 'yes' : 'unknown')
  if (b.kind === 'and') return every(b.parts.map((part) => implies(a, part)))
  if (a.kind === 'or') return every(a.parts.map((part) => implies(part, b)))
  const parts = a.kind === 'and' ? a.parts.map((part) => implies(part, b)) : []
  const arms = b.kind === 'or' ? b.parts.map((part) => implies(a, part)) : []
  return [...parts, ...arms].includes('yes') ? 'yes' : 'unknown'
}

type Truth = boolean | null
type Relation = '<' | '=' | '>' | 'other'

/** One class of rows: how each variable stands. */
interface World {
  /** Term → null when it is NULL, else its place among the constants of each kind of comparison. */
  readonly terms: ReadonlyMap<string, ReadonlyMap<string, number> | null>
  /** Pair of terms, or opaque condition, → what it is. */
  readonly facts: ReadonlyMap<string, Relation | Truth>
  readonly scales: ReadonlyMap<string, Scale>
  readonly names: Names
}

/** Identities of operands and pairs, each worked out once. */
class Names {
  readonly #terms = new Map<Operand, string>()
  readonly #conditions = new Map<Operand, string>()
  readonly #pairs = new Map<Operand, Map<Operand, ReturnType<typeof pairOf>>>()

  ofTerm(operand: Operand): string {
    return recall(this.#terms, operand, identityOf)
  }

  ofCondition(operand: Operand): string {
    return recall(this.#conditions, operand, conditionId)
  }

  ofPair(left: Operand, right: Operand): ReturnType<typeof pairOf> {
    const ofLeft = recall(this.#pairs, left, () => new Map<Operand, ReturnType<typeof pairOf>>())
    return recall(ofLeft, right, () => pairOf(left, right))
  }
}

function recall<K, V>(known: Map<K, V>, key: K, make: (key: K) => V): V {
  const value = known.get(key) ?? make(key)
  known.set(key, value)
  return value
}

/** The constants that a term is compared with under one meaning of comparison, and the places among them. */
interface Scale {
  /** ordered: gap, constant, gap, constant … gap · categories: each constant, then anything else. */
  readonly mode: 'ordered' | 'categories' | 'boolean'
  readonly type: string
  readonly constants: readonly string[]
  readonly places: number
}

interface Term {
  readonly operand: Operand
  readonly strict: readonly string[]
  /** Type → constants. */
  readonly constants: Map<string, Set<string>>
  /** Types under which the term is compared by order. */
  readonly ordered: Set<string>
}

class Variables {
  readonly #terms = new Map<string, Term>()
  readonly #pairs = new Map<string, readonly [string, string]>()
  readonly #conditions = new Map<string, readonly string[]>()
  readonly #scales = new Map<string, Scale>()
  readonly #scalesOf = new Map<string, readonly (readonly [string, Scale])[]>()
  readonly #names = new Names()

  constructor(expressions: readonly Expression[]) {
    for (const expression of expressions) this.#collect(expression)
    for (const [id, term] of this.#terms) {
      const scales = [...term.constants].flatMap(([type, constants]) =>
        scalesFor(type, [...constants], term.ordered.has(type)),
      )
      const named = scales.map((scale) => [scaleId(id, scale), scale] as const)
      this.#scalesOf.set(id, named)
      for (const [name, scale] of named) this.#scales.set(name, scale)
    }
  }

  /** Upper bound of the number of worlds. */
  get count(): number {
    let count = 3 ** (this.#pairs.size + this.#conditions.size)
    for (const scales of this.#scalesOf.values()) {
      count *= 1 + scales.reduce((product, [, { places }]) => product * places, 1)
    }
    return count
  }

  *worlds(): Generator<World> {
    // Columns first: whether they are NULL decides about the values that are made of them.
    const terms = [...this.#terms].toSorted(
      ([, a], [, b]) => Number(a.operand.kind !== 'column') - Number(b.operand.kind !== 'column'),
    )
    yield* this.#assignTerms(terms, 0, new Map())
  }

  *#assignTerms(
    terms: readonly (readonly [string, Term])[],
    at: number,
    assigned: Map<string, ReadonlyMap<string, number> | null>,
  ): Generator<World> {
    const entry = terms[at]
    if (!entry)
      return yield* this.#assignFacts([...this.#pairs.keys(), ...this.#conditions.keys()], 0, assigned, new Map())
    const [id, term] = entry
    yield* this.#assignTerms(terms, at + 1, assigned.set(id, null))
    const possible = term.operand.kind === 'column' || term.strict.every((column) => !isNull(assigned, column))
    if (possible) {
      for (const places of combine(this.#scalesOf.get(id) ?? [])) {
        yield* this.#assignTerms(terms, at + 1, assigned.set(id, places))
      }
    }
    assigned.delete(id)
  }

  *#assignFacts(
    names: readonly string[],
    at: number,
    terms: World['terms'],
    facts: Map<string, Relation | Truth>,
  ): Generator<World> {
    const name = names[at]
    if (name === undefined) return yield { terms, facts, scales: this.#scales, names: this.#names }
    for (const value of this.#possible(name, terms)) {
      facts.set(name, value)
      yield* this.#assignFacts(names, at + 1, terms, facts)
    }
  }

  #possible(name: string, terms: World['terms']): readonly (Relation | Truth)[] {
    const pair = this.#pairs.get(name)
    if (pair) return pair.some((term) => terms.get(term) === null) ? [null] : ['<', '=', '>']
    const strict = this.#conditions.get(name) ?? []
    return strict.some((column) => isNull(terms, column)) ? [null] : [true, false, null]
  }

  /** All values are plain columns, independent of each other. */
  get canExist(): boolean {
    if (this.#pairs.size + this.#conditions.size > 0) return false
    return [...this.#terms.values()].every(({ operand }) => operand.kind === 'column')
  }

  /** Rows of this world can be written down, if any can: the columns are at places that hold values. */
  exists(world: World): boolean {
    return [...this.#terms.keys()].every((id) => {
      const places = world.terms.get(id)
      if (!places) return true
      return places.size <= 1 && [...places].every(([name, place]) => holdsValues(this.#scales.get(name)!, place))
    })
  }

  #collect(expression: Expression): void {
    switch (expression.kind) {
      case 'and':
      case 'or':
        return expression.parts.forEach((part) => this.#collect(part))
      case 'not':
        return this.#collect(expression.part)
      case 'constant':
        return
      case 'isNull':
      case 'isNotNull':
        return void this.#term(expression.operand)
      case 'in':
        for (const value of expression.values) this.#compare(expression.operand, value, false)
        return void this.#term(expression.operand)
      case 'comparison': {
        const { left, right, operator } = expression
        if (right.kind === 'constant') return this.#compare(left, right, operator !== '=' && operator !== '<>')
        const pair = pairOf(left, right)
        this.#pairs.set(pair.id, [this.#term(pair.first), this.#term(pair.second)])
        return
      }
      case 'other':
        this.#conditions.set(conditionId(expression.operand), strictColumnsOf(expression.operand))
    }
  }

  #compare(operand: Operand, constant: Constant, ordered: boolean): void {
    const term = this.#terms.get(this.#term(operand))!
    const constants = term.constants.get(constant.type) ?? new Set()
    term.constants.set(constant.type, constants.add(String(constant.value)))
    if (ordered) term.ordered.add(constant.type)
  }

  #term(operand: Operand): string {
    const id = identityOf(operand)
    if (!this.#terms.has(id)) {
      this.#terms.set(id, { operand, strict: strictColumnsOf(operand), constants: new Map(), ordered: new Set() })
    }
    return id
  }
}

function isNull(terms: World['terms'], column: string): boolean {
  return terms.get(identityOf({ kind: 'column', name: column })) === null
}

function* combine(scales: readonly (readonly [string, Scale])[]): Generator<ReadonlyMap<string, number>> {
  const [first, ...rest] = scales
  if (!first) return yield new Map()
  const [name, { places }] = first
  for (const others of combine(rest)) {
    for (let place = 0; place < places; place++) yield new Map([...others, [name, place]])
  }
}

/** One scale for all constants when it is known how they compare, else one for each. */
function scalesFor(type: string, constants: readonly string[], ordered: boolean): readonly Scale[] {
  if (type === 'boolean' && !ordered) {
    return [{ mode: 'boolean', type, constants: ['true', 'false'], places: 2 }]
  }
  const sorted = order(type, constants)
  if (sorted) return [{ mode: 'ordered', type, constants: sorted, places: 2 * sorted.length + 1 }]
  if ((type === 'text' || type === 'enum') && !ordered) {
    return [{ mode: 'categories', type, constants, places: constants.length + 1 }]
  }
  return constants.map((constant) => ({ mode: 'ordered', type, constants: [constant], places: 3 }))
}

function scaleId(term: string, scale: Scale): string {
  return JSON.stringify([term, scale.type, scale.constants])
}

/** The constants in ascending order, or null when that is not known. */
function order(type: string, constants: readonly string[]): readonly string[] | null {
  if (type === 'number') {
    const numbers = constants.map(decimal)
    if (numbers.includes(null)) return null
    const scale = Math.max(...numbers.map((number) => number!.scale))
    const scaled = numbers.map((number) => number!.digits * 10n ** BigInt(scale - number!.scale))
    const sorted = constants.toSorted((a, b) => {
      const difference = scaled[constants.indexOf(a)]! - scaled[constants.indexOf(b)]!
      return difference < 0n ? -1 : difference > 0n ? 1 : 0
    })
    return new Set(scaled).size === scaled.length ? sorted : null
  }
  const form = ISO[type]
  if (!form || !constants.every((constant) => form.test(constant))) return null
  const offsets = new Set(constants.map((constant) => constant.slice(19)))
  return offsets.size === 1 ? constants.toSorted() : null
}

/** Forms whose text order is their order in time, as long as the zone's offset is the same. */
const ISO: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}-\d\d-\d\d$/,
  timestamp: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/,
  timestamptz: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d(?::\d\d)?$/,
}

function decimal(text: string): { readonly digits: bigint; readonly scale: number } | null {
  const match = /^(-?)(\d*)(?:\.(\d*))?$/.exec(text)
  if (!match || !(match[2] || match[3])) return null
  const fraction = match[3] ?? ''
  const digits = BigInt(`${match[2] ?? ''}${fraction}`)
  return { digits: match[1] ? -digits : digits, scale: fraction.length }
}

/** Values of the term's type are sure to lie there: an integer does, for numbers, where it is not at the ends of the range. */
function holdsValues({ mode, type, constants }: Scale, place: number): boolean {
  if (mode === 'boolean') return true
  if (mode === 'categories') return place < constants.length || type === 'text'
  if (place % 2 === 1) return true
  if (type !== 'number') return false
  const [low, high] = [constants[place / 2 - 1], constants[place / 2]]
  if (low === undefined || high === undefined) return Math.abs(Number(low ?? high)) < 32_000
  return Math.floor(Number(low)) + 1 < Number(high)
}

function evaluate(expression: Expression, world: World): Truth {
  switch (expression.kind) {
    case 'and': {
      const parts = expression.parts.map((part) => evaluate(part, world))
      return parts.includes(false) ? false : parts.includes(null) ? null : true
    }
    case 'or': {
      const parts = expression.parts.map((part) => evaluate(part, world))
      return parts.includes(true) ? true : parts.includes(null) ? null : false
    }
    case 'not': {
      const part = evaluate(expression.part, world)
      return part === null ? null : !part
    }
    case 'constant':
      return expression.value
    case 'isNull':
      return world.terms.get(world.names.ofTerm(expression.operand)) === null
    case 'isNotNull':
      return world.terms.get(world.names.ofTerm(expression.operand)) !== null
    case 'in': {
      if (expression.values.length === 0) return false
      const relations = expression.values.map((value) => relate(expression.operand, value, world))
      return relations.includes('=') ? true : relations.includes(null) ? null : false
    }
    case 'comparison': {
      const { left, right, operator } = expression
      if (right.kind === 'constant') return holds(operator, relate(left, right, world))
      const pair = world.names.ofPair(left, right)
      const relation = (world.facts.get(pair.id) ?? null) as Relation | null
      return holds(operator, pair.swapped ? swap(relation) : relation)
    }
    case 'other':
      return (world.facts.get(world.names.ofCondition(expression.operand)) ?? null) as Truth
  }
}

/** How a term stands to a constant in a world; null when the term is NULL. */
function relate(operand: Operand, { type, value }: Constant, world: World): Relation | null {
  const places = world.terms.get(world.names.ofTerm(operand))
  if (!places) return null
  for (const [name, place] of places) {
    const scale = world.scales.get(name)!
    const index = scale.type === type ? scale.constants.indexOf(String(value)) : -1
    if (index < 0) continue
    if (scale.mode !== 'ordered') return place === index ? '=' : 'other'
    return place === 2 * index + 1 ? '=' : place < 2 * index + 1 ? '<' : '>'
  }
  throw new Error(`No scale for ${value}.`)
}

function holds(operator: ComparisonOperator, relation: Relation | null): Truth {
  if (relation === null) return null
  if (operator === '=') return relation === '='
  if (operator === '<>') return relation !== '='
  return operator.includes(relation)
}

function swap(relation: Relation | null): Relation | null {
  return relation === '<' ? '>' : relation === '>' ? '<' : relation
}

function pairOf(left: Operand, right: Operand) {
  const [a, b] = [identityOf(left), identityOf(right)]
  const swapped = a > b
  return {
    id: JSON.stringify(swapped ? [b, a] : [a, b]),
    first: swapped ? right : left,
    second: swapped ? left : right,
    swapped,
  }
}

function conditionId(operand: Operand): string {
  return `condition ${identityOf(operand)}`
}
