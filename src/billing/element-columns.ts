import type { JsonFact } from '../evidence/sample/json.js'

/** A key of JSON elements that becomes a column. */
export interface KeyColumn {
  readonly key: string
  readonly name: string
  /** A type in SQL. */
  readonly type: string
  readonly writtenAs: 'number' | 'boolean' | 'string'
  readonly notNull: boolean
}

/** Columns of which one is the product of two others, rounded to so many digits. */
export interface ProductCheck {
  readonly product: string
  readonly factors: readonly [string, string]
  readonly scale: number
}

/** Rarer keys stay in the document. */
const PRESENT = 0.5

/** The columns that elements of JSON arrays have, and what holds between them: as far as their rows tell. A key is NOT NULL where every element of every row has it. */
export function columnsOfElements({ keys, records, products, grounds }: JsonFact): {
  readonly columns: readonly KeyColumn[]
  readonly products: readonly ProductCheck[]
} {
  const taken = new Set<string>()
  const columns = keys.flatMap((key): readonly KeyColumn[] => {
    const { type, writtenAs, present, nulls } = key
    if (type === null || present < PRESENT * records) return []
    const notNull = grounds.tier === 'verified' && present - nulls === records
    return [{ key: key.name, name: nameColumn(key.name, taken), type, writtenAs, notNull }]
  })
  const names = new Map(columns.map(({ key, name }) => [key, name]))
  return {
    columns,
    products: products.flatMap(({ product, factors: [a, b], scale }) => {
      const [whole, one, other] = [product, a, b].map((key) => names.get(key))
      return whole && one && other ? [{ product: whole, factors: [one, other] as const, scale }] : []
    }),
  }
}

/** `unitPrice` → `unit_price`; what is no name at all, and a name that is taken, get a number. */
function nameColumn(key: string, taken: Set<string>): string {
  const words = key.replaceAll(/([\p{Ll}\d])(\p{Lu})/gu, '$1_$2').toLowerCase()
  const plain = words.replaceAll(/[^\p{L}\d]+/gu, '_').replaceAll(/^_+|_+$/g, '')
  const base = (/^\p{L}/u.test(plain) ? plain : `key_${plain}`).slice(0, 30).replace(/_+$/, '')
  let name = base
  for (let number = 2; taken.has(name); number++) name = `${base}_${number}`
  taken.add(name)
  return name
}
