import { parseSync } from 'libpg-query'
import { quoteIdentifier } from '../quote.js'

type Node = Readonly<Record<string, unknown>>

const START = 'select '

/**
 * An expression over one table's columns, with other names for some of them: every reference is replaced where the parser says that
 * it stands. Null for what cannot be parsed, or reads the columns of anything else.
 */
export function renameColumns(expression: string, names: ReadonlyMap<string, string>): string | null {
  return replaceColumnsIn(expression, (name) => {
    const renamed = names.get(name)
    return renamed === undefined ? null : quoteIdentifier(renamed)
  })
}

/** The same with any SQL in place of a column, by its name; where that is null, the column stays. */
export function replaceColumnsIn(expression: string, sqlFor: (name: string) => string | null): string | null {
  let tree: unknown
  try {
    tree = parseSync(START + expression)
  } catch (error) {
    if ((error as Error).name !== 'SqlError') throw error
    return null
  }
  const references = referencesIn(tree)
  if (references.some(({ fields }) => fields.length !== 1)) return null
  let text = Buffer.from(START + expression)
  for (const { fields, location } of references.toSorted((a, b) => b.location - a.location)) {
    const sql = sqlFor(fields[0] ?? '')
    if (sql === null) continue
    const written = /^(?:"(?:[^"]|"")*"|[^\s"(),;:.+*/<>=~!@#%^&|`?[\]{}'-]+)/.exec(text.subarray(location).toString())
    if (!written) return null
    const end = location + Buffer.byteLength(written[0])
    text = Buffer.concat([text.subarray(0, location), Buffer.from(sql), text.subarray(end)])
  }
  return text.toString().slice(START.length)
}

/** An expression with other types in its casts; what stands between quotes is left alone. */
export function renameCasts(expression: string, types: ReadonlyMap<string, string>): string {
  const written = [...types.keys()].map((type) => type.replaceAll(/[^\w ]/g, '\\$&')).join('|')
  if (written === '') return expression
  return expression.replaceAll(
    new RegExp(`'(?:[^']|'')*'|"(?:[^"]|"")*"|::(${written})(?![\\w(])`, 'g'),
    (text, type?: string) => (type === undefined ? text : `::${types.get(type)}`),
  )
}

interface Reference {
  readonly fields: readonly (string | null)[]
  /** Byte offset. */
  readonly location: number
}

function referencesIn(tree: unknown): readonly Reference[] {
  if (Array.isArray(tree)) return tree.flatMap(referencesIn)
  if (typeof tree !== 'object' || tree === null) return []
  return Object.entries(tree).flatMap(([key, value]) => {
    if (key !== 'ColumnRef') return referencesIn(value)
    const { fields, location = 0 } = value as { fields: readonly Node[]; location?: number }
    const named = fields.map((field) => (field['String'] as { sval?: string } | undefined)?.sval ?? null)
    return [{ fields: named, location }]
  })
}
