import {
  afterReview,
  type Assessment,
  mentions,
  changeColumnTypes,
  holdsDays,
  rule,
  wordsOf,
  type Column,
  type Detection,
  type Sample,
  type Schema,
  type Table,
  type TypeChange,
} from '../../src/kit.js'

/** Default that writes a UTC wall clock, which also answers in which zone the values are. */
const UTC_CLOCK =
  /^\(*timezone\('utc'::text, now\(\)\)\)*$|^\(*\(*(?:now\(\)|CURRENT_TIMESTAMP)\)* AT TIME ZONE 'utc'::text\)*$/i

/** A schema of this many tables, with hardly a timestamptz, keeps to what its framework creates. */
const CONVENTION = { tables: 5, share: 0.95, most: 0.8 }

/** From this many tables on it is one decision for the whole schema, whoever made it. */
const MANY = 10

/** The wall clocks of one table, or of as many tables of a schema. */
type WallClocks = { readonly columns: readonly string[]; readonly tables: number; readonly framework: boolean }

const CONVENTIONAL: Assessment = { severity: 'info', complexity: 'high' }

/** Tables in which frameworks note what they have migrated: Rails, Ecto, Prisma, Flyway, Alembic, Knex, Sequelize, TypeORM. */
const FRAMEWORK =
  /^(?:schema_migrations|ar_internal_metadata|_prisma_migrations|flyway_schema_history|alembic_version|knex_migrations|sequelizemeta|typeorm_metadata)$/i

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Store instants as timestamptz.',
    why: 'A timestamp without time zone is a wall clock on no particular wall: at the end of daylight saving two instants become one value, and the same value falls into different months for different readers.',
    bad: 'create table charge (id bigint primary key, charged_at timestamp not null);',
    good: 'create table charge (id bigint primary key, charged_at timestamptz not null);',
    unless: 'The column means a local wall clock, such as an opening time, and its zone is stored beside it.',
    references: [
      'https://www.postgresql.org/docs/current/datatype-datetime.html',
      'https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_timestamp_.28without_time_zone.29',
    ],
  },
  needs: ['catalog'],
  uses: ['sample'],
  complexity: 'medium',

  *detect({ catalog, sample }): Generator<Detection<Schema | Table, WallClocks>> {
    for (const schema of catalog.schemas) {
      const tables = catalog.tables.filter(
        (table) => table.schema === schema && !table.partitionOf && table.variety !== 'foreign',
      )
      const found = tables.flatMap((table) => {
        const columns = table.columns.filter((column) => !column.inherited && isWallClock(column, sample))
        return columns.length > 0 ? [{ table, columns }] : []
      })
      const framework = isConvention(tables, sample)
      if (framework || found.length >= MANY || isThroughout(found.length, tables)) {
        const columns = found.flatMap(({ columns }) => columns.map(({ table, name }) => `${table.name}.${name}`))
        const related = found.map(({ table }) => table)
        yield {
          on: schema,
          related,
          facts: { columns, tables: found.length, framework },
          assessment: framework ? CONVENTIONAL : {},
        }
        continue
      }
      for (const { table, columns } of found) {
        yield {
          on: table,
          related: columns,
          facts: { columns: columns.map(({ name }) => name), tables: 1, framework: false },
        }
      }
    }
  },

  message: ({ on, facts: { columns, tables, framework } }) =>
    on.kind === 'table'
      ? `${on} stores ${columns.join(', ')} as timestamp without time zone.`
      : `${on} stores its instants as timestamp without time zone throughout: ${columns.length} columns of ${tables} tables${framework ? ', as its framework does' : `, such as ${columns.slice(0, 3).join(', ')}`}.`,

  advice: ({ facts: { columns, framework } }) => {
    const days = columns.filter(mayBeDay)
    return framework
      ? 'The framework writes UTC and reads it back, so leave what is there; make it write timestamptz from now on, and let nobody compare these columns with now() in a session whose TimeZone is another.'
      : days.length === 0
        ? 'Store instants as timestamptz.'
        : `Store instants as timestamptz; if ${days.slice(0, 3).join(', ')} ${days.length > 1 ? 'mean days' : 'means a day'}, then as date.`
  },

  fix: ({ on, catalog, target, facts: { columns, framework } }) => {
    if (framework) return []
    const tables =
      on.kind === 'table' ? [on] : catalog.tables.filter((table) => table.schema === on && !table.partitionOf)
    const named = new Set(columns)
    const isMeant = ({ table, name }: Column) => named.has(on.kind === 'table' ? name : `${table.name}.${name}`)
    const changes = tables.filter(({ variety }) => variety !== 'foreign').map((table) => changesOf(table, isMeant))
    // PostgreSQL does not change the type of a partition key.
    const isKey = ({ column }: TypeChange) => column.table.partitionKey?.columns.includes(column)
    if (changes.some((ofTable) => ofTable.some(isKey))) return []
    return afterReview(
      `In which time zone were the wall clocks of ${on} written? The steps say UTC.`,
      changes.flatMap((ofTable) => changeColumnTypes(ofTable, { catalog, target })),
    )
  },
})

