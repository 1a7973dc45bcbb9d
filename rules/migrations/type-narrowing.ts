import { addressOf, alterationsOf, describeSize, rule, sizeOf } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Look at the rows before a column gets a type that holds less.',
    why: 'A value that does not fit the new type makes the migration fail in production, or is rounded or cut without a word.',
    bad: 'create table invoice (id bigint primary key, total numeric(14, 4));\n-- migration\nalter table invoice alter column total type numeric(14, 2);',
    good: 'create table invoice (id bigint primary key, total numeric(14, 2));\n-- migration\nalter table invoice alter column total type numeric(16, 4);',
    unless: 'A check of all rows has shown that every value fits.',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      for (const { before: table, changedColumns } of alterationsOf(statement)) {
        if (table.partitionOf !== null || !table.kind.endsWith('table')) continue
        const size = sizeOf(migrations, [table])
        if (size.rows === 0) continue
        for (const { before, after } of changedColumns) {
          const loss = lossBetween(before.type, after.type)
          if (!loss) continue
          yield {
            on: statement.about(table, [after.name]),
            facts: {
              table: addressOf(table),
              column: after.name,
              from: before.type,
              to: after.type,
              loss,
              rows: size.rows,
              bytes: size.bytes,
            },
            assessment: { tier: statement.basis },
          }
        }
      }
    }
  },

  message: ({ facts: { table, column, from, to, loss, ...size } }) =>
    `${table}.${column} (${describeSize(size)}) narrows from ${from} to ${to}: a value that does not fit ${loss === 'fails' ? 'makes the migration fail' : `is ${loss}`}.`,

  advice: ({ facts: { column } }) =>
    `Count the rows whose ${column} does not fit before the release, and mend them first.`,
})

const INTEGERS = ['smallint', 'integer', 'bigint']

/** What becomes of values that do not fit; null where all do. */
function lossBetween(from: string, to: string): 'fails' | 'rounded' | 'cut off' | null {
  const [old, now] = [read(from), read(to)]
  if (INTEGERS.includes(old.name) && INTEGERS.includes(now.name))
    return INTEGERS.indexOf(now.name) < INTEGERS.indexOf(old.name) ? 'fails' : null
  if (now.name === 'character varying' && /^(?:text|character varying|citext)$/.test(old.name))
    return now.first !== null && (old.first === null || now.first < old.first) ? 'fails' : null
  if (now.name === 'numeric' && old.name === 'numeric' && now.first !== null) {
    if (old.first === null) return 'rounded'
    const [oldScale, scale] = [old.second ?? 0, now.second ?? 0]
    if (scale < oldScale) return 'rounded'
    return now.first - scale < old.first - oldScale ? 'fails' : null
  }
  if (INTEGERS.includes(now.name) && /^(?:numeric|real|double precision)$/.test(old.name)) return 'rounded'
  if (now.name === 'real' && old.name === 'double precision') return 'rounded'
  if (now.name === 'date' && old.name.startsWith('timestamp')) return 'cut off'
  if (old.name.startsWith('timestamp') && now.name.startsWith('timestamp'))
    return now.first !== null && (old.first ?? 6) > now.first ? 'rounded' : null
  return null
}

/** `numeric(14,2)` → its name and modifiers. */
function read(type: string) {
  const [, name = type, first, second, rest = ''] = /^([^(]+?)(?:\((\d+)(?:,(\d+))?\))?( with.*)?$/.exec(type) ?? []
  return {
    name: name + rest,
    first: first === undefined ? null : Number(first),
    second: second === undefined ? null : Number(second),
  }
}
