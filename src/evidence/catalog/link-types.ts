import { addressed, type Draft } from './draft.js'
import type { Schema, Type, UserType } from './model.js'
import type { RawCatalog, RawType } from './raw.js'

/** Links the user's types, and gives the `Type` of a column from its type's oid, its SQL and its modifier. */
export function linkTypes(rows: RawCatalog, schemaOf: (oid: number) => Schema) {
  const byOid = new Map(rows.types.map((row) => [row.oid, row]))
  const userTypes = new Map<number, Draft<UserType>>()

  for (const row of rows.types) {
    const variety = varietyOf(row)
    if (row.schema === null || row.ofExtension || !variety) continue
    const schema = schemaOf(row.schema)
    userTypes.set(
      row.oid,
      addressed({
        kind: 'type' as const,
        address: `${schema.name}.${row.name}`,
        name: row.name,
        comment: row.comment,
        schema,
        variety,
        labels: [...(row.labels ?? [])],
        baseType: null,
        notNull: row.notNull,
        default: row.default,
        checks: rows.constraints
          .filter(({ domain }) => domain === row.oid)
          .map(({ name, definition }) => ({ name, definition })),
        attributes: [],
        subtype: null,
      }),
    )
  }

  const typeOf = (oid: number, sql: string, modifier: number): Type => {
    const row = byOid.get(oid)
    if (!row) return { ...UNKNOWN, name: sql, sql }
    const domain = row.kind === 'd' ? (userTypes.get(oid) ?? null) : null
    if (row.kind === 'd')
      return { ...typeOf(row.base, row.baseSql ?? '', row.modifier), sql, domain: domain as UserType }
    const array = row.category === 'A' && row.element !== 0
    const element = array ? byOid.get(row.element) : undefined
    return {
      name: row.name,
      sql,
      category: array ? 'array' : categoryOf(row),
      typcategory: row.category,
      ...modifiersOf(row.name, modifier),
      domain: null,
      definition: (userTypes.get(oid) as UserType | undefined) ?? null,
      element: element ? typeOf(element.oid, sql.replace(/\[\]$/, ''), modifier) : null,
    }
  }

  for (const row of rows.types) {
    const type = userTypes.get(row.oid)
    if (!type) continue
    if (row.base !== 0) type.baseType = typeOf(row.base, row.baseSql ?? '', row.modifier)
    if (row.subtype) type.subtype = typeOf(row.subtype, byOid.get(row.subtype)?.name ?? '', -1)
    type.attributes = (row.attributes ?? []).map((attribute) => ({
      name: attribute.name,
      type: typeOf(attribute.type, attribute.sql, attribute.modifier),
    }))
  }
  return { typeOf, userTypes: [...userTypes.values()] as UserType[] }
}

const UNKNOWN = {
  category: 'base',
  typcategory: 'X',
  precision: null,
  scale: null,
  length: null,
  domain: null,
  definition: null,
  element: null,
} as const

function varietyOf(row: RawType): UserType['variety'] | null {
  if (row.kind === 'e') return 'enum'
  if (row.kind === 'd') return 'domain'
  if (row.kind === 'r') return 'range'
  return row.composite ? 'composite' : null
}

function categoryOf(row: RawType): Type['category'] {
  switch (row.kind) {
    case 'e':
      return 'enum'
    case 'c':
      return 'composite'
    case 'r':
      return 'range'
    case 'm':
      return 'multirange'
    default:
      return 'base'
  }
}

/** Decodes `atttypmod`; see numerictypmodin() and varchartypmodin() in PostgreSQL's sources. */
function modifiersOf(name: string, modifier: number): Pick<Type, 'precision' | 'scale' | 'length'> {
  const none = { precision: null, scale: null, length: null }
  if (modifier < 0) return none
  switch (name.replace(/^_/, '')) {
    case 'numeric': {
      const packed = modifier - 4
      return { ...none, precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 }
    }
    case 'varchar':
    case 'bpchar':
      return { ...none, length: modifier - 4 }
    case 'bit':
    case 'varbit':
      return { ...none, length: modifier }
    case 'timestamp':
    case 'timestamptz':
    case 'time':
    case 'timetz':
      return { ...none, precision: modifier }
    default:
      return none
  }
}
