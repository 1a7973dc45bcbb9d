/** What must not be looked into: quoted and commented text. */
const QUIET = String.raw`'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*[\s\S]*?\*/|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1`

/** Words behind which a value is expected, so that `?` there is no operator. */
const EXPECTS_VALUE =
  /(?:^|\b)(?:limit|offset|and|or|not|like|ilike|in|values|between|when|then|else|set|select|returning|where|having|on|interval|by|any|all|is|from|as|case|similar|to|escape)$/i

/**
 * The texts to try, in order, for a statement as an application holds it: with `@name` and sqlc's `sqlc.arg(name)` as `$1`, which
 * the grammar takes for something else; with `:name`, `%(name)s`, `%s` and `{{name}}` as well; with `?` where a value is expected
 * as well; as it stands; and with `$n` in the places of literals as `pg_stat_statements` prints them. Text of the same length is
 * not promised.
 */
export function numberPlaceholders(sql: string): readonly string[] {
  const marked = replace(sql, MARKS, (found, before) => {
    if (found.startsWith('@')) return /[<@~#!&|?^%*+/-]$/.test(before) ? null : { name: found.slice(1) }
    const [, macro, name = ''] = /^sqlc\.(\w+)\(\s*'?"?(\w+)/.exec(found) ?? []
    return macro === 'embed' ? `${name}.*` : { name }
  })
  const named = replace(marked, String.raw`%%|%\(\w+\)s|%s|\{\{[^{}]*\}\}|:'\w+'|:[A-Za-z_]\w*|::`, (found, before) => {
    if (found === '::') return null
    if (found === '%%') return '%'
    return found.startsWith(':') && /[\w\])]\s*$/.test(before) && !/\s$/.test(before) ? null : { name: found }
  })
  const positional = replace(named, String.raw`\?`, (_, before) => {
    const trimmed = before.trimEnd()
    return trimmed === '' || /[=<>!+\-*/(,|%?[]$/.test(trimmed) || EXPECTS_VALUE.test(trimmed) ? { name: null } : null
  })
  return [...new Set([marked, named, positional, sql, numberLiterals(sql)])]
}

const MARKS = String.raw`@[A-Za-z_]\w*|sqlc\.(?:arg|narg|slice|embed)\(\s*['"]?\w+['"]?\s*\)`

/** `pg_stat_statements` puts `$n` for literals where the grammar wants one: `interval $1`, `extract($1 from …)`. */
function numberLiterals(sql: string): string {
  return sql
    .replaceAll(/\b(interval|date|time|timestamp|timestamptz|numeric|bool|uuid)\s+(\$\d+)/gi, '$2::$1')
    .replaceAll(/\b(extract\s*\(\s*)\$\d+(?=\s+from\b)/gi, '$1epoch')
}

type Replacement = { readonly name: string | null } | string | null

/** Puts `$n` for what `decide` names; equal names share a number, no name is another each time. */
function replace(sql: string, pattern: string, decide: (found: string, before: string) => Replacement): string {
  const numbers = new Map<string, number>()
  let last = Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])))
  return sql.replaceAll(
    new RegExp(`(${QUIET.replace(String.raw`\1`, String.raw`\2`)})|${pattern}`, 'g'),
    (found, quiet: unknown, _tag, at: number) => {
      if (typeof quiet === 'string') return found
      const decision = decide(found, sql.slice(0, at))
      if (decision === null) return found
      if (typeof decision === 'string') return decision
      const { name } = decision
      const number = (name === null ? undefined : numbers.get(name)) ?? ++last
      if (name !== null) numbers.set(name, number)
      return `$${number}`
    },
  )
}
