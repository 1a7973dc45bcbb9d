import {
  afterReview,
  type Assessment,
  type Column,
  type Detection,
  changeColumnTypes,
  mentions,
  rule,
  type Schema,
  type Table,
  type TypeChange,
  wordsOf,
} from '../../src/kit.js'

const TEXT = new Set(['text', 'varchar', 'bpchar'])

/** Length of a UUID with its hyphens. */
const LENGTH = 36

/** From this many tables on it is one decision for the whole schema, and one finding. */
const CONVENTION = 5

const UUID_PATTERN = '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$'

const MAKES_UUID =
  /^\(?(?:[\w"]+\.)?(?:gen_random_uuid|uuid_generate_v[1-5](?:mc)?|uuidv[47])\(\)\)?(?:::(?:text|character)|$)/

/** A regular expression of eight, four and twelve digits; or a cast. */
const UUID_IN_CHECK = /\{8\}.*\{4\}.*\{12\}|\)?::uuid\b/

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Store UUIDs as uuid.',
    why: 'As text a UUID takes 37 bytes instead of 16, in the table and in every index and foreign key; the same UUID in upper case is another value, and anything that is none is let in.',
    bad: 'create table device (id text primary key default gen_random_uuid(), label text);',
    good: 'create table device (id uuid primary key default gen_random_uuid(), label text);',
    unless: 'Identifiers of other systems stand in the column as well.',
    references: ['https://www.postgresql.org/docs/current/datatype-uuid.html'],
  },
  needs: ['catalog'],
  complexity: 'medium',

  *detect({ catalog }): Iterable<Detection<Schema | Table, { columns: readonly string[]; tables: number }>> {
    // Elsewhere the same name takes other texts.
    const loose = new Set(
      catalog.columns().flatMap(({ name, type }) => (TEXT.has(type.name) && type.length !== LENGTH ? [name] : [])),
    )
    const found = catalog.tables.flatMap((table) => {
      if (table.partitionOf || table.variety === 'foreign') return []
      const columns = table.columns.filter((column) => !column.inherited && isUuid(column, loose))
      return columns.length > 0 ? [{ table, columns }] : []
    })
    const inSchema = (schema: Schema) => found.filter(({ table }) => table.schema === schema)
    for (const schema of catalog.schemas) {
      const tables = inSchema(schema)
      if (tables.length < CONVENTION) continue
      yield {
        on: schema,
        related: tables.map(({ table }) => table),
        facts: { columns: tables.flatMap(({ columns }) => columns.map(shortName)), tables: tables.length },
        assessment: {
          ...assessmentOf(tables.flatMap(({ columns }) => columns)),
          severity: 'info',
          complexity: 'high',
        } as const,
      }
    }
    for (const { table, columns } of found) {
      if (inSchema(table.schema).length >= CONVENTION) continue
      yield {
        on: table,
        related: columns,
        facts: { columns: columns.map(({ name }) => name), tables: 1 },
        assessment: assessmentOf(columns),
      }
    }
  },

  message: ({ on, facts: { columns, tables } }) =>
    tables === 1
      ? `${on} stores UUIDs as text in ${columns.join(', ')}.`
      : `${on} stores UUIDs as text throughout: ${columns.length} columns of ${tables} tables, such as ${columns.slice(0, 3).join(', ')}.`,

  fix: ({ on, facts: { columns }, catalog, target }) => {
    if (on.kind !== 'table' || on.variety === 'partitioned') return []
    const changed = columns.flatMap((name) => on.column(name) ?? [])
    // Both ends of a foreign key would have to change together.
    if (changed.some((column) => isLinked(column, on) || column.generated || column.type.domain)) return []
    return afterReview(
      `Is every value of ${columns.join(', ')} a UUID, and will programs that read and write it as text still do?`,
      changeColumnTypes(changed.map(toUuid), { catalog, target }),
    )
  },
})

function shortName({ table, name }: Column): string {
  return `${table.name}.${name}`
}

function assessmentOf(columns: readonly Column[]): Assessment {
  return columns.some((column) => signOf(column) === 'declared') ? {} : { tier: 'inferred', confidence: 0.85 }
}

function isUuid(column: Column, loose: ReadonlySet<string>): boolean {
  const sign = signOf(column)
  const told = ['uuid', 'guid'].includes(wordsOf(column.name).at(-1) ?? '')
  // Every table has an `id` of its own kind.
  return sign === 'inferred' && !told && column.name !== 'id' ? !loose.has(column.name) : sign !== null
}

/** Declared by a default that makes one or a CHECK that asks for one; inferred from a name that says uuid, or an identifier of exactly 36 characters. */
function signOf(column: Column): 'declared' | 'inferred' | null {
  const { type, table } = column
  if (!TEXT.has(type.name) || column.generated) return null
  if (type.length !== null && type.length < LENGTH) return null
  const words = wordsOf(column.name)
  const identifies = ['id', 'uuid', 'guid'].includes(words.at(-1) ?? '')
  if (identifies && MAKES_UUID.test(column.default ?? '')) return 'declared'
  const asked = table.checks.some(
    ({ expression, columns }) => columns.length === 1 && columns[0] === column && UUID_IN_CHECK.test(expression),
  )
  if (asked) return 'declared'
  if (mentions(words, 'foreign') || holdsOtherText(column.default)) return null
  if (['uuid', 'guid'].includes(words.at(-1) ?? '')) return 'inferred'
  return type.length === LENGTH && words.at(-1) === 'id' ? 'inferred' : null
}

/** A default such as '' is no UUID. */
function holdsOtherText(value: string | null): boolean {
  const constant = /^'([^']*)'(?:::|$)/.exec(value ?? '')?.[1]
  return constant !== undefined && !new RegExp(UUID_PATTERN).test(constant)
}

function isLinked(column: Column, table: Table): boolean {
  return (
    table.foreignKeys.some(({ columns }) => columns.includes(column)) ||
    table.referencedBy.some(({ referencedColumns }) => referencedColumns.includes(column))
  )
}

function toUuid(column: Column): TypeChange {
  const [, maker] = column.default?.match(/^\(?(.*?\(\))\)?(?:::|$)/) ?? []
  return {
    column,
    type: 'uuid',
    default: maker ?? column.default,
    unfit: (value) => `${value} !~ '${UUID_PATTERN}'`,
  }
}
