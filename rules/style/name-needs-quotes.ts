import { type Detection, rule, type Schema, type Table, type View } from '../../src/kit.js'

/** Reserved key words, alone or except as a function or type name, of PostgreSQL 18 (SQL Key Words, appendix C). */
const RESERVED = new Set(
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
  concurrently constraint create cross current_catalog current_date current_role current_schema current_time
  current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from
  full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime
  localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning
  right select session_user similar some symmetric system_user table tablesample then to trailing true union unique user
  using variadic verbose when where window with`.split(/\s+/),
)

/** From this many tables on, and for most of a schema, it is one decision, and one finding. */
const FEWEST = 5

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Choose names that need no quotes.',
    why: 'A name with capitals, blanks or a reserved word has to be quoted in every statement for ever. Unquoted it is another name, a syntax error, or, as with user, quietly a function.',
    bad: 'create table "Order" (id bigint primary key, "user" text, "totalAmount" numeric);',
    good: 'create table purchase_order (id bigint primary key, user_name text, total_amount numeric, position integer);',
    unless: 'A generator writes all statements and quotes each name.',
    references: ['https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS'],
  },
  needs: ['catalog'],

  *detect({ catalog }): Iterable<Detection<Schema | Table | View, { names: readonly string[]; tables: number }>> {
    for (const schema of catalog.schemas) {
      const relations = [...catalog.tables, ...catalog.views].filter(
        (relation) => relation.schema === schema && isOwn(relation),
      )
      const found = relations.flatMap((relation) => {
        const names = namesOf(relation).filter(needsQuotes)
        return names.length > 0 ? [{ relation, names }] : []
      })
      if (found.length >= FEWEST && found.length > relations.length / 2) {
        const names = found.flatMap(({ names: of }) => of)
        yield { on: schema, related: found.map(({ relation }) => relation), facts: { names, tables: found.length } }
      } else for (const { relation, names } of found) yield { on: relation, facts: { names, tables: 1 } }
    }
  },

  message: ({ on, facts: { names, tables } }) => {
    const shown = names.slice(0, 5).map((name) => `"${name}"`)
    const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : ''
    return tables > 1
      ? `${on} has to be written with quotes throughout: ${names.length} names of ${tables} tables, such as ${shown.join(', ')}.`
      : `${on} has to be written with quotes: ${shown.join(', ')}${more}.`
  },
})

function isOwn(relation: Table | View): boolean {
  return relation.kind === 'view' || (!relation.partitionOf && relation.variety !== 'foreign')
}

function namesOf({ name, columns }: Table | View): readonly string[] {
  return [
    name,
    ...columns.filter((column) => !('inherited' in column && column.inherited)).map((column) => column.name),
  ]
}

function needsQuotes(name: string): boolean {
  return !/^[\p{Ll}\p{Lo}_][\p{Ll}\p{Lo}\d_$]*$/u.test(name) || RESERVED.has(name)
}
