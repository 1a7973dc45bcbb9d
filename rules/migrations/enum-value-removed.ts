import { enumMadeBy, enumValueRenamedBy, rule } from '../../src/kit.js'

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
    const find = (wanted: { readonly schema: string | null; readonly name: string }) =>
      migrations.before.types.find(
        ({ variety, name, schema }) =>
          variety === 'enum' && name === wanted.name && schema.name === (wanted.schema ?? 'public'),
      )
    for (const statement of migrations.statements()) {
      const renamed = enumValueRenamedBy(statement)
      const made = enumMadeBy(statement)
      const type = find(renamed ?? made ?? { schema: null, name: '' })
      if (!type) continue
      // A label that is another's new name is no loss of its own.
      const gone = renamed ? [renamed.from] : type.labels.filter((label) => !made?.labels.includes(label))
      if (gone.length === 0 || (renamed && !type.labels.includes(renamed.from))) continue
      const columns = migrations.before.tables.flatMap((table) =>
        table.columns.filter((column) => column.type.sql === type.address).map(({ address }) => address),
      )
      if (columns.length === 0) continue
      yield {
        on: statement.about(null),
        facts: { type: type.address, gone, to: renamed?.to ?? null, columns },
        assessment: { tier: statement.basis },
      }
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
