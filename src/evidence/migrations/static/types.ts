import { nodeAt, nodesIn, stringsIn } from '../../../source/files/parse.js'

/** Names that PostgreSQL prints for what its grammar calls otherwise. */
const PRINTED: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  int: 'integer',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  varchar: 'character varying',
  bpchar: 'character',
  timestamptz: 'timestamp with time zone',
  timestamp: 'timestamp without time zone',
  timetz: 'time with time zone',
  time: 'time without time zone',
  varbit: 'bit varying',
  serial: 'integer',
  serial4: 'integer',
  bigserial: 'bigint',
  serial8: 'bigint',
  smallserial: 'smallint',
  serial2: 'smallint',
}

/** A `TypeName` as PostgreSQL prints it, with its modifiers. */
export function printType(typeName: unknown): string {
  const names = stringsIn(nodeAt(typeName, 'names'))
  const name = names.at(-1) ?? ''
  const schema = names.length > 1 && names[0] !== 'pg_catalog' ? `${names[0]}.` : ''
  const modifiers = nodesIn(nodeAt(typeName, 'typmods')).map(([, node]) => nodeAt(node, 'ival', 'ival') ?? 0)
  const printed = PRINTED[name] ?? `${schema}${name}`
  const [head = '', ...tail] = printed.split(' with')
  const rest = tail.length > 0 ? ` with${tail.join(' with')}` : ''
  const array = '[]'.repeat(nodesIn(nodeAt(typeName, 'arrayBounds')).length)
  // `char` alone is `character(1)`, and prints as `character`.
  const shown = modifiers.length === 0 || name === 'interval' ? '' : `(${modifiers.join(',')})`
  return `${head}${shown}${rest}${array}`
}

const PARTS = /^([^(]+?)(?:\((\d+)(?:,(-?\d+))?\))?((?: with(?:out)? time zone)?)$/

/**
 * Whether a change of type writes every row anew; null when the old type is not known. A change of `timestamp` to `timestamptz`
 * only reads the rows where the session's time zone is UTC.
 */
export function rewritesRows(from: string | null, to: string, isUtc: boolean): boolean | null {
  if (from === null) return to === 'text' || to === 'character varying' ? null : true
  if (from === to) return false
  const [, name = from, size, scale, zone = ''] = PARTS.exec(from) ?? []
  const [, newName = to, newSize, newScale, newZone = ''] = PARTS.exec(to) ?? []
  const isText = (type: string) => type === 'text' || type === 'character varying'
  const grows = newSize === undefined || (size !== undefined && Number(newSize) >= Number(size))
  if (isText(name) && isText(newName)) return !grows
  if (name === 'cidr' && newName === 'inet') return false
  if (name !== newName) return true
  if (zone !== newZone) return !(isUtc && name === 'timestamp')
  if (name === 'numeric') return !(newSize === undefined || (grows && (scale ?? '0') === (newScale ?? '0')))
  return name === 'bit varying' || name.startsWith('timestamp') || name.startsWith('time') ? !grows : true
}