/** A name that ends in a word for a day, in several languages. */
function mayBeDay(name: string): boolean {
  return /^(?:date|datum|fecha|data|day|tag|jour|dia|dt)$/.test(wordsOf(name.split('.').at(-1) ?? '').at(-1) ?? '')
}

/** A wall clock of UTC has the bytes of its instant, which the server knows while the session's zone is UTC. */
function changesOf(table: Table, isMeant: (column: Column) => boolean): readonly TypeChange[] {
  return table.columns
    .filter((column) => !column.generated && isMeant(column))
    .map((column) => {
      const precision = column.type.sql.match(/\((\d)\)/)?.[0] ?? ''
      const atUtc = (value: string) => `${value} at time zone 'UTC'`
      const constant = /^'[^']*'::timestamp(?:\(\d\))? without time zone$/.test(column.default ?? '')
      return {
        column,
        type: `timestamp${precision} with time zone`,
        forward: atUtc,
        backward: atUtc,
        unchangedUnder: { setting: 'TimeZone', value: 'UTC' },
        ...(constant ? { default: atUtc(column.default ?? '') } : {}),
        ...(UTC_CLOCK.test(column.default ?? '') ? { default: 'now()' } : {}),
      }
    })
}

function isWallClock(column: Column, sample: Sample | null): boolean {
  return column.type.name === 'timestamp' && !isLocalClock(column) && holdsDays(column, sample) === null
}

/** Hardly a table has its instants otherwise. */
function isThroughout(found: number, tables: readonly Table[]): boolean {
  const having = tables.filter(({ columns }) => columns.some(({ type }) => type.name.startsWith('timestamp')))
  return found >= CONVENTION.tables && found >= having.length * CONVENTION.most
}

/** A framework made the tables, or a precision that nobody writes by hand stands in most of them. */
function isConvention(tables: readonly Table[], sample: Sample | null): boolean {
  const instants = tables.flatMap(({ columns }) => columns.filter(({ type }) => type.name.startsWith('timestamp')))
  const walls = instants.filter((column) => isWallClock(column, sample))
  const precise = walls.filter(({ type }) => /\([036]\)/.test(type.sql))
  return (
    tables.length >= CONVENTION.tables &&
    walls.length > instants.length * CONVENTION.share &&
    (tables.some(({ name }) => FRAMEWORK.test(name)) || precise.length > walls.length / 2)
  )
}

/** A wall clock on a known wall: the name says local, or it is the beginning or end of something in a table that names its zone. */
function isLocalClock(column: Column): boolean {
  const words = wordsOf(column.name)
  if (mentions(words, 'local')) return true
  return namesZone(column.table) && mentions(words, 'start', 'end') && !mentions(words, 'started', 'ended')
}

function namesZone(table: Table): boolean {
  return table.columns.some(({ name, type }) => {
    if (type.typcategory !== 'S') return false
    const words = wordsOf(name)
    return mentions(words, 'zone') || /time_?zone/i.test(name)
  })
}
