import { rule } from '../../src/kit.js'

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

  *detect({ catalog }) {
    for (const relation of [...catalog.tables, ...catalog.views]) {
      if (relation.kind === 'table' && (relation.partitionOf || relation.variety === 'foreign')) continue
      const columns = relation.columns.filter((column) => !('inherited' in column && column.inherited))
      const names = [relation.name, ...columns.map(({ name }) => name)].filter(needsQuotes)
      if (names.length > 0) yield { on: relation, facts: { names } }
    }
  },

  message: ({ on, facts: { names } }) =>
    `${on} has to be written with quotes: ${names.map((name) => `"${name}"`).join(', ')}.`,
})

function needsQuotes(name: string): boolean {
  return !/^[\p{Ll}\p{Lo}_][\p{Ll}\p{Lo}\d_$]*$/u.test(name) || RESERVED.has(name)
}
