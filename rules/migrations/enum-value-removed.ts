import { addressOf, alterationsOf, enumMadeBy, enumValueRenamedBy, rule } from '../../src/kit.js'
import type { Migrations, MigrationStatement } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Take an enum value away only when no row and no running code uses it.',
    why: 'Rows that hold the value make the conversion fail, and instances of the old code go on sending it until the last one is replaced.',
    bad: "create type state as enum ('open', 'paid', 'void'); create table invoice (id bigint primary key, state state);\n-- migration\nalter type state rename to state_old;\ncreate type state as enum ('open', 'paid');\nalter table invoice alter column state type state using state::text::state;",
    good: "create type state as enum ('open', 'paid'); create table invoice (id bigint primary key, state state);\n-- migration\nalter type state add value 'void';",
    unless: 'The value was never used.',
    references: ['https://www.postgresql.org/docs/current/datatype-enum.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    const made = new Map<string, readonly string[]>()
    const said = new Set<string>()
    for (const statement of migrations.statements()) {
      const losses = [...lossesByName(statement, migrations), ...lossesByColumn(statement, migrations, made)]
      for (const { type, gone, to } of losses) {
        const columns = columnsOfType(migrations, type)
        if (gone.length === 0 || columns.length === 0 || said.has(`${type} ${gone.join()}`)) continue
        said.add(`${type} ${gone.join()}`)
        yield {
          on: statement.about(null),
          facts: { type, gone, to, columns },
          assessment: { tier: statement.basis },
        }
      }
      const fresh = enumMadeBy(statement)
      if (fresh) made.set(`${fresh.schema ?? 'public'}.${fresh.name}`, fresh.labels)
    }
  },

  message: ({ facts: { type, gone, to, columns } }) => {
    const values = gone.map((label) => `«${label}»`).join(', ')
    const used = `${columns.slice(0, 2).join(', ')}${columns.length > 2 ? ` and ${columns.length - 2} more columns` : ''}`
    return to === null
      ? `${type} loses ${values}: rows of ${used} that hold it make the conversion fail, and running code may still send it.`
      : `${type} calls ${values} «${to}» now; code that runs still sends and expects the old value in ${used}.`
  },

  advice: ({ facts: { to } }) =>
    to === null
      ? 'First release code that does not use the value, then change the rows in batches, then replace the type.'
      : 'Add the new value, let code accept both, change the rows, and leave the old value in the type.',
})

interface Loss {
  readonly type: string
  readonly gone: readonly string[]
  /** The new name of the one that is gone; null for none. */
  readonly to: string | null
}

function labelsBefore({ before }: Migrations, type: string): readonly string[] | undefined {
  return before.types.find(({ variety, address }) => variety === 'enum' && address === type)?.labels
}

/** A value gets another name, or an enum is made again under the name that another had. */
function lossesByName(statement: MigrationStatement, migrations: Migrations): readonly Loss[] {
  const renamed = enumValueRenamedBy(statement)
  const named = renamed ?? enumMadeBy(statement)
  const type = named && `${named.schema ?? 'public'}.${named.name}`
  const labels = type && labelsBefore(migrations, type)
  if (!named || !type || !labels) return []
  if (renamed) return [{ type, gone: labels.filter((label) => label === renamed.from), to: renamed.to }]
  return [{ type, gone: labels.filter((label) => !enumMadeBy(statement)?.labels.includes(label)), to: null }]
}

/** A column goes over to an enum that the release has made. */
function lossesByColumn(
  statement: MigrationStatement,
  migrations: Migrations,
  made: ReadonlyMap<string, readonly string[]>,
): readonly Loss[] {
  return alterationsOf(statement).flatMap(({ changedColumns }) =>
    changedColumns.flatMap(({ before, after }): readonly Loss[] => {
      const [type, next] = [unquoted(before.type), made.get(unquoted(after.type))]
      const labels = labelsBefore(migrations, type)
      return labels && next ? [{ type, gone: labels.filter((label) => !next.includes(label)), to: null }] : []
    }),
  )
}

function columnsOfType({ before }: Migrations, type: string): readonly string[] {
  return before.tables.flatMap((table) =>
    table.columns.flatMap((column) =>
      unquoted(column.type.sql) === type
        ? [`${addressOf({ schema: table.schema.name, name: table.name })}.${column.name}`]
        : [],
    ),
  )
}

function unquoted(type: string): string {
  return type.replaceAll('"', '')
}
