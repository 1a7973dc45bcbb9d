import type { Column, Table } from './model.js'

/** Of a type that keys have, its table's own, not computed, and not the number that the table gives its own rows. */
export function mayReference({ type, generated, identity, inherited, default: value, table }: Column): boolean {
  if (!familyOf(type.name) || type.category === 'array' || generated || identity || inherited) return false
  if (/^nextval\(|^gen_random_uuid\(\)|uuid_generate_v\d|^uuidv[47]\(/.test(value ?? '')) return false
  return table.columns.length > 1
}

const FAMILY: Readonly<Record<string, string>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  uuid: 'uuid',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  citext: 'text',
}

/** The table itself gives its rows their number. */
export function isHandedOut(key: Column): boolean {
  return !mayReference(key) && !key.generated && !key.inherited
}

export function familyOf(type: string): string | undefined {
  return FAMILY[type]
}

export function nameAndFamily({ name, type }: Column): string {
  return `${name} ${familyOf(type.name)}`
}

export function sameFamily(a: Column, b: Column): boolean {
  return familyOf(a.type.name) === familyOf(b.type.name)
}

/** A number or a uuid: without a meaning of its own. */
export function isOpaque({ type }: Column): boolean {
  return familyOf(type.name) !== 'text'
}

export function singleKey(table: Table): Column | null {
  const columns = table.primaryKey?.columns ?? []
  return columns.length === 1 ? columns[0]! : null
}
