import { type Column, quoteIdentifier, rule, type Table } from '../../src/kit.js'

const TEXT = new Set(['text', 'varchar', 'bpchar', 'citext'])

export default rule({
  severity: 'warning',
  complexity: 'medium',
  docs: {
    summary: 'Store what is computed with as a number.',
    why: 'The table itself has to cast the text to a number: 10 sorts before 9, 1.0 is not 1, and an insert of anything else fails with an error that names no column.',
    bad: 'create table line (id bigint primary key, quantity text not null check (quantity::numeric > 0));',
    good: 'create table line (id bigint primary key, quantity numeric not null check (quantity > 0));',
    references: ['https://www.postgresql.org/docs/current/datatype-numeric.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const column of table.columns) {
        if (column.inherited || column.generated || !TEXT.has(column.type.name)) continue
        const cast = whereCast(column, table)
        if (cast) yield { on: column, facts: { type: column.type.sql, ...cast } }
      }
    }
  },

  message: ({ on, facts: { type, by, to } }) => `${on} is ${type}, and ${by} casts it to ${to}.`,
})

/** A CHECK without alternatives, or a generated column, that casts the column to a number in every row. */
function whereCast({ name, type }: Column, { checks, columns }: Table): { by: string; to: string } | null {
  const quoted = quoteIdentifier(name).replaceAll(/[^\w]/g, '\\$&')
  const operand = type.name === 'text' ? quoted : `\\(?${quoted}\\)?(?:::text)?`
  const cast = new RegExp(`\\(${operand}\\)::(numeric|integer|bigint|smallint|double precision|real)`)
  const always = ({ expression }: { readonly expression: string }) => !/\b(?:OR|CASE)\b/.test(expression)
  const check = checks.find((each) => always(each) && cast.test(each.expression))
  const to = (text: string) => cast.exec(text)?.[1] ?? 'numeric'
  if (check) return { by: `the CHECK ${check.name}`, to: to(check.expression) }
  const generated = columns.find(
    (each) => each.generated && always(each.generated) && cast.test(each.generated.expression),
  )
  return generated?.generated
    ? { by: `the generated column ${generated.name}`, to: to(generated.generated.expression) }
    : null
}
