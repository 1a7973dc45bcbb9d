/** Keywords of PostgreSQL 18 that are not «unreserved» (`pg_get_keywords()`); quoting one that is free elsewhere does no harm. */
const KEYWORDS = new Set(
  `all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast
  char character check coalesce collate collation column concurrently constraint create cross current_catalog
  current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable
  desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group
  grouping having ilike in initially inner inout int integer intersect interval into is isnull join json json_array
  json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value
  lateral leading least left like limit localtime localtimestamp merge_action national natural nchar none normalize not
  notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real
  references returning right row select session_user setof similar smallint some substring symmetric system_user table
  tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic verbose
  when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
  xmlserialize xmltable`.split(/\s+/),
)

/** An identifier as it must be written in SQL: bare where that is safe on every server version, else in double quotes. */
export function quoteIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !KEYWORDS.has(name) && !/^over$|^filter$|^within$/.test(name)
    ? name
    : `"${name.replaceAll('"', '""')}"`
}

/** A string literal that is read the same whatever `standard_conforming_strings` says. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return text.includes('\\') ? `E${quoted}` : quoted
}

/** A function's or block's body in a dollar quote that it does not contain. */
export function quoteBody(body: string, name = 'body'): string {
  for (let number = 0; ; number++) {
    const tag = number === 0 ? `$${name}$` : `$${name}${number}$`
    if (!body.includes(tag.slice(0, -1))) return `${tag}\n${body}\n${tag}`
  }
}
