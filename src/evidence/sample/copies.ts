import { quoteIdentifier } from '../../quote.js'
import type { Column } from '../catalog/model.js'
import { splitName, wordForms } from '../catalog/naming.js'
import { type Depth, groundsFrom, whyNotAll } from './grounds.js'
import { type LookAt, saw } from './look.js'
import type { Grounds } from './model.js'
import { matchOf, plainColumns, type Reference, type Spread } from './references.js'

/** A column that mostly says what a row that is referenced says. */
export interface CopyFact {
  readonly column: string
  /** Address of the column that it copies. */
  readonly original: string
  /** Columns that reference. */
  readonly by: readonly string[]
  readonly grounds: Grounds
}

const FEWEST_ROWS = 30
const FEWEST_VALUES = 3
/** Rows that chance would make differ. */
const LEAST_BY_CHANCE = 30
/** Share of rows that may differ. */
const DIFFERING = 0.1
const BOOKKEEPING = /^(?:id|created|updated|modified|inserted|deleted|version|rowguid)/i

/** Compares columns of a table with those of the row that it references, where their names say that they could be the same. */
export async function findCopies(
  reference: Reference,
  spread: Spread,
  look: LookAt,
  depth: Depth,
): Promise<readonly CopyFact[]> {
  const { child, parent } = reference
  const pairs = pairsOf(reference, spread)
  if (pairs.length === 0) return []
  const counts = pairs.flatMap(([copy, original], at) => {
    const [a, b] = [`c.${quoteIdentifier(copy.name)}`, `p.${quoteIdentifier(original.name)}`]
    return [
      `count(*) filter (where (${a} = ${b}) is not null)::int as n${at}`,
      `count(*) filter (where ${a} <> ${b})::int as bad${at}`,
    ]
  })
  const read = async (all: boolean) => {
    const from = `${all ? `${child.relation} as c` : child.from([...child.table.columns], 'c')} join ${parent.relation} as p on ${matchOf(reference, 'c', 'p')}`
    const result = await look<Record<string, number>>(`select ${counts.join(', ')} from ${from}`)
    return saw(result) ? { result, from, all } : null
  }
  const all = child.whole || (!child.rowSecurity && child.sizeBytes <= depth.verifyBytes)
  const seen = (await read(all)) ?? (all && !child.whole ? await read(false) : null)
  const [row] = seen?.result.rows ?? []
  if (!seen || !row) return []
  return pairs.flatMap(([copy, original], at): readonly CopyFact[] => {
    const [n, violations] = [row[`n${at}`]!, row[`bad${at}`]!]
    if (n < FEWEST_ROWS || violations > DIFFERING * n) return []
    const expectedByChance = Math.round(n * (spread.get(copy.name)?.differing ?? 0))
    if (expectedByChance < LEAST_BY_CHANCE) return []
    const wrong = `c.${quoteIdentifier(copy.name)} <> p.${quoteIdentifier(original.name)}`
    return [
      {
        column: copy.name,
        original: original.address,
        by: reference.columns.map(({ name }) => name),
        grounds: groundsFrom({
          place: { ...child, rowSecurity: child.rowSecurity || parent.rowSecurity },
          whole: seen.all,
          rows: n,
          support: n,
          violations,
          verdict: violations > 0 ? 'holds with exceptions' : 'holds',
          expectedByChance,
          sql: `select count(*) from ${seen.from} where ${wrong}`,
          milliseconds: seen.result.milliseconds,
          at: seen.result.at,
          whyNotHigher: whyNotAll(child, depth),
          wouldFalsify: `Many rows of ${child.table.address} whose ${copy.name} is another than ${original.address} of the row that they reference.`,
        }),
      },
    ]
  })
}

function pairsOf({ child, parent }: Reference, spread: Spread): readonly (readonly [copy: Column, original: Column])[] {
  const forms = wordForms(splitName(parent.table.name))
  return plainColumns(child.table).flatMap((copy) => {
    if ((spread.get(copy.name)?.distinct ?? 0) < FEWEST_VALUES || BOOKKEEPING.test(copy.name)) return []
    const name = splitName(copy.name).join('_')
    const original = plainColumns(parent.table).find((other) => {
      const of = splitName(other.name).join('_')
      const isNamed = name === of || forms.some((form) => name === `${form}_${of}`)
      return isNamed && other.type.name === copy.type.name && !BOOKKEEPING.test(other.name)
    })
    return original ? [[copy, original] as const] : []
  })
}
